/** The contract of malloc, calloc, realloc and memalign. */
import { describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../lib/core/index.ts';
import type { OpenHeap } from './allocator-contract.ts';
import { churn, expectFilled, expectNoOverlap, expectPointer, expectSound, fill } from './expectations.ts';

/** Runs this part of the suite. */
export function describeAllocating(open: OpenHeap): void {
  describe('malloc', () => {
    it('gives blocks aligned to 16, large enough, none on top of another', () => {
      const heap = open();
      const sizes = [0, 1, 15, 16, 17, 24, 31, 32, 33, 100, 1000, 4096, 5000, 70_000];
      const blocks = sizes.map((size) => ({ size, pointer: expectPointer(heap.malloc(size)) }));
      for (const { size, pointer } of blocks) {
        expect(pointer % 16).toBe(0);
        expect(heap.address(pointer) % 16n).toBe(0n);
        expect(heap.usableSize(pointer)).toBeGreaterThanOrEqual(size);
      }
      expectNoOverlap(heap, blocks);
      expectSound(heap);
    });

    it('keeps what was written while others come and go', () => {
      const heap = open();
      churn(heap, 600, 1);
      expectSound(heap);
    });

    it('gives distinct blocks for zero bytes, and they can be freed', () => {
      const heap = open();
      const [a, b] = [expectPointer(heap.malloc(0)), expectPointer(heap.malloc(0))];
      expect(a).not.toBe(b);
      heap.free(a);
      heap.free(b);
      expectSound(heap);
    });

    it.each([16 * MiB, 2 ** 31, 2 ** 32, 2 ** 47, Number.MAX_SAFE_INTEGER])(
      'refuses %d bytes with null',
      (size) => {
        const heap = open();
        const keep = expectPointer(heap.malloc(100));
        expect(heap.malloc(size)).toBeNull();
        expect(heap.calloc(1, size)).toBeNull();
        expect(heap.calloc(size, Number.MAX_SAFE_INTEGER)).toBeNull();
        expect(heap.memalign(64, size)).toBeNull();
        expect(heap.realloc(keep, size)).toBeNull();
        expect(heap.usableSize(keep)).toBeGreaterThanOrEqual(100);
        expectSound(heap);
      },
    );

    it('uses freed memory again', () => {
      const heap = open(MiB);
      for (let i = 0; i < 200; i++) {
        const block = expectPointer(heap.malloc(200 * KiB));
        heap.free(block);
      }
      expect(heap.stats().peakHeapBytes).toBeLessThanOrEqual(MiB);
      expectSound(heap);
    });

    it('returns null at the limit, stays sound, and serves again after frees', () => {
      const heap = open(512 * KiB);
      for (const size of [40, 1000, 100_000]) {
        const blocks: number[] = [];
        for (let p = heap.malloc(size); p !== null; p = heap.malloc(size)) blocks.push(p);
        expect(blocks.length * size).toBeGreaterThan(128 * KiB);
        expectSound(heap);
        expect(heap.malloc(size)).toBeNull();
        expect(heap.realloc(blocks[0], 400 * KiB)).toBeNull();
        for (const block of blocks) heap.free(block);
        expectSound(heap);
      }
      heap.free(expectPointer(heap.malloc(200_000)));
    });
  });

  describe('calloc', () => {
    it('gives zeroed bytes, also where something was written before', () => {
      const heap = open();
      const dirty = [100, 3000, 50_000].map((size) => expectPointer(heap.malloc(size)));
      for (const block of dirty) heap.view(block).fill(0xff);
      for (const block of dirty) heap.free(block);
      for (const [count, size] of [
        [1, 100],
        [30, 100],
        [1000, 50],
        [3, 7],
      ]) {
        const block = expectPointer(heap.calloc(count, size));
        expect(
          heap
            .view(block)
            .subarray(0, count * size)
            .every((byte) => byte === 0),
        ).toBe(true);
      }
      expectPointer(heap.calloc(0, 16));
      expectPointer(heap.calloc(16, 0));
      expectSound(heap);
    });
  });

  describe('realloc', () => {
    it('is malloc for null, and free for zero bytes', () => {
      const heap = open();
      const block = expectPointer(heap.realloc(null, 3000));
      expect(heap.realloc(block, 0)).toBeNull();
      expect(heap.explainFree(block).ok).toBe(false);
      expectPointer(heap.realloc(null, 0));
      expectSound(heap);
    });

    it('keeps the contents up to the smaller size, growing and shrinking', () => {
      const heap = open();
      const neighbours = [expectPointer(heap.malloc(64))];
      let block = expectPointer(heap.malloc(10));
      let size = 10;
      fill(heap, block, size, 7);
      for (const next of [50, 500, 20, 5000, 4999, 100_000, 30, 200_000, 1]) {
        neighbours.push(expectPointer(heap.malloc(64)));
        block = expectPointer(heap.realloc(block, next));
        expectFilled(heap, block, Math.min(size, next), 7);
        expect(heap.usableSize(block)).toBeGreaterThanOrEqual(next);
        size = next;
        fill(heap, block, size, 7);
        expectSound(heap);
      }
      for (const p of [...neighbours, block]) heap.free(p);
      expectSound(heap);
    });
  });

  describe('memalign', () => {
    it.each([1, 2, 8, 16, 32, 64, 256, 4096, 65_536])('aligns the real address to %d', (alignment) => {
      const heap = open();
      const blocks = [0, 1, 100, 5000].map((size) => {
        expectPointer(heap.malloc(24));
        return { size, pointer: expectPointer(heap.memalign(alignment, size)) };
      });
      for (const { pointer, size } of blocks) {
        expect(heap.address(pointer) % BigInt(alignment)).toBe(0n);
        expect(heap.usableSize(pointer)).toBeGreaterThanOrEqual(size);
      }
      expectNoOverlap(heap, blocks);
      expectSound(heap);
      for (const { pointer } of blocks) heap.free(pointer);
      expectSound(heap);
    });
  });
}
