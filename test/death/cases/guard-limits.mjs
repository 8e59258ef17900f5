// Many guarded blocks at a time. Entry: `node guard-limits.mjs lightweight|mprotect`: allocates 100,000 blocks, or as many
// as the budget allows; then shows that the guards stand and that the process is whole. Prints one line of JSON.
import { Worker } from 'node:worker_threads';
import { GuardedHeap, guard, guardBudget, guardBudgetUsed, memoryMap, mmap } from '../../../dist/index.js';

const [, , method] = process.argv;
const heap = GuardedHeap.create({ policy: 'record', method, stackFrames: 0 });
const mappingsBefore = memoryMap().length;
const blocks = [];
let error = null;
try {
  while (blocks.length < 100_000) blocks.push(heap.malloc(100));
} catch (refusal) {
  const { code, message } = refusal;
  error = { code, message };
}
const mappings = memoryMap().length - mappingsBefore;

// The guards stand, first, last and between.
let caught = 0;
const chosen = Array.from({ length: 20 }, (_, i) => blocks[Math.floor((i * (blocks.length - 1)) / 19)]);
for (const block of chosen) {
  heap.bytes[block + 112] = 1;
  const fault = heap.faults().at(-1);
  if (fault?.block?.pointer === block && fault.distanceBytes === 12) caught++;
}

// The process is whole: it can map, allocate, and start a thread.
const mapping = mmap({ length: 2 ** 20 });
mapping.bytes.fill(1);
mapping.unmap();
Buffer.allocUnsafeSlow(2 ** 20).fill(1);
const thread = await new Promise((resolve) => {
  new Worker('require("node:worker_threads").parentPort.postMessage("alive")', { eval: true }).on(
    'message',
    resolve,
  );
});

// What is freed can be had again.
for (const block of blocks) heap.free(block);
const again = blocks.length > 0 && heap.malloc(100) !== null;
const budget = { total: guardBudget(), used: guardBudgetUsed() };
heap.destroy();
const left = { ranges: guard.status().ranges, used: guardBudgetUsed() };
console.log(JSON.stringify({ blocks: blocks.length, error, mappings, caught, thread, again, budget, left }));
