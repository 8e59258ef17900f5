// Allocates in a file heap until it is killed. What is certainly live stands in a second file, the ledger:
//   word 0: blocks noted so far | then, for each slot: pointer, bytes, mark, 1 when the block is whole and untouched
// Arguments: heap file, ledger file, seed. Prints `ready` once both can be killed.
import { writeSync } from 'node:fs';
import { seededRandom } from '../../../dist/core/index.js';
import { createFileHeap } from '../../../dist/heap/index.js';
import { mmap, openHeapFile } from '../../../dist/pages/index.js';

const [heapFile, ledgerFile, seed] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const heap = createFileHeap(openHeapFile(heapFile, true), { limitBytes: 64 * 2 ** 20 });
const slots = 64;
const mapping = mmap({ length: 4096, file: ledgerFile, shared: true, protection: 'rw' });
const ledger = new Uint32Array(mapping.buffer);
const sizes = random.pick([
  [16, 100],
  [16, 1500],
  [200, 9000],
  [16, 60_000],
  [16, 200_000],
]);
writeSync(1, 'ready\n');

function note(at, pointer, bytes) {
  const mark = random.integer(1, 255);
  heap.bytes.fill(mark, pointer, pointer + bytes);
  ledger[at] = pointer;
  ledger[at + 1] = bytes;
  ledger[at + 2] = mark;
  ledger[at + 3] = 1;
}

/** Blocks that nobody misses: most of the time goes into calls, where a kill hurts. */
const scratch = new Array(100).fill(null);
function churn() {
  for (let count = 0; count < 300; count++) {
    const at = random.integer(0, 99);
    heap.free(scratch[at]);
    scratch[at] = random.integer(0, 1) === 0 ? null : heap.malloc(random.integer(...sizes));
  }
}

for (;;) {
  churn();
  const at = 4 + 4 * random.integer(0, slots - 1);
  const bytes = random.integer(...sizes);
  const pointer = ledger[at];
  // From here on until it is noted again nobody knows about this block.
  ledger[at + 3] = 0;
  if (pointer !== 0 && random.integer(0, 3) > 0) {
    ledger[at] = 0;
    heap.free(pointer);
  } else {
    const got = pointer === 0 ? heap.malloc(bytes) : heap.realloc(pointer, bytes);
    if (got !== null) note(at, got, bytes);
    else if (pointer !== 0) ledger[at] = pointer;
  }
  if (random.integer(0, 100) === 0) heap.trim(0);
}
