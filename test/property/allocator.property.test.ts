/**
 * Random programs on the allocators, every step checked against a model; then random damage to the metadata. A
 * failure prints its seed and path: pass them to fc.assert to run it again.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkList, type Placement } from '../../lib/chunklist/index.ts';
import { HeapError, KiB, seededRandom } from '../../lib/core/index.ts';
import { bufferSource } from '../../lib/pages/index.ts';
import { programs, runProgram } from './allocator-commands.ts';

const placements: Placement[] = ['first-fit', 'next-fit', 'best-fit'];

describe('random programs', () => {
  it.each(placements)('chunklist, %s: sound after every step, and one free chunk at the end', (placement) => {
    fc.assert(
      fc.property(programs, fc.constantFrom(256, 1024), (program, limitKiB) => {
        const heap = ChunkList.create({ source: bufferSource({ limitBytes: limitKiB * KiB }), placement });
        runProgram(heap, program);
        expect(heap.stats()).toMatchObject({ inUseChunks: 0, freeChunks: 1 });
      }),
      { numRuns: 150 },
    );
  });
});

/** Fills a heap with blocks and holes. @returns pointers, live ones and freed ones */
function populate(heap: ChunkList, seed: number): number[] {
  const random = seededRandom(seed);
  const pointers: number[] = [];
  for (let i = 0; i < 40; i++) {
    const pointer = heap.malloc(random.integer(0, random.pick([40, 400, 4000])));
    if (pointer !== null) pointers.push(pointer);
    if (random.fraction() < 0.4) {
      const victim = random.pick(pointers);
      if (heap.explainFree(victim).ok) heap.free(victim);
    }
  }
  return pointers;
}

/** Overwrites bytes of headers, now and then a whole word with an address. */
function damage(heap: ChunkList, random: ReturnType<typeof seededRandom>): void {
  const headers = heap.snapshot().chunks.flatMap((chunk) => chunk.fields);
  const base = heap.address(0);
  const view = new DataView(heap.bytes.buffer, heap.bytes.byteOffset, heap.bytes.length);
  for (let i = random.integer(1, 4); i > 0; i--) {
    const { offset } = random.pick(headers);
    const place = BigInt(random.integer(0, heap.bytes.length / 16) * 16);
    if (random.fraction() < 0.4) view.setBigUint64(offset, base + place, true);
    else if (random.fraction() < 0.3) view.setBigUint64(offset, place + BigInt(random.integer(0, 3)), true);
    else heap.bytes[offset + random.integer(0, 7)] ^= 1 << random.integer(0, 7);
  }
}

/** One call with sound arguments. @returns a pointer it made, or null */
function randomCall(
  heap: ChunkList,
  pointers: number[],
  random: ReturnType<typeof seededRandom>,
): number | null {
  const pointer = random.pick(pointers);
  const size = random.integer(0, random.pick([60, 600, 100_000]));
  const calls: (() => unknown)[] = [
    () => heap.malloc(size),
    () => heap.calloc(2, size),
    () => heap.realloc(pointer, size),
    () => heap.memalign(256, size),
    () => heap.free(pointer),
    () => heap.free(pointer),
    () => heap.view(pointer).length + heap.usableSize(pointer),
    () => heap.trim(size),
    () => heap.explainFree(pointer),
    () => heap.check(),
    () => heap.snapshot(),
    () => heap.stats(),
  ];
  const index = random.integer(0, calls.length - 1);
  const result = calls[index]();
  return index < 4 ? (result as number | null) : null;
}

describe('damaged metadata', () => {
  it.each([
    ['safe unlinking', true],
    ['no safe unlinking', false],
  ])('ends every call with a result inside the arena or a HeapError: %s', (_, safeUnlink) => {
    const codes = new Set<string>();
    let results = 0;
    const property = fc.property(fc.nat(), fc.constantFrom(...placements), (seed, placement) => {
      const source = bufferSource({ limitBytes: 512 * KiB });
      const heap = ChunkList.create({ source, placement, safeUnlink });
      const pointers = populate(heap, seed);
      const random = seededRandom(seed + 1);
      damage(heap, random);
      for (let i = 0; i < 25; i++) {
        try {
          const made = randomCall(heap, pointers, random);
          results++;
          if (made !== null) {
            expect(made % 16).toBe(0);
            expect(made).toBeGreaterThanOrEqual(0x50);
            expect(made).toBeLessThan(source.committedBytes);
            pointers.push(made);
          }
        } catch (error) {
          if (!(error instanceof HeapError)) throw error;
          codes.add(error.code);
        }
      }
    });
    fc.assert(property, { numRuns: 1500 });
    expect(results).toBeGreaterThan(0);
    expect([...codes]).toEqual(expect.arrayContaining(['ERR_HEAP_CORRUPTED', 'ERR_HEAP_DOUBLE_FREE']));
    if (!safeUnlink) expect(codes).toContain('ERR_HEAP_FAULT');
  });
});
