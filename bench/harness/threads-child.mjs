// As many workers on one shared heap as bench/threads.c has threads on the native malloc. Arguments: workers, operations of
// each, `one` or `own` arenas. Prints nanoseconds on the clock and what happened at the locks.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Heap } from '../../dist/index.js';

const live = new Uint32Array(1000);

function work(heap, w, draw, count) {
  let state = draw;
  for (let k = 0; k < count; k++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const at = (state >>> 0) % 1000;
    const old = live[at];
    if (old !== 0) heap.free(old);
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const p = heap.malloc((state & 3) === 0 ? 1100 + ((state >>> 2) & 2047) : 16 + ((state >>> 2) & 511));
    live[at] = p;
    w[p >>> 2] = k;
  }
  return state;
}

if (isMainThread) {
  const [threads, operations, arenas] = process.argv.slice(2);
  const heap = Heap.create(arenas === 'one' ? { tunables: { arena_max: 1 } } : { cores: 8 });
  const signal = new Int32Array(new SharedArrayBuffer(8));
  const data = { handle: heap.share(), operations: Number(operations), signal };
  const workers = Array.from(
    { length: Number(threads) },
    (_, k) => new Worker(new URL(import.meta.url), { workerData: { ...data, seed: 1 + k } }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const cpu = process.cpuUsage();
  const before = process.hrtime.bigint();
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
  const ends = await Promise.all(workers.map((worker) => once(worker, 'message').then(([end]) => end)));
  const last = ends.reduce((a, b) => (a > b ? a : b));
  const { user, system } = process.cpuUsage(cpu);
  const { arenas: list } = heap.stats();
  const sections = list.reduce((sum, arena) => sum + arena.sections, 0);
  const waits = list.reduce((sum, arena) => sum + arena.waits, 0);
  console.log(
    JSON.stringify({
      ns: Number(last - before),
      cpuNs: 1000 * (user + system),
      sections,
      waits,
      arenas: list.length,
    }),
  );
  process.exit();
} else {
  const { handle, operations, signal, seed } = workerData;
  const heap = Heap.attach(handle);
  const w = new Uint32Array(heap.bytes.buffer);
  const state = work(heap, w, seed, operations);
  parentPort.postMessage('ready');
  Atomics.wait(signal, 0, 0);
  work(heap, w, state, operations);
  parentPort.postMessage(process.hrtime.bigint());
}
