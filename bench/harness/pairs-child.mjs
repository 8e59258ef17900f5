// One allocator under one workload, in a process of its own: `node pairs-child.mjs SUBJECT WORKLOAD PAIRS BUDGET_MS`.
// Prints the nanoseconds of CPU time per pair of the best pass, and what the passes left for the collector.
import { createRequire } from 'node:module';
import { PerformanceObserver } from 'node:perf_hooks';
import { bufferWindow, ChunkList, Heap } from '../../dist/index.js';
import { native } from '../../dist/posix/index.js';
import { makePairs } from './pairs.mjs';

/** What is timed: `run` is a loop over pairs, `first` gives a block before them; a table holds what malloc gave. */
const subjects = {
  heap: () => numbers(Heap.create()),
  'heap on an ArrayBuffer': () => numbers(Heap.create({ source: bufferWindow({ sizeBytes: 2 ** 30 }) })),
  'heap, strict': () => numbers(Heap.create({ strict: true })),
  'heap, glibc 2.31': () => numbers(Heap.create({ glibc: '2.31' })),
  'heap, glibc 2.43': () => numbers(Heap.create({ glibc: '2.43' })),
  '16 heaps by turns': () => many(Array.from({ length: 16 }, () => Heap.create())),
  'heap, a Uint8Array per block': () => viewed(Heap.create(), 'view'),
  'heap, a Buffer per block': () => viewed(Heap.create(), 'buffer'),
  chunklist: () => numbers(ChunkList.create()),
  'native malloc through the addon': () => {
    const { nativeMalloc, nativeFree } = native();
    return { ...numbers({ malloc: nativeMalloc, free: nativeFree }), Table: Float64Array };
  },
  'dlmalloc in wasm (libsodium)': async () => {
    const sodium = createRequire(import.meta.url)('libsodium');
    await sodium.ready;
    return numbers({ malloc: sodium._malloc, free: sodium._free });
  },
  '@thi.ng/malloc': async () => {
    const { MemPool } = await import('@thi.ng/malloc');
    return numbers(new MemPool({ size: 64 * 2 ** 20 }));
  },
  'Buffer.allocUnsafeSlow': () => buffers(),
};

function numbers(allocator) {
  const run = (slots, sizes, blocks) => {
    for (let k = 0; k < slots.length; k++) {
      const slot = slots[k];
      allocator.free(blocks[slot]);
      blocks[slot] = allocator.malloc(sizes[k]);
    }
  };
  return { run, first: (size) => allocator.malloc(size) };
}

/** The same blocks, spread over many heaps. */
function many(heaps) {
  const run = (slots, sizes, blocks) => {
    for (let k = 0; k < slots.length; k++) {
      const slot = slots[k];
      const heap = heaps[slot % heaps.length];
      heap.free(blocks[slot]);
      blocks[slot] = heap.malloc(sizes[k]);
    }
  };
  let turn = 0;
  return { run, first: (size) => heaps[turn++ % heaps.length].malloc(size) };
}

function viewed(heap, method) {
  const views = [];
  const run = (slots, sizes, blocks) => {
    for (let k = 0; k < slots.length; k++) {
      const slot = slots[k];
      heap.free(blocks[slot]);
      const pointer = heap.malloc(sizes[k]);
      blocks[slot] = pointer;
      views[slot] = heap[method](pointer);
    }
  };
  return { run, first: (size) => heap.malloc(size) };
}

function buffers() {
  const held = [];
  const run = (slots, sizes) => {
    for (let k = 0; k < slots.length; k++) held[slots[k]] = Buffer.allocUnsafeSlow(sizes[k]);
  };
  return { run, first: () => 0 };
}

const [, , subject, workload, pairs, budgetMs] = process.argv;
const { first: firstSizes, slots, sizes } = makePairs(workload, Number(pairs));
// Offsets in a window are 32-bit numbers, addresses of the platform's malloc are not.
const { run, first, Table = Uint32Array } = await subjects[subject]();
const table = Table.from(firstSizes, (size) => first(size));

let collections = 0;
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length;
});
observer.observe({ entryTypes: ['gc'] });
const end = performance.now() + Number(budgetMs);
const passes = [];
let timed = 0;
do {
  const before = process.cpuUsage();
  run(slots, sizes, table);
  const { user, system } = process.cpuUsage(before);
  passes.push(((user + system) * 1000) / slots.length);
  timed += slots.length;
  // Lets the observer speak.
  if (passes.length % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
} while (performance.now() < end || passes.length < 3);
await new Promise((resolve) => setTimeout(resolve, 20));
console.log(JSON.stringify({ ns: Math.min(...passes), passes: passes.length, pairs: timed, collections }));
