// Heaps that workers leave behind without destroying them, while the main thread never loads the addon: Node may
// unload it before the worker's engine lets go of the memory. Prints one JSON line.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** Windows of heaps: one mapping without write permission is most of each. */
function windows() {
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  const ranges = lines.map((line) => /^([0-9a-f]+)-([0-9a-f]+) r--p 0+ 00:00 0/.exec(line)).filter(Boolean);
  return ranges.filter(([, start, end]) => BigInt(`0x${end}`) - BigInt(`0x${start}`) > 2n ** 31n).length;
}

if (isMainThread) {
  const seen = [];
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(new URL(import.meta.url));
    await once(worker, 'message');
    seen.push(windows());
    worker.postMessage('end');
    await once(worker, 'exit');
  }
  console.log(JSON.stringify({ seen, after: windows() }));
} else {
  const { Heap } = await import('../../../dist/index.js');
  const heap = Heap.create();
  globalThis.kept = heap.view(heap.malloc(100)).fill(1);
  parentPort.once('message', () => process.exit());
  parentPort.postMessage('ready');
}
