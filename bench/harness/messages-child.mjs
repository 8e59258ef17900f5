// Messages from the main thread to a worker, each written by the one and read by the other. Arguments: way (copy, transfer,
// queue), bytes, count. Prints nanoseconds per message.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { BlockQueue, Heap } from '../../dist/index.js';

const [way, bytes, count] = isMainThread
  ? [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
  : [workerData.way, workerData.bytes, workerData.count];

function read(view, state) {
  for (let at = 0; at < view.length; at += 4096) state.sum += view[at];
  state.seen++;
}

async function send(worker, heap, queue) {
  for (let k = 0; k < count; k++) {
    if (way === 'queue') {
      const block = heap.malloc(bytes);
      heap.view(block).fill(1);
      queue.push(block);
    } else {
      const message = new Uint8Array(bytes).fill(1);
      worker.postMessage(message, way === 'transfer' ? [message.buffer] : []);
      // As many under way as the queue holds.
      if (k % 16 === 15) await once(worker, 'message');
    }
  }
}

if (isMainThread) {
  // Large blocks stay in the arena, and what is freed stays ours: no system call for a message.
  const heap = Heap.create({ tunables: { mmap_threshold: 2 ** 25, trim_threshold: 2 ** 30 } });
  const queue = BlockQueue.create(16);
  const data = { way, bytes, count, heap: heap.share(), queue: queue.handle };
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  await once(worker, 'message');
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const done = new Promise((resolve) => {
      worker.on('message', function hear(message) {
        if (message !== 'done') return;
        worker.off('message', hear);
        resolve();
      });
    });
    worker.postMessage('go');
    const before = process.hrtime.bigint();
    await send(worker, heap, queue);
    await done;
    best = Math.min(best, Number(process.hrtime.bigint() - before) / count);
  }
  console.log(best);
  process.exit();
} else {
  const heap = Heap.attach(workerData.heap);
  const queue = BlockQueue.attach(workerData.queue);
  const state = { sum: 0, seen: 0 };
  parentPort.on('message', (message) => {
    if (message === 'go') {
      if (way !== 'queue') return;
      for (let k = 0; k < count; k++) {
        const block = queue.pop();
        read(heap.view(block), state);
        heap.free(block);
      }
    } else {
      read(message, state);
      if (state.seen % 16 === 0) parentPort.postMessage('more');
    }
    if (state.seen === count) {
      state.seen = 0;
      parentPort.postMessage('done');
    }
  });
  parentPort.postMessage('ready');
}
