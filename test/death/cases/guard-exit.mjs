// Writes one byte into the slack of a block and ends without freeing it. Entry: `node guard-exit.mjs [sound]`.
import { GuardedHeap } from '../../../dist/index.js';

const heap = GuardedHeap.create({ policy: 'record', name: 'main' });
const gone = GuardedHeap.create({ policy: 'record', name: 'gone' });
const block = heap.malloc(61);
const other = gone.malloc(61);
if (process.argv[2] !== 'sound') heap.bytes[block + 61] = 1;
gone.bytes[other + 61] = 1;
gone.destroy();
console.log('end');
