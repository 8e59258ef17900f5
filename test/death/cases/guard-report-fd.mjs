// Hits one block many times and another once, with policy record. Entry: `node guard-report-fd.mjs`.
import { GuardedHeap } from '../../../dist/index.js';

const heap = GuardedHeap.create({ policy: 'record', name: 'main' });
const [a, b] = [heap.malloc(64), heap.malloc(64)];
const put = (at) => {
  heap.bytes[at] = 1;
};
for (let i = 0; i < 20; i++) put(a + 64 + i);
put(b + 64);
console.log(heap.faults().length);
