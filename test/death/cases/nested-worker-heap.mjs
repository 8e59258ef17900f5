// A shared heap in a worker of a worker: the handle is handed on. Prints one JSON line.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Heap } from '../../../dist/index.js';

/** Lets a worker do it. @returns what it says, once it has ended */
async function inWorker(data) {
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return message;
}

if (isMainThread) {
  const heap = Heap.create();
  const handle = heap.share();
  const pointer = heap.malloc(5000);
  heap.view(pointer).fill(3);
  const made = await inWorker({ handle, pointer, depth: 2 });
  const isTheirs = heap.view(made).every((byte) => byte === 4);
  heap.free(made);
  const { threads, inUseChunks } = heap.stats();
  const violations = heap.check().length;
  heap.destroy();
  const late = await inWorker({ handle, pointer, depth: 1 });
  console.log(JSON.stringify({ isTheirs, threads, inUseChunks, violations, late }));
} else {
  const { depth, ...data } = workerData;
  if (depth > 1) parentPort.postMessage(await inWorker({ ...data, depth: depth - 1 }));
  else {
    try {
      const heap = Heap.attach(data.handle);
      if (heap.view(data.pointer).some((byte) => byte !== 3)) throw new Error('another block');
      heap.free(data.pointer);
      const made = heap.malloc(5000);
      heap.view(made).fill(4);
      heap.detach();
      parentPort.postMessage(made);
    } catch (error) {
      parentPort.postMessage(error.code ?? error.message);
    }
  }
}
