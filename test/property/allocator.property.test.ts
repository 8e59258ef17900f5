/**
 * Random programs on the allocators, every step checked against a model; then random damage to the metadata. A
 * failure prints its seed and path: pass them to fc.assert to run it again.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkList, type Placement } from '../../lib/chunklist/index.ts';
import { HeapError, KiB, type Random, seededRandom } from '../../lib/core/index.ts';
import { bufferSource } from '../../lib/pages/index.ts';
import { programs, runProgram } from './allocator-commands.ts';
import { addBlock, expectContents, type Model, type ModelBlock } from './range-list.ts';

const placements: Placement[] = ['first-fit', 'next-fit', 'best-fit'];

describe('random programs', () => {
  it.each(placements)('chunklist, %s: sound after every step, and one free chunk at the end', (placement) => {
    fc.assert(
      fc.property(programs, fc.constantFrom(256, 1024), (program, limitKiB) => {
        const heap = ChunkList.create({ source: bufferSource({ limitBytes: limitKiB * KiB }), placement });
        runProgram(heap, program);
        expect(heap.stats()).toMatchObject({ inUseChunks: 0, freeChunks: 1 });
      }),
      { numRuns: 100 },
    );
  });
});

/** Blocks of a heap before the damage: those alive, and the pointers of all that ever were. */
interface Population {
  alive: ModelBlock[];
  pointers: number[];
}

/** Fills a heap with blocks and holes. */
function populate(heap: ChunkList, random: Random): Population {
  const model: Model = { blocks: [], nextSeed: 1 };
  const pointers: number[] = [];
  for (let i = 0; i < 40; i++) {
    const size = random.integer(0, random.pick([40, 400, 4000]));
    const pointer = heap.malloc(size);
    if (pointer === null) continue;
    addBlock(model, heap, pointer, size);
    pointers.push(pointer);
    if (random.fraction() < 0.4) {
      const [victim] = model.blocks.splice(random.integer(0, model.blocks.length - 1), 1);
      heap.free(victim.pointer);
    }
  }
  return { alive: model.blocks, pointers };
}

/** Overwrites bytes of headers, now and then a whole word with an address. */
function damage(heap: ChunkList, random: Random): void {
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

/** One call with sound arguments; what it hands out is written to, what it takes back is alive no more. */
function randomCall(heap: ChunkList, population: Population, random: Random): void {
  const pointer = random.pick(population.pointers);
  const size = random.integer(0, random.pick([60, 600, 100_000]));
  const looks: (() => unknown)[] = [
    () => heap.view(pointer).length + heap.usableSize(pointer),
    () => heap.trim(size),
    () => heap.explainFree(pointer),
    () => heap.check(),
    () => heap.snapshot(),
    () => heap.stats(),
  ];
  const call = random.pick([
    'malloc',
    'calloc',
    'realloc',
    'memalign',
    'free',
    'free',
    'look',
    'look',
  ] as const);
  if (call === 'look') return void random.pick(looks)();
  let made: number | null = null;
  if (call === 'malloc') made = heap.malloc(size);
  if (call === 'calloc') made = heap.calloc(1, size);
  if (call === 'memalign') made = heap.memalign(256, size);
  if (call === 'realloc') made = heap.realloc(pointer, size);
  if (call === 'free') heap.free(pointer);
  const takesBack = call === 'free' || (call === 'realloc' && (made !== null || size === 0));
  if (takesBack) population.alive = population.alive.filter((block) => block.pointer !== pointer);
  if (made === null) return;
  expect(made % 16).toBe(0);
  expect(made).toBeGreaterThanOrEqual(0x50);
  expect(made + size).toBeLessThanOrEqual(heap.bytes.length);
  heap.bytes.fill(0xee, made, made + size);
  population.pointers.push(made);
}

describe('damaged metadata', () => {
  it.each([
    ['safe unlinking', true],
    ['no safe unlinking', false],
  ])('ends every call with a result inside the arena or a HeapError: %s', (_, safeUnlink) => {
    const codes = new Set<string>();
    let results = 0;
    const property = fc.property(fc.nat(), fc.constantFrom(...placements), (seed, placement) => {
      const random = seededRandom(seed);
      const source = bufferSource({ limitBytes: 512 * KiB });
      const heap = ChunkList.create({ source, placement, safeUnlink });
      const population = populate(heap, random);
      damage(heap, random);
      for (let i = 0; i < 25; i++) {
        try {
          randomCall(heap, population, random);
          results++;
        } catch (error) {
          if (!(error instanceof HeapError)) throw error;
          codes.add(error.code);
        }
        // The damage is to headers. Whatever the calls make of it, they may not harm a block that is alive.
        if (safeUnlink) for (const block of population.alive) expectContents(heap, block);
      }
    });
    fc.assert(property, { numRuns: 300 });
    expect(results).toBeGreaterThan(0);
    expect([...codes]).toEqual(expect.arrayContaining(['ERR_HEAP_CORRUPTED', 'ERR_HEAP_DOUBLE_FREE']));
    if (!safeUnlink) expect(codes).toContain('ERR_HEAP_FAULT');
  });
});
