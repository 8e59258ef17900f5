/**
 * What every allocator of this package promises, as one suite: the type in lib/core/allocator.ts in tests.
 * A file beside this one runs it for each allocator and each page source.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { type Allocator, ArgumentError, HeapError, KiB, MiB, seededRandom } from '../../lib/core/index.ts';

/** One allocator to run the suite on. */
export interface AllocatorCase {
  name: string;
  /** Makes an empty heap that can grow to about `limitBytes`. */
  create(limitBytes: number): Allocator;
}

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

/** Runs the suite. */
export function describeAllocator({ name, create }: AllocatorCase): void {
  describe(name, () => {
    let heap: Allocator;
    const open = (limitBytes: number = 4 * MiB): Allocator => {
      heap = create(limitBytes);
      return heap;
    };
    afterEach(() => heap.destroy());

    describe('malloc', () => {
      it('gives blocks aligned to 16, large enough, none on top of another', () => {
        open();
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
        open();
        churn(heap, 600, 1);
        expectSound(heap);
      });

      it('gives distinct blocks for zero bytes, and they can be freed', () => {
        open();
        const [a, b] = [expectPointer(heap.malloc(0)), expectPointer(heap.malloc(0))];
        expect(a).not.toBe(b);
        heap.free(a);
        heap.free(b);
        expectSound(heap);
      });

      it.each([16 * MiB, 2 ** 31, 2 ** 32, 2 ** 47, Number.MAX_SAFE_INTEGER])(
        'refuses %d bytes with null',
        (size) => {
          open();
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
        open(MiB);
        for (let i = 0; i < 200; i++) {
          const block = expectPointer(heap.malloc(200 * KiB));
          heap.free(block);
        }
        expect(heap.stats().peakHeapBytes).toBeLessThanOrEqual(MiB);
        expectSound(heap);
      });

      it('returns null at the limit, stays sound, and serves again after frees', () => {
        open(512 * KiB);
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
        open();
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
        open();
        const block = expectPointer(heap.realloc(null, 100));
        expect(heap.realloc(block, 0)).toBeNull();
        expect(heap.explainFree(block).ok).toBe(false);
        expectPointer(heap.realloc(null, 0));
        expectSound(heap);
      });

      it('keeps the contents up to the smaller size, growing and shrinking', () => {
        open();
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
        open();
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

    describe('bad arguments', () => {
      it.each(NOT_INTEGERS)('%s is an ArgumentError and harms nothing', (_, value) => {
        open();
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
        open();
        expect(() => heap.memalign(alignment, 16)).toThrow(ArgumentError);
        expectSound(heap);
      });
    });

    describe('free', () => {
      it('does nothing for null', () => {
        open();
        expectPointer(heap.malloc(10));
        const before = heap.snapshot().bytes;
        heap.free(null);
        expectSameBytes(heap.snapshot().bytes, before);
      });

      it('refuses a second free, at once', () => {
        open();
        for (const size of [24, 100, 3000, 50_000]) {
          const block = expectPointer(heap.malloc(size));
          expectPointer(heap.malloc(24));
          heap.free(block);
          expectRefused(heap, block, 'ERR_HEAP_DOUBLE_FREE');
        }
      });

      it('refuses what is no block, says so beforehand in explainFree, and changes nothing', () => {
        open();
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
        open();
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

    describe('looking', () => {
      it('bounds a view by its block, and the arena by its pages', () => {
        open();
        const block = expectPointer(heap.malloc(100));
        const view = heap.view(block);
        expect(view.length).toBe(heap.usableSize(block));
        view[0] = 0x5a;
        expect(heap.bytes[block]).toBe(0x5a);
        expect(heap.bytes.length).toBe(heap.stats().heapBytes);
        heap.free(block);
        expect(() => heap.view(block + 8)).toThrow(HeapError);
      });

      it('keeps an old view on the same bytes while the arena grows', () => {
        open();
        const block = expectPointer(heap.malloc(100));
        const view = heap.view(block);
        expectPointer(heap.malloc(2 * MiB));
        view[3] = 0x77;
        expect(heap.view(block)[3]).toBe(0x77);
      });

      it('counts bytes that add up, before, during and after', () => {
        open();
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
        open();
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
        open();
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
  });
}

function expectPointer(pointer: number | null): number {
  expect(pointer).toBeTypeOf('number');
  expect(pointer).not.toBe(0);
  return pointer as number;
}

function expectSound(heap: Allocator): void {
  expect(heap.check()).toEqual([]);
}

/** Compares bytes without printing a million of them. */
function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

/** Free must refuse, with the message that explainFree foretold, and leave every byte as it was. */
function expectRefused(heap: Allocator, pointer: number, code?: string): void {
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

function expectCountsAddUp(heap: Allocator): void {
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

function expectNoOverlap(heap: Allocator, blocks: { pointer: number }[]): void {
  const sorted = blocks.map(({ pointer }) => pointer).sort((a, b) => a - b);
  sorted.forEach((pointer, i) => {
    const next = sorted[i + 1] ?? heap.bytes.length;
    expect(pointer + heap.usableSize(pointer)).toBeLessThanOrEqual(next);
  });
}

function fill(heap: Allocator, pointer: number, sizeBytes: number, seed: number): void {
  heap.view(pointer).forEach((_, i, view) => {
    if (i < sizeBytes) view[i] = (i * 31 + seed) & 0xff;
  });
}

function expectFilled(heap: Allocator, pointer: number, sizeBytes: number, seed: number): void {
  const view = heap.view(pointer);
  let firstWrong = -1;
  for (let i = 0; i < sizeBytes && firstWrong < 0; i++) {
    if (view[i] !== ((i * 31 + seed) & 0xff)) firstWrong = i;
  }
  expect(firstWrong).toBe(-1);
}

/** Random mallocs and frees; every block is filled when made and looked at before it goes. */
function churn(heap: Allocator, steps: number, seed: number): void {
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
