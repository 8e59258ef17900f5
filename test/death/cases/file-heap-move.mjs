// Opens a heap file whose address is taken, so that its links are rewritten, and waits to be killed.
// Arguments: heap file, address. Prints `ready` before, `done` afterwards.
import { writeSync } from 'node:fs';
import { Heap, mmap } from '../../../dist/index.js';

const [file, address] = process.argv.slice(2);
const taken = mmap({ length: 4096, address: BigInt(address) });
writeSync(1, 'ready\n');
const heap = Heap.open(file);
writeSync(1, `${heap.address(0) === taken.address ? 'not moved' : 'done'}\n`);
setInterval(() => [taken, heap], 1000);
