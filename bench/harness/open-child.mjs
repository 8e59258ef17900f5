// What a heap costs before its first block, and beside its arena: `node --expose-gc open-child.mjs`. Opens 1,000 heaps
// that all stay open; prints microseconds and bytes of this process per heap.
import { Heap } from '../../dist/index.js';

const count = 1000;
const kept = [];
const us = (from) => (performance.now() - from) * 1000;

let start = performance.now();
kept.push(Heap.create());
const firstUs = us(start);
const outside = () => {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const before = outside();
const opened = [];
const served = [];
while (kept.length < count) {
  start = performance.now();
  const heap = Heap.create();
  opened.push(us(start));
  heap.malloc(32);
  served.push(us(start));
  kept.push(heap);
}
const bytes = (outside() - before) / (count - 1);
const closed = kept.map((heap) => {
  start = performance.now();
  heap.destroy();
  return us(start);
});
const at = (values, share) => [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
console.log(
  JSON.stringify({
    firstUs,
    openedUs: [at(opened, 0.5), at(opened, 0.9)],
    servedUs: [at(served, 0.5), at(served, 0.9)],
    closedUs: [at(closed, 0.5), at(closed, 0.9)],
    bytesOutside: bytes,
  }),
);
