/**
 * What an overflow does to a header, word by word: check() names the rule that broke, and the operation that would
 * have believed the header ends in HeapError with the same rule and both numbers.
 */
import { describe, expect, it } from 'vitest';
import type { ChunkList, Placement } from '../../../lib/chunklist/index.ts';
import { at, malloc, openList, setWord, word } from './arena-bytes.ts';

/** A, B in use, C free, D in use, the rest free. */
function sampleList(placement: Placement = 'first-fit'): {
  heap: ChunkList;
  block: Record<'A' | 'B' | 'D', number>;
} {
  const heap = openList({ placement });
  const [A, B, C, D] = [16, 16, 16, 16].map((size) => malloc(heap, size));
  heap.free(C);
  return { heap, block: { A, B, D } };
}

interface Damage {
  rule: string;
  what: string;
  offset: number;
  value: number | bigint;
}

// The sample's chunks: A 0x30, B 0x60, C 0x90, D 0xc0, the rest 0xf0. Offsets typed from the drawing.
const damages: Damage[] = [
  { rule: 'flags-known', what: 'an unknown flag on B', offset: 0x60, value: 0x33 },
  { rule: 'size-minimum', what: 'B of 32 bytes', offset: 0x60, value: 0x21 },
  { rule: 'size-minimum', what: 'B of no bytes', offset: 0x60, value: 0x01 },
  { rule: 'size-inside', what: 'B larger than the arena', offset: 0x60, value: 0x10_0001 },
  { rule: 'size-inside', what: 'B of 2^64 - 16 bytes', offset: 0x60, value: 0xffff_ffff_ffff_fff1n },
  { rule: 'size-inside', what: 'B up to 16 bytes before the end', offset: 0x60, value: 0xff91 },
  { rule: 'request-fits', what: 'B asked for 17 bytes', offset: 0x78, value: 17 },
  { rule: 'request-fits', what: 'free C with a request', offset: 0xa8, value: 1 },
  { rule: 'fwd-after-size', what: 'B larger than up to C', offset: 0x60, value: 0x61 },
  { rule: 'fwd-after-size', what: 'fwd of B back to A: a circle', offset: 0x68, value: at(0x30) },
  { rule: 'fwd-after-size', what: 'fwd of B on B', offset: 0x68, value: at(0x60) },
  { rule: 'fwd-after-size', what: 'fwd of B past C', offset: 0x68, value: at(0xc0) },
  { rule: 'fwd-after-size', what: 'fwd of B null', offset: 0x68, value: 0 },
  { rule: 'fwd-after-size', what: 'fwd of B full of A', offset: 0x68, value: 0x4141_4141_4141_4141n },
  { rule: 'fwd-bck-agree', what: 'bck of C on A', offset: 0xa0, value: at(0x30) },
  { rule: 'free-chunks-merged', what: 'D free beside the free rest', offset: 0xc0, value: 0x30 },
  { rule: 'bck-inside', what: 'bck of B null', offset: 0x70, value: 0 },
  { rule: 'bck-inside', what: 'bck of B on itself', offset: 0x70, value: at(0x60) },
  { rule: 'bck-inside', what: 'bck of B misaligned', offset: 0x70, value: at(0x38) },
  { rule: 'bck-inside', what: 'bck of B before the arena', offset: 0x70, value: at(0) - 64n },
  { rule: 'bck-fwd-agree', what: 'fwd of A past B', offset: 0x38, value: at(0x90) },
  { rule: 'bck-size-agrees', what: 'A of 64 bytes', offset: 0x30, value: 0x41 },
  { rule: 'last-fwd-null', what: 'fwd of the last chunk', offset: 0xf8, value: at(0x30) },
  { rule: 'first-bck-null', what: 'bck of the first chunk', offset: 0x40, value: at(0x60) },
  { rule: 'arena-magic', what: 'the magic', offset: 0x00, value: 0 },
  { rule: 'arena-first', what: 'first', offset: 0x08, value: at(0x60) },
  { rule: 'arena-last', what: 'last null', offset: 0x10, value: 0 },
  { rule: 'arena-last', what: 'last on another chunk', offset: 0x10, value: at(0xc0) },
  { rule: 'arena-rover', what: 'rover outside', offset: 0x18, value: at(0x10_0000) },
  { rule: 'rover-is-chunk', what: 'rover between chunks', offset: 0x18, value: at(0x50) },
  { rule: 'arena-end', what: 'end', offset: 0x20, value: at(0x2_0000) },
  { rule: 'arena-peak', what: 'peak below the size', offset: 0x28, value: 0 },
  { rule: 'sizes-add-up', what: 'B larger', offset: 0x60, value: 0x61 },
];

describe('damaged metadata', () => {
  it.each(damages)('$rule: $what', ({ rule, offset, value }) => {
    const { heap } = sampleList();
    expect(heap.check()).toEqual([]);
    setWord(heap, offset, value);
    const violation = heap.check().find((found) => found.rule === rule);
    expect(violation?.message).toContain(rule);
    // Looking at a damaged arena never throws, and still covers it all.
    const chunks = heap.chunks();
    expect(chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0x30)).toBe(heap.bytes.length);
    expect(heap.snapshot().chunks.length).toBe(chunks.length + 1);
    expect(heap.stats().heapBytes).toBe(heap.bytes.length);
  });

  it.each(damages.filter(({ rule }) => rule !== 'sizes-add-up'))(
    'stops the operation, $rule: $what',
    (damage) => {
      const { heap, block } = sampleList('next-fit');
      setWord(heap, damage.offset, damage.value);
      const before = heap.bytes.slice();
      // Each damage is met by at least one of these: a walk over all chunks, frees beside it, growth at the end.
      const operations: (() => unknown)[] = [
        () => heap.free(block.B),
        () => heap.malloc(65_500),
        () => heap.realloc(block.A, 500),
        () => heap.free(block.D),
      ];
      const errors = operations.map(errorOf);
      const corrupted = errors.filter((error) => error?.code === 'ERR_HEAP_CORRUPTED');
      expect(corrupted.length).toBeGreaterThan(0);
      for (const error of corrupted) {
        expect(error?.rule).toBeTypeOf('string');
        expect(error?.expected).toBeDefined();
        expect(error?.actual).toBeDefined();
      }
      if (errors.every((error) => error !== null)) expect(Buffer.compare(heap.bytes, before)).toBe(0);
    },
  );

  it.each(damages.filter(({ rule }) => rule.startsWith('arena-')))(
    'stops even a malloc, $rule: $what',
    (damage) => {
      const { heap } = sampleList();
      setWord(heap, damage.offset, damage.value);
      // last on a wrong chunk can only be told by asking that chunk: before the next growth.
      const needsGrowth = damage.value === at(0xc0);
      const before = heap.bytes.slice();
      expect(() => heap.malloc(needsGrowth ? 65_500 : 16)).toThrow(
        expect.objectContaining({ code: 'ERR_HEAP_CORRUPTED', rule: damage.rule }),
      );
      expect(() => heap.trim()).toThrow(expect.objectContaining({ rule: damage.rule }));
      expect(Buffer.compare(heap.bytes, before)).toBe(0);
    },
  );

  it('is found before the arena grows on it', () => {
    const { heap } = sampleList();
    setWord(heap, 0x100, at(0x30));
    const before = heap.bytes.slice();
    expect(() => heap.malloc(65_500)).toThrow(expect.objectContaining({ rule: 'bck-fwd-agree' }));
    expect(heap.stats().heapBytes).toBe(before.length);
    expect(Buffer.compare(heap.bytes, before)).toBe(0);
  });

  it('names the rule, the chunk and both numbers', () => {
    const { heap, block } = sampleList();
    setWord(heap, 0x68, at(0x30));
    expect(() => heap.free(block.B)).toThrow(
      expect.objectContaining({
        code: 'ERR_HEAP_CORRUPTED',
        rule: 'fwd-after-size',
        pointer: 0x60,
        expected: at(0x90),
        actual: at(0x30),
        message: 'fwd-after-size: chunk 0x60 has 0x7f0000000030, expected 0x7f0000000090',
      }),
    );
    expect(heap.explainFree(block.B)).toMatchObject({
      ok: false,
      message: expect.stringContaining('fwd-after-size'),
    });
  });

  it('marks the damaged chunk in pictures and goes on behind it', () => {
    const { heap } = sampleList();
    setWord(heap, 0x60, 0x4141_4141_4141_4141n);
    expect(heap.chunks().map(({ offset, label }) => [offset, label])).toEqual([
      [0x30, 'first, rover'],
      [0x60, 'damaged: size-inside'],
      [0x90, 'damaged: bck-size-agrees'],
      [0xc0, undefined],
      [0xf0, 'last'],
    ]);
    expect(heap.chunks()[1].fields[0]).toEqual({ name: 'size', offset: 0x60, value: 0x4141_4141_4141_4141n });
  });

  it('a string that runs over the end of its block is noticed by the free beside it', () => {
    const { heap, block } = sampleList();
    heap.bytes.set(Buffer.from('A'.repeat(40)), block.A);
    expect(word(heap, 0x60)).toBe(0x4141_4141_4141_4141n);
    expect(errorOf(() => heap.free(block.A))?.code).toBe('ERR_HEAP_CORRUPTED');
    expect(errorOf(() => heap.free(block.B))?.code).toBe('ERR_HEAP_CORRUPTED');
    expect(errorOf(() => heap.malloc(200))?.code).toBe('ERR_HEAP_CORRUPTED');
  });
});

interface Caught {
  code?: string;
  rule?: string;
  expected?: unknown;
  actual?: unknown;
}

function errorOf(operation: () => unknown): Caught | null {
  try {
    operation();
    return null;
  } catch (error) {
    return error as Caught;
  }
}
