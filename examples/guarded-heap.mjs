// An overflow that goes one byte too far, caught at the store: which block, how far, who allocated it. Run it in a
// checkout with `node examples/guarded-heap.mjs`.
import assert from 'node:assert/strict';
import { GuardedHeap, guard, MemoryFaultError } from 'chunkyard';

const heap = GuardedHeap.create({ policy: guard.status().policies.throw ? 'throw' : 'record' });

function makeGreeting(length) {
  const block = heap.malloc(length);
  heap.buffer(block).fill(0x20);
  return block;
}

function copy(text, block) {
  for (let i = 0; i < text.length; i++) heap.bytes[block + i] = text.charCodeAt(i);
}

const block = makeGreeting(16);
copy('fits in 16 bytes', block);
console.log(heap.buffer(block).toString());

let fault;
try {
  guard.run(() => copy('does not fit in 16', block));
  fault = heap.faults()[0];
} catch (error) {
  assert(error instanceof MemoryFaultError);
  fault = error.fault;
}
console.log(`${fault.kind}: ${fault.distanceBytes} bytes past a block of ${fault.block.sizeBytes}`);
console.log(`allocated ${fault.block.allocatedAt.split('\n')[0].replace(/\(.*\//, '(')}`);
assert.equal(fault.block.pointer, block);
assert.equal(fault.distanceBytes, 0);

heap.free(block);
assert.throws(() => heap.free(block), { code: 'ERR_HEAP_DOUBLE_FREE' });
heap.destroy();
assert.equal(guard.status().ranges, 0);
console.log('no guard is left');
