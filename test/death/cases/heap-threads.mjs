// Many threads on one shared heap: random malloc, calloc, realloc, memalign and free; blocks change hands through a
// table of pointers and are freed by whoever holds them. Contents are verified at every step; between phases the heap
// is checked, and now and then while they run. Arguments: workers, seconds, seed, options as JSON. Prints one JSON line.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Heap } from '../../../dist/index.js';
import { places, randomFrom, step, verify } from './heap-traffic.mjs';

async function runWorker() {
  const { handle, table, seed } = workerData;
  const heap = Heap.attach(handle);
  const random = randomFrom(seed);
  const live = [];
  let operations = 0;
  parentPort.on('message', ({ milliseconds, ends }) => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      for (let k = 0; k < 200; k++) step(heap, random, live, table);
      operations += 200;
    }
    if (ends) {
      for (const p of live) {
        verify(heap, p);
        heap.free(p);
      }
      heap.detach();
    }
    parentPort.postMessage({ operations });
    if (ends) parentPort.close();
  });
}

async function main() {
  const [workers, seconds, seed, options = '{}'] = process.argv.slice(2);
  const heap = Heap.create(JSON.parse(options));
  const table = new Int32Array(new SharedArrayBuffer(4 * places));
  const handle = heap.share();
  const make = (k) =>
    new Worker(new URL(import.meta.url), {
      workerData: { handle, table, seed: Number(seed) * 1000 + k + 1 },
    });
  const threads = Array.from({ length: Number(workers) }, (_, k) => make(k));
  const problems = [];
  for (const worker of threads) worker.on('error', (error) => problems.push(String(error.stack ?? error)));
  const phases = Math.max(3, Math.round(Number(seconds)));
  let operations = 0;
  let checks = 0;
  for (let phase = 0; phase < phases && problems.length === 0; phase++) {
    const ends = phase === phases - 1;
    const replies = threads.map((worker) => once(worker, 'message').catch(() => [{}]));
    for (const worker of threads)
      worker.postMessage({ milliseconds: (Number(seconds) * 1000) / phases, ends });
    // While they run.
    for (let k = 0; k < 3; k++) {
      await new Promise((done) => setTimeout(done, 50));
      problems.push(...heap.check().map(({ rule, message }) => `running: ${rule}: ${message}`));
      checks++;
    }
    const counts = await Promise.all(replies);
    operations = counts.reduce((sum, [reply]) => sum + (reply.operations ?? 0), 0);
    problems.push(...heap.check().map(({ rule, message }) => `${rule}: ${message}`));
    checks++;
  }
  for (const p of table) {
    if (p === 0 || problems.length > 0) continue;
    verify(heap, p >>> 0);
    heap.free(p >>> 0);
  }
  problems.push(...heap.check().map(({ rule, message }) => `at the end: ${rule}: ${message}`));
  const { inUseChunks, inUseBytes, arenas, system, threads: attached } = heap.stats();
  const waits = arenas.map(({ sections, waits }) => [sections, waits]);
  console.log(
    JSON.stringify({
      operations,
      checks,
      problems: problems.slice(0, 10),
      inUseChunks,
      inUseBytes,
      attached,
      waits,
      system,
    }),
  );
  if (problems.length > 0) process.exit(1);
  heap.destroy();
}

if (isMainThread) await main();
else await runWorker();
