/** What the parts of the contract expect, as functions; and a random user of a heap. */
import { expect } from 'vitest';
import { type Allocator, HeapError, seededRandom } from '../../lib/core/index.ts';

export function expectPointer(pointer: number | null): number {
  expect(pointer).toBeTypeOf('number');
  expect(pointer).not.toBe(0);
  return pointer as number;
}

export function expectSound(heap: Allocator): void {
  expect(heap.check()).toEqual([]);
}

/** Compares bytes without printing a million of them. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

/** Free must refuse, with the message that explainFree foretold, and leave every byte as it was. */
export function expectRefused(heap: Allocator, pointer: number, code?: string): void {
  const before = heap.snapshot().bytes;
  const explanation = heap.explainFree(pointer);
  const free = (): void => heap.free(pointer);
  expect(free).toThrow(HeapError);
  expect(free).toThrow(expect.objectContaining(code === undefined ? {} : { code }));
  expect(explanation).toMatchObject({ pointer, ok: false, message: expect.any(String) });
  expect(free).toThrow(explanation.message);
  expect(explanation.steps.at(-1)?.ok).toBe(false);
  expectSameBytes(heap.snapshot().bytes, before);
  expectSound(heap);
}

export function expectCountsAddUp(heap: Allocator): void {
  const { heapBytes, peakHeapBytes, inUseBytes, freeBytes, freeChunks, largestFreeBytes } = heap.stats();
  const arenaBytes = heap
    .snapshot()
    .chunks.filter((chunk) => chunk.state === 'arena' || chunk.state === 'fence');
  const outside = arenaBytes.reduce((sum, chunk) => sum + chunk.sizeBytes, 0);
  expect(inUseBytes + freeBytes + outside).toBe(heapBytes);
  expect(heapBytes).toBeLessThanOrEqual(peakHeapBytes);
  expect(largestFreeBytes).toBeLessThanOrEqual(freeBytes);
  expect(largestFreeBytes * freeChunks).toBeGreaterThanOrEqual(freeBytes);
}

export function expectNoOverlap(heap: Allocator, blocks: { pointer: number }[]): void {
  const sorted = blocks.map(({ pointer }) => pointer).sort((a, b) => a - b);
  sorted.forEach((pointer, i) => {
    const next = sorted[i + 1] ?? heap.bytes.length;
    expect(pointer + heap.usableSize(pointer)).toBeLessThanOrEqual(next);
  });
}

export function fill(heap: Allocator, pointer: number, sizeBytes: number, seed: number): void {
  heap.view(pointer).forEach((_, i, view) => {
    if (i < sizeBytes) view[i] = (i * 31 + seed) & 0xff;
  });
}

export function expectFilled(heap: Allocator, pointer: number, sizeBytes: number, seed: number): void {
  const view = heap.view(pointer);
  let firstWrong = -1;
  for (let i = 0; i < sizeBytes && firstWrong < 0; i++) {
    if (view[i] !== ((i * 31 + seed) & 0xff)) firstWrong = i;
  }
  expect(firstWrong).toBe(-1);
}

/** Random mallocs and frees; every block is filled when made and looked at before it goes. */
export function churn(heap: Allocator, steps: number, seed: number): void {
  const random = seededRandom(seed);
  const live: { pointer: number; size: number; seed: number }[] = [];
  for (let i = 0; i < steps; i++) {
    if (live.length > 0 && random.fraction() < 0.45) {
      const [block] = live.splice(random.integer(0, live.length - 1), 1);
      expectFilled(heap, block.pointer, block.size, block.seed);
      heap.free(block.pointer);
    } else {
      const size = random.integer(0, random.pick([32, 300, 6000]));
      const block = { pointer: expectPointer(heap.malloc(size)), size, seed: i };
      fill(heap, block.pointer, size, i);
      live.push(block);
    }
  }
  for (const block of live) expectFilled(heap, block.pointer, block.size, block.seed);
}
