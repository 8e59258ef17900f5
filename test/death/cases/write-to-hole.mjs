// Reads, then writes, between the pages that a heap on a real window has committed.
import { Heap } from '../../../dist/index.js';

const heap = Heap.create();
const small = heap.malloc(100);
const mapped = heap.malloc(1_000_000);
const hole = Math.floor((small + mapped) / 2);
console.log(`in the window ${hole < heap.bytes.length}, reads ${heap.bytes[hole]}`);
heap.bytes[hole] = 1;
console.log('survived');
