// Blocks passed between workers without a copy: the main thread fills blocks of one shared heap, two workers pop them from
// a bounded queue, look at the bytes where they are, and free them.
// Run it after `npm run build`: node examples/message-queue.mjs
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { BlockQueue, Heap } from 'chunkyard';

const messages = 100;
const messageBytes = 64 * 1024;

if (isMainThread) {
  // What is freed stays ours: no system call for a message.
  const heap = Heap.create({ tunables: { mmap_threshold: 2 ** 25, trim_threshold: 2 ** 30 } });
  const queue = BlockQueue.create(8);
  const options = { workerData: { heap: heap.share(), queue: queue.handle } };
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url), options));
  const replies = workers.map((worker) => once(worker, 'message'));
  const exits = workers.map((worker) => once(worker, 'exit'));

  for (let k = 0; k < messages; k++) {
    const block = heap.malloc(messageBytes);
    heap.view(block).fill(k);
    queue.push(block); // waits while 8 are under way; from here on the block belongs to who pops it
  }
  queue.close();

  const counts = (await Promise.all(replies)).map(([count]) => count);
  await Promise.all(exits);
  console.log(`${counts.reduce((a, b) => a + b)} messages of ${messageBytes} bytes, none copied`);
  console.log(`violations: ${heap.check().length}, blocks lost: ${heap.stats().inUseChunks - 1}`);
  heap.destroy();
} else {
  const heap = Heap.attach(workerData.heap);
  const queue = BlockQueue.attach(workerData.queue);
  let count = 0;
  for (let block = queue.pop(); block !== null; block = queue.pop()) {
    const bytes = heap.view(block);
    if (bytes[0] !== bytes[messageBytes - 1]) throw new Error('a message is torn');
    heap.free(block); // allocated by another thread: no matter
    count++;
  }
  heap.detach();
  parentPort.postMessage(count);
}
