/** The contract of free and of bad arguments: refused by name, and nothing harmed. */
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../lib/core/index.ts';
import type { OpenHeap } from './allocator-contract.ts';
import { expectPointer, expectRefused, expectSameBytes, expectSound } from './expectations.ts';

/** Numbers that are no size and no pointer. */
const NOT_INTEGERS: [string, unknown][] = [
  ['NaN', Number.NaN],
  ['a negative number', -16],
  ['minus one', -1],
  ['a fraction', 16.5],
  ['infinity', Number.POSITIVE_INFINITY],
  ['2^53', 2 ** 53],
  ['a string', '16'],
  ['undefined', undefined],
  ['an object', {}],
];

/** Runs this part of the suite. */
export function describeMisuse(open: OpenHeap): void {
  describe('bad arguments', () => {
    it.each(NOT_INTEGERS)('%s is an ArgumentError and harms nothing', (_, value) => {
      const heap = open();
      const block = expectPointer(heap.malloc(100));
      const before = heap.snapshot().bytes;
      const bad = value as number;
      expect(() => heap.malloc(bad)).toThrow(ArgumentError);
      expect(() => heap.calloc(bad, 1)).toThrow(ArgumentError);
      expect(() => heap.calloc(1, bad)).toThrow(ArgumentError);
      expect(() => heap.realloc(block, bad)).toThrow(ArgumentError);
      expect(() => heap.realloc(null, bad)).toThrow(ArgumentError);
      expect(() => heap.memalign(bad, 16)).toThrow(ArgumentError);
      expect(() => heap.memalign(64, bad)).toThrow(ArgumentError);
      expect(() => heap.free(bad)).toThrow(ArgumentError);
      expect(() => heap.realloc(bad, 16)).toThrow(ArgumentError);
      expect(() => heap.usableSize(bad)).toThrow(ArgumentError);
      expect(() => heap.view(bad)).toThrow(ArgumentError);
      expect(() => heap.address(bad)).toThrow(ArgumentError);
      expect(() => heap.explainFree(bad)).toThrow(ArgumentError);
      expectSameBytes(heap.snapshot().bytes, before);
    });

    it.each([0, 3, 24, 100, 2 ** 40 + 1])('%d is no alignment', (alignment) => {
      const heap = open();
      expect(() => heap.memalign(alignment, 16)).toThrow(ArgumentError);
      expectSound(heap);
    });
  });

  describe('free', () => {
    it('does nothing for null', () => {
      const heap = open();
      expectPointer(heap.malloc(10));
      const before = heap.snapshot().bytes;
      heap.free(null);
      expectSameBytes(heap.snapshot().bytes, before);
    });

    it('refuses a second free, at once', () => {
      const heap = open();
      for (const size of [24, 100, 3000, 50_000]) {
        const block = expectPointer(heap.malloc(size));
        expectPointer(heap.malloc(24));
        heap.free(block);
        expectRefused(heap, block, 'ERR_HEAP_DOUBLE_FREE');
      }
    });

    it('refuses what is no block, says so beforehand in explainFree, and changes nothing', () => {
      const heap = open();
      const block = expectPointer(heap.calloc(1, 4096));
      const freed = expectPointer(heap.calloc(1, 4096));
      expectPointer(heap.malloc(24));
      heap.free(freed);
      const misaligned = [1, 4, 8, 15].map((distance) => block + distance);
      const inside = [16, 32, 48, 1024, 4080].map((distance) => block + distance);
      const foreign = [0, 1, 16, heap.bytes.length - 16, heap.bytes.length, heap.bytes.length + 64];
      const far = [2 ** 31, 2 ** 32, 2 ** 32 + block, Number.MAX_SAFE_INTEGER];
      for (const pointer of [...misaligned, ...inside, ...foreign, ...far]) expectRefused(heap, pointer);
      heap.free(block);
      expectSound(heap);
    });

    it('explains a free that goes through, without doing it', () => {
      const heap = open();
      const blocks = [16, 100, 16, 5000, 16].map((size) => expectPointer(heap.malloc(size)));
      for (const index of [1, 3, 2, 4, 0]) {
        const before = heap.snapshot().bytes;
        const explanation = heap.explainFree(blocks[index]);
        expectSameBytes(heap.snapshot().bytes, before);
        expect(explanation).toMatchObject({ pointer: blocks[index], ok: true });
        expect(explanation.steps.length).toBeGreaterThan(0);
        expect(explanation.steps.every((step) => step.ok)).toBe(true);
        heap.free(blocks[index]);
        expectSound(heap);
      }
    });
  });
}
