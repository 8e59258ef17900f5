// Hits guard pages in every way JavaScript can, on the main thread and in a worker, before and after a wasm trap, in
// the tier that the first argument names. Prints one JSON document; nothing here may die.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { GuardedPages, guard } from '../../../dist/pages/index.js';

const tier = isMainThread ? process.argv[2] : workerData;
const optimizers = { turbofan: '%OptimizeFunctionOnNextCall(f)', maglev: '%OptimizeMaglevOnNextCall(f)' };
const natives = process.execArgv.includes('--allow-natives-syntax');
const call = (text) => (natives ? new Function('f', text) : () => 0);
const prepare = call('%PrepareFunctionForOptimization(f)');
const optimize = call(optimizers[tier] ?? '0');
const compileBaseline = call(tier === 'sparkplug' ? '%CompileBaseline(f)' : '0');
const status = call('return %GetOptimizationStatus(f)');
/** Bits of %GetOptimizationStatus; V8 14 has one bit less below them. This one is interpreted. */
const probe = () => 0;
probe();
const shift = (status(probe) & (1 << 7)) === 0 ? 1 : 0;
const statusBits = { maglev: 5, turbofan: 6, ignition: 7, sparkplug: 15 };

const pages = GuardedPages.create({ lengthBytes: 1 << 22, policy: 'record', name: 'matrix', maxBlocks: 1 });
const page = pages.pageSizeBytes;
// One open page, then guards. The block ends where they begin.
pages.open(page, page);
pages.own(0, 3 * page, 0);
pages.blocks.setLive(0, { start: 2 * page - 64, sizeBytes: 64, slackBytes: 0, number: 1, site: 0 });

/** A view that begins `inside` bytes before the guard, on the open page. */
const view = (Type, inside, bytes) =>
  new Type(pages.bytes.buffer, 2 * page - inside, bytes / (Type.BYTES_PER_ELEMENT ?? 1));
const u8 = view(Uint8Array, 64, 128);
const i32 = view(Int32Array, 64, 128);
const f64 = view(Float64Array, 64, 128);
const i64 = view(BigInt64Array, 64, 128);
const buffer = Buffer.from(pages.bytes.buffer, 2 * page - 64, 128);
const data = new DataView(pages.bytes.buffer, 2 * page - 64, 128);
const closed = view(Uint8Array, 0, 64);
const open = view(Uint8Array, 64, 64);
const text = 'x'.repeat(128);
const encoder = new TextEncoder();
const decoder = new TextDecoder('latin1');

// Name, what the access is, the operation. Its argument is a byte offset: 0 lies on the open page, 64 on the guard.
const operations = [
  ['Uint8 load', 'read', (at) => u8[at]],
  ['Int32 load', 'read', (at) => i32[at >> 2]],
  ['Float64 load', 'read', (at) => f64[at >> 3]],
  ['BigInt64 load', 'read', (at) => i64[at >> 3]],
  ['Uint8 store', 'write', (at) => (u8[at] = 7)],
  ['Int32 store', 'write', (at) => (i32[at >> 2] = 7)],
  ['Float64 store', 'write', (at) => (f64[at >> 3] = 7.5)],
  ['BigInt64 store', 'write', (at) => (i64[at >> 3] = 7n)],
  ['Uint8 ++', 'read', (at) => u8[at]++],
  ['DataView get', 'read', (at) => data.getUint32(at)],
  ['DataView set', 'write', (at) => data.setFloat64(at, 1.5)],
  ['Atomics.load', 'read', (at) => Atomics.load(i32, at >> 2)],
  ['Atomics.store', 'write', (at) => Atomics.store(i32, at >> 2, 7)],
  // A load first, then compare and exchange.
  ['Atomics.add', 'any', (at) => Atomics.add(i32, at >> 2, 7)],
  ['Atomics.compareExchange', 'write', (at) => Atomics.compareExchange(i32, at >> 2, 0, 7)],
  ['fill', 'write', (at) => (at ? closed : open).fill(7)],
  ['set', 'write', (at) => (at ? closed : open).set([1, 2, 3])],
  ['set from', 'read', (at) => new Uint8Array(64).set(at ? closed : open)],
  ['copyWithin', 'any', (at) => u8.copyWithin(at ? 32 : 0, 0, 32 + at / 2)],
  ['slice', 'read', (at) => (at ? closed : open).slice()],
  ['indexOf', 'read', (at) => (at ? closed : open).indexOf(9)],
  ['sort', 'read', (at) => (at ? closed : open).sort()],
  ['join', 'read', (at) => (at ? closed : open).join()],
  ['reverse', 'read', (at) => (at ? closed : open).reverse()],
  ['spread', 'read', (at) => [...(at ? closed : open)]],
  ['Buffer write', 'write', (at) => buffer.write(text, at)],
  ['Buffer toString', 'read', (at) => buffer.toString('latin1', at)],
  ['Buffer compare', 'read', (at) => buffer.compare(buffer, at, at + 8, 0, 8)],
  ['TextEncoder', 'write', (at) => encoder.encodeInto(text, at ? closed : open)],
  ['TextDecoder', 'read', (at) => decoder.decode(at ? closed : open)],
];

const failures = [];
let hits = 0;
let traps = 0;
let tiers = 0;

/** Runs on the open page until it is compiled as wanted. */
function warm(operation) {
  prepare(operation);
  for (let i = 0; i < 3; i++) operation(0);
  compileBaseline(operation);
  optimize(operation);
  operation(0);
  if ((status(operation) & (1 << (statusBits[tier] - shift))) !== 0) tiers++;
}

function hit(when, [name, access, operation]) {
  const fail = (why) => failures.push(`${when}: ${name}: ${why}`);
  pages.rearm();
  const since = guard.faultCount;
  operation(64);
  const found = guard.faults({ since });
  if (found.length === 0) return fail('no hit was recorded');
  hits++;
  for (const fault of found) {
    if (fault.offsetBytes < 2 * page || fault.offsetBytes >= 3 * page) fail(`offset ${fault.offsetBytes}`);
    if (fault.distanceBytes !== fault.offsetBytes - 2 * page) fail(`distance ${fault.distanceBytes}`);
    if (fault.kind !== 'heap-buffer-overflow') fail(`kind ${fault.kind}`);
    if (fault.thread !== (isMainThread ? 'main' : 'worker 1')) fail(`thread ${fault.thread}`);
  }
  const isKnown = access !== 'any' && (process.arch === 'x64' || found[0].access !== 'unknown');
  if (isKnown && found[0].access !== access) fail(`access ${found[0].access}`);
}

/** (func (param i32) (result i32) (i32.load8_u (local.get 0))) on a memory of one page. */
const wasm = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 102, 0, 0,
  10, 9, 1, 7, 0, 32, 0, 45, 0, 0, 11,
];

function trap() {
  if (typeof WebAssembly === 'undefined') return;
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(wasm))).exports;
  try {
    f(65536);
    failures.push('wasm did not trap');
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) traps++;
    else failures.push(`wasm threw ${error}`);
  }
}

for (const [, , operation] of operations) warm(operation);
for (const operation of operations) hit('before a trap', operation);
trap();
for (const operation of operations) hit('after a trap', operation);
pages.release();
const result = { operations: operations.length, hits, traps, tiers, failures };

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: tier });
  worker.on('message', (fromWorker) => {
    const hasWasm = typeof WebAssembly !== 'undefined';
    console.log(JSON.stringify({ tier, hasWasm, main: result, worker: fromWorker }));
  });
} else {
  parentPort.postMessage(result);
}
