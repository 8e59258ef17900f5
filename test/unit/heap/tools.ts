/** What the heap's tests share: a heap in a small window, words by block, the message of a refusal. */
import { expect } from 'vitest';
import { HeapError, MiB } from '../../../lib/core/index.ts';
import { bufferWindow, Heap, type HeapOptions } from '../../../lib/heap/index.ts';

/** A heap with a fixed key in a window of 320 MiB. */
export function openHeap(options: HeapOptions = {}): Heap {
  return Heap.create({
    source: bufferWindow({ sizeBytes: 320 * MiB }),
    key: 0x1122334455667788n,
    ...options,
  });
}

/** Allocates or fails the test. */
export function take(heap: Heap, sizeBytes: number): number {
  const pointer = heap.malloc(sizeBytes);
  expect(pointer).toBeTypeOf('number');
  return pointer as number;
}

/** Several blocks of one size. */
export function takeMany(heap: Heap, count: number, sizeBytes: number): number[] {
  return Array.from({ length: count }, () => take(heap, sizeBytes));
}

/** Reads the 64-bit word at block + offset. */
export function read(heap: Heap, pointer: number, offset = 0): bigint {
  return heap.peek(heap.address(pointer) + BigInt(offset));
}

/** Writes the 64-bit word at block + offset, as an overflow would. */
export function write(heap: Heap, pointer: number, offset: number, value: bigint): void {
  heap.poke(heap.address(pointer) + BigInt(offset), value);
}

/** A link as safe-linking stores it at block + offset. */
export function mangled(heap: Heap, pointer: number, offset: number, target: bigint): bigint {
  return ((heap.address(pointer) + BigInt(offset)) >> 12n) ^ target;
}

/** Fills the cache class of a size. */
export function fillCache(heap: Heap, sizeBytes: number): void {
  for (const pointer of takeMany(heap, heap.cacheLength, sizeBytes)) heap.free(pointer);
}

/** Runs a call that must be refused. @returns glibc's message */
export function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(HeapError);
    return (error as HeapError).message;
  }
  return 'nothing was thrown';
}
