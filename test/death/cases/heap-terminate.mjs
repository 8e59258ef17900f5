// Workers that are terminated at random moments while they change a shared heap. After each the heap must be usable, or
// say why not until check() has passed; never hang. A heap that check() finds damaged is given up for a new one.
// Arguments: terminations, seed, options as JSON. Prints one JSON line.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
// Not the whole package: a thousand workers load it.
import { Heap } from '../../../dist/heap/index.js';
import { attachWindow, mmapWindow } from '../../../dist/pages/index.js';
import { places, randomFrom, step } from './heap-traffic.mjs';

const workersAtOnce = 3;

function runWorker() {
  const { handle, table, seed } = workerData;
  const heap = Heap.attach(handle, attachWindow(handle.window));
  const random = randomFrom(seed);
  const live = [];
  parentPort.postMessage('ready');
  for (;;) {
    try {
      step(heap, random, live, table);
    } catch (error) {
      // Another worker ended inside: this one waits for its own end.
      if (error.code !== 'ERR_HEAP_OWNER_DIED') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

const [rounds, seed, options = '{}'] = process.argv.slice(2);
const random = randomFrom(Number(seed));
const seen = { terminations: 0, refused: 0, passed: 0, damaged: 0, errors: [] };

/** One heap with its workers. */
class Scene {
  constructor() {
    this.heap = Heap.create({ ...JSON.parse(options), source: mmapWindow() });
    this.table = new Int32Array(new SharedArrayBuffer(4 * places));
    this.handle = this.heap.share();
    this.workers = [];
  }

  async fill() {
    const ready = [];
    while (this.workers.length < workersAtOnce) {
      const data = { handle: this.handle, table: this.table, seed: 1 + random(1e9) };
      const worker = new Worker(new URL(import.meta.url), { workerData: data });
      worker.on('error', (error) => seen.errors.push(String(error.stack)));
      ready.push(Promise.race([once(worker, 'message'), once(worker, 'exit')]));
      this.workers.push(worker);
    }
    await Promise.all(ready);
  }

  async end() {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/** Uses the heap as its owner would. @returns true when it can be used */
function use({ heap }) {
  try {
    const blocks = [24, 300, 3000, 40_000, 200_000].map((bytes) => heap.malloc(bytes));
    for (const p of blocks) heap.view(p).fill(1);
    for (const p of blocks) heap.free(p);
    return true;
  } catch (error) {
    if (error.code !== 'ERR_HEAP_OWNER_DIED') throw error;
    seen.refused++;
    return false;
  }
}

async function main() {
  let scene = new Scene();
  while (seen.terminations < Number(rounds) && seen.errors.length === 0) {
    await scene.fill();
    await new Promise((done) => setTimeout(done, random(8)));
    // One, two or all of them.
    const victims = scene.workers.splice(0, 1 + random(workersAtOnce));
    await Promise.all(victims.map((worker) => worker.terminate()));
    seen.terminations += victims.length;
    use(scene);
    const violations = scene.heap.check();
    if (violations.length === 0) {
      if (!use(scene)) {
        // Between check() and use() nobody was terminated.
        seen.errors.push('check() passed, yet the heap refuses');
      }
      seen.passed++;
      if (random(10) > 0) continue;
    } else {
      seen.damaged++;
      seen.rule = violations[0].rule;
    }
    await scene.end();
    if (violations.length === 0 && scene.heap.check().length === 0) {
      const { threads } = scene.heap.stats();
      if (threads !== 1) seen.errors.push(`${threads} threads attached, all but one are terminated`);
      scene.heap.destroy();
    }
    scene = new Scene();
  }
  await scene.end();
  console.log(JSON.stringify(seen));
  process.exit(seen.errors.length > 0 ? 1 : 0);
}

if (isMainThread) await main();
else runWorker();
