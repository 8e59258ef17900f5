/** The contract of everything that looks at a heap, and of its end. */
import { describe, expect, it } from 'vitest';
import { HeapError, MiB } from '../../lib/core/index.ts';
import type { OpenHeap } from './allocator-contract.ts';
import { churn, expectCountsAddUp, expectPointer, expectSameBytes, expectSound } from './expectations.ts';

/** Runs this part of the suite. */
export function describeLooking(open: OpenHeap): void {
  describe('looking', () => {
    it('bounds a view by its block, and the arena by its pages', () => {
      const heap = open();
      const block = expectPointer(heap.malloc(100));
      const view = heap.view(block);
      expect(view.length).toBe(heap.usableSize(block));
      view[0] = 0x5a;
      expect(heap.bytes[block]).toBe(0x5a);
      // A heap that begins inside a window has bytes in front of it.
      expect(heap.bytes.length).toBeGreaterThanOrEqual(heap.stats().heapBytes);
      heap.free(block);
      expect(() => heap.view(block + 8)).toThrow(HeapError);
    });

    it('keeps an old view on the same bytes while the arena grows', () => {
      const heap = open();
      const block = expectPointer(heap.malloc(100));
      const view = heap.view(block);
      expectPointer(heap.malloc(2 * MiB));
      view[3] = 0x77;
      expect(heap.view(block)[3]).toBe(0x77);
    });

    it('counts bytes that add up, before, during and after', () => {
      const heap = open();
      const blocks: number[] = [];
      const empty = heap.stats();
      for (let i = 0; i < 50; i++) blocks.push(expectPointer(heap.malloc(i * 97)));
      const full = heap.stats();
      const asked = blocks.reduce((sum, block) => sum + heap.usableSize(block), 0);
      expect(full.inUseBytes - empty.inUseBytes).toBeGreaterThanOrEqual(asked);
      expect(full.inUseChunks - empty.inUseChunks).toBeGreaterThanOrEqual(50);
      expectCountsAddUp(heap);
      for (const block of blocks) heap.free(block);
      expectCountsAddUp(heap);
      expect(heap.stats().peakHeapBytes).toBeGreaterThanOrEqual(full.heapBytes);
    });

    it('takes a snapshot without gaps, of copied bytes', () => {
      const heap = open();
      churn(heap, 100, 2);
      const { chunks, startOffset, endOffset, bytes, ...snapshot } = heap.snapshot();
      expect(snapshot).toMatchObject({ format: 'chunkyard-snapshot 1', allocator: heap.name });
      let offset = startOffset;
      for (const chunk of chunks) {
        expect(chunk.offset).toBe(offset);
        offset += chunk.sizeBytes;
      }
      expect(offset).toBe(endOffset);
      expectSameBytes(bytes, heap.bytes.slice(startOffset, endOffset));
      bytes.fill(0xee);
      expectSound(heap);
    });
  });

  describe('destroy', () => {
    it('empties the arena; later calls are ERR_HEAP_CLOSED; twice is once', () => {
      const heap = open();
      const block = expectPointer(heap.malloc(100));
      heap.destroy();
      heap.destroy();
      heap[Symbol.dispose]();
      expect(heap.bytes.length).toBe(0);
      const calls: (() => unknown)[] = [
        () => heap.malloc(1),
        () => heap.calloc(1, 1),
        () => heap.realloc(block, 1),
        () => heap.memalign(64, 1),
        () => heap.free(block),
        () => heap.usableSize(block),
        () => heap.view(block),
        () => heap.address(block),
        () => heap.stats(),
        () => heap.check(),
        () => heap.explainFree(block),
        () => heap.snapshot(),
      ];
      for (const call of calls) expect(call).toThrow(expect.objectContaining({ code: 'ERR_HEAP_CLOSED' }));
    });
  });
}
