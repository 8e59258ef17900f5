/**
 * Samples beyond the share of the time: really one in a thousand, overflows caught at once, and what is known of a block
 * that was freed while its rack was open.
 */
import { describe, expect, it } from 'vitest';
import { type Allocator, type FaultPolicy, seededRandom } from '../../../lib/core/index.ts';
import { GuardedHeap, type GuardedHeapOptions, Heap, isSupported, pageSize } from '../../../lib/index.ts';

const seed = Number(process.env.CHUNKYARD_SEED ?? 20_264);
const page = pageSize();

/** A share so small that all but the first samples go to racks. */
const open = (options: GuardedHeapOptions = {}): GuardedHeap =>
  GuardedHeap.create({
    policy: 'record',
    sampleRate: 2,
    sampleShare: 0.001,
    maxSlots: 128,
    seed,
    ...options,
  });

/** Allocates until a block lies in a rack. */
function mallocInRack(heap: GuardedHeap, sizeBytes: number): number {
  for (let tries = 0; tries < 1000; tries++) {
    const block = heap.malloc(sizeBytes)!;
    if (heap.isGuarded(block) && isInRack(heap, block)) return block;
    heap.free(block);
  }
  throw new Error('no block came from a rack');
}

/** What `explainFree` says of such a block's page. */
const isInRack = (heap: GuardedHeap, block: number): boolean =>
  heap.explainFree(block).steps.some(({ step }) => step.includes('rack'));

/** Allocates and frees until racks have come and gone. */
function turnOver(heap: GuardedHeap, pairs = 3000): void {
  for (let k = 0; k < pairs; k++) heap.free(heap.malloc(40));
}

describe.skipIf(!isSupported('guardInstall'))('racks', () => {
  it(`one of 1,000 allocations is guarded, in a loop that does nothing else, seed ${seed}`, () => {
    using heap = GuardedHeap.create({ policy: 'record', sampleRate: 1000, seed });
    const allocations = 1_000_000;
    for (let k = 0; k < allocations; k++) heap.free(heap.malloc(k % 500));
    expect(heap.guardedCount).toBeGreaterThan(allocations / 1300);
    expect(heap.guardedCount).toBeLessThan(allocations / 800);
    expect(heap.check()).toEqual([]);
    expect(heap.faults()).toEqual([]);
  });

  it('large blocks, which are not guarded, do not make samples rare', () => {
    using heap = GuardedHeap.create({ policy: 'record', sampleRate: 100, seed });
    for (let k = 0; k < 100_000; k++) heap.free(heap.malloc(k % 3 === 0 ? 100 : 2 * page));
    expect(heap.guardedCount).toBeGreaterThan(100_000 / 140);
  });

  it.each(['right', 'left'] as const)('an access past the guarded side (%s) is caught at once', (side) => {
    using heap = open({ side });
    for (let round = 0; round < 40; round++) {
      const size = 16 * (round + 1);
      const block = mallocInRack(heap, size);
      heap.bytes[side === 'right' ? block + size : block - 1] = 1;
      const kind = side === 'right' ? 'heap-buffer-overflow' : 'heap-buffer-underflow';
      expect(heap.faults()).toHaveLength(round + 1);
      expect(heap.faults()[round]).toMatchObject({
        kind,
        signal: 'SIGSEGV',
        distanceBytes: side === 'right' ? 0 : -1,
        block: { pointer: block, sizeBytes: size, state: 'live', allocatedAt: null },
      });
      heap.free(block);
      turnOver(heap, 100);
    }
  });

  it('a write to the first 16 bytes of a freed block is found when its rack is shut', () => {
    using heap = open();
    const told: unknown[] = [];
    heap.on('fault', (fault) => told.push(fault));
    const block = mallocInRack(heap, 100);
    heap.free(block);
    heap.bytes[block + 15] = 0x41;
    heap.bytes[block + 16] = 0x41;
    expect(heap.faults()).toEqual([]);
    turnOver(heap);
    expect(heap.faults()).toMatchObject([
      {
        kind: 'use-after-free',
        access: 'write',
        signal: null,
        offsetBytes: block + 15,
        distanceBytes: null,
        block: { pointer: block, sizeBytes: 100, state: 'freed', freedBy: 'main' },
      },
    ]);
    expect(told).toEqual(heap.faults());
    expect(heap.check()).toEqual([]);
  });

  it('check() finds it before, once', () => {
    using heap = open();
    const block = mallocInRack(heap, 64);
    heap.free(block);
    heap.bytes[block] = 0x41;
    const found = heap.check();
    expect(found).toMatchObject([{ rule: 'freed-untouched', chunk: block }]);
    expect(found[0].message).toMatch(/^use-after-free: write at .* 0 bytes into freed 64-byte allocation/);
    expect(heap.check()).toEqual([]);
    turnOver(heap);
    expect(heap.faults()).toHaveLength(1);
  });

  it('an access to a freed block is caught at once when its rack is shut, and the slot serves again', () => {
    using heap = open({ maxSlots: 512 });
    const blocks = Array.from({ length: 60 }, () => mallocInRack(heap, 64));
    for (const block of blocks) heap.free(block);
    for (let k = 0; k < 80; k++) heap.free(mallocInRack(heap, 8));
    const before = heap.faults().length;
    for (const block of blocks.slice(0, 8)) heap.bytes[block] = 1;
    const hits = heap.faults().slice(before);
    expect(hits.length).toBeGreaterThan(0);
    for (const hit of hits) expect(hit).toMatchObject({ kind: 'use-after-free', signal: 'SIGSEGV' });
    turnOver(heap);
    for (let k = 0; k < 200; k++) heap.view(mallocInRack(heap, 5)).fill(k);
    expect(heap.check()).toEqual([]);
  });

  it('is shut when the next rack is opened, not when its last block is freed', () => {
    using heap = open();
    // An eighth of maxSlots.
    const blocks = Array.from({ length: 16 }, () => mallocInRack(heap, 64));
    for (const block of blocks) heap.free(block);
    for (const block of blocks) heap.bytes[block] = 1;
    expect(heap.faults()).toEqual([]);
    mallocInRack(heap, 64);
    expect(heap.faults()).toMatchObject(
      blocks.map((pointer) => ({ kind: 'use-after-free', signal: null, block: { pointer } })),
    );
    heap.bytes[blocks[0]] = 1;
    expect(heap.faults().at(-1)).toMatchObject({ kind: 'use-after-free', signal: 'SIGSEGV' });
  });

  it('what is no pointer at all is refused, and nothing is lost', () => {
    using heap = open();
    const block = mallocInRack(heap, 64);
    for (const pointer of [Number.NaN, -1, block + 0.5, block + 2 ** 32, 2 ** 53, Number.POSITIVE_INFINITY])
      expect(() => heap.free(pointer), String(pointer)).toThrow();
    heap.view(block).fill(1);
    heap.free(block);
    expect(heap.check()).toEqual([]);
  });

  it('is shut around blocks that live on', () => {
    using heap = open({ maxSlots: 512 });
    const blocks = Array.from({ length: 60 }, () => mallocInRack(heap, 64));
    const kept = blocks.filter((_, k) => k % 10 === 0);
    const freed = blocks.filter((_, k) => k % 10 !== 0).slice(0, 8);
    for (const block of kept) heap.view(block).fill(7);
    for (const block of blocks) if (!kept.includes(block)) heap.free(block);
    for (let k = 0; k < 160; k++) heap.free(mallocInRack(heap, 8));
    const before = heap.faults().length;
    for (const block of freed) heap.bytes[block] = 1;
    expect(heap.faults().slice(before)).toMatchObject(
      freed.map((pointer) => ({ kind: 'use-after-free', signal: 'SIGSEGV', block: { pointer } })),
    );
    turnOver(heap);
    for (const block of kept) {
      expect(heap.view(block)).toEqual(new Uint8Array(64).fill(7));
      heap.free(block);
    }
    turnOver(heap);
    expect(heap.faults()).toHaveLength(before + freed.length);
    expect(heap.check()).toEqual([]);
  });

  it("a write far from its block is nobody else's", () => {
    using heap = open();
    for (let k = 0; k < 200; k++) {
      const block = mallocInRack(heap, 16 + (k % 5) * 700);
      heap.bytes[block - 200] = 1;
      heap.free(block);
    }
    expect(heap.faults()).toEqual([]);
    expect(heap.check()).toEqual([]);
  });

  it('freeing twice, and freeing inside of a block, is refused while the slot is open', () => {
    using heap = open();
    const block = mallocInRack(heap, 64);
    expect(() => heap.free(block + 16)).toThrow(/lies 16 bytes into 64-byte allocation/);
    heap.free(block);
    expect(() => heap.free(block)).toThrow(/double free/);
    expect(() => heap.view(block)).toThrow(/use after free/);
    expect(() => heap.realloc(block, 10)).toThrow(/use after free|invalid|double free/);
    turnOver(heap, 20);
    expect(() => heap.free(block)).toThrow(/double free|invalid pointer/);
  });

  it.each([
    ['throw', -1],
    ['throw', -16],
    ['throw', 61],
  ] as [FaultPolicy, number][])('policy %s: slack damaged at %d is found by free', (policy, at) => {
    using heap = open({ policy });
    const block = mallocInRack(heap, 61);
    heap.bytes[block + at] = 0x41;
    expect(() => heap.free(block)).toThrow(/61-byte allocation/);
    // Once: the slack was made whole, the block is still there.
    heap.free(block);
    expect(heap.faults()).toHaveLength(1);
  });

  it('calloc gives zeros in used slots, realloc keeps bytes, memalign aligns', () => {
    using heap = open();
    const seen = { realloc: 0, memalign: 0 };
    for (let k = 0; k < 600; k++) {
      const zeroed = heap.calloc(3, 100)!;
      expect(
        heap
          .view(zeroed)
          .subarray(0, 300)
          .every((byte) => byte === 0),
      ).toBe(true);
      heap.view(zeroed).subarray(0, 300).fill(k);
      const moved = heap.realloc(zeroed, 200)!;
      expect(
        heap
          .view(moved)
          .subarray(0, 200)
          .every((byte) => byte === (k & 255)),
      ).toBe(true);
      const aligned = heap.memalign(256, 30)!;
      expect(aligned % 256).toBe(0);
      if (heap.isGuarded(moved)) seen.realloc++;
      if (heap.isGuarded(aligned)) seen.memalign++;
      heap.free(moved);
      heap.free(aligned);
    }
    expect(seen.realloc).toBeGreaterThan(50);
    expect(seen.memalign).toBeGreaterThan(50);
    expect(heap.faults()).toEqual([]);
  });

  it('never guards more than maxSlots, and loses none of them', () => {
    using heap = open({ maxSlots: 32 });
    for (let round = 0; round < 20; round++) {
      const blocks = Array.from({ length: 300 }, () => heap.malloc(50)!);
      const guarded = blocks.filter((block) => heap.isGuarded(block)).length;
      expect(guarded).toBeGreaterThan(8);
      expect(guarded).toBeLessThanOrEqual(32);
      const { live, quarantined, free } = heap.slots;
      expect(live).toBe(guarded);
      expect(live + quarantined + free).toBeLessThanOrEqual(32);
      for (const block of blocks) heap.free(block);
    }
    expect(heap.slots.live).toBe(0);
  });

  it('when the heap is gone nothing comes and nothing goes', () => {
    const heap = open();
    const block = mallocInRack(heap, 10);
    heap.destroy();
    for (let k = 0; k < 10; k++) expect(() => heap.malloc(1)).toThrow(/was destroyed/);
    expect(() => heap.free(block)).toThrow(/was destroyed/);
  });
});

it.each([{ method: 'mprotect', maxSlots: 12 }, { maxSlots: 7 }] as const)(
  'without racks (%j) all slots are whole, and beyond the share nothing is guarded',
  (options) => {
    using heap = open({ ...options, sampleShare: 0.999 });
    const deadline = performance.now() + 5000;
    const blocks: number[] = [];
    while (heap.slots.live < options.maxSlots && performance.now() < deadline) blocks.push(heap.malloc(50)!);
    expect(heap.slots.live).toBe(options.maxSlots);
    for (const block of blocks) if (heap.isGuarded(block)) expect(isInRack(heap, block)).toBe(false);
    turnOver(heap);
    expect(heap.faults()).toEqual([]);
  },
);

it.each(['right', 'left', 'random'] as const)(
  `random programs, side %s: bytes stay, placements beside them are the plain heap's, no false report, seed ${seed}`,
  (side) => {
    using heap = open({ side, sampleRate: 5, alignment: 8, maxSlots: 300 });
    using plain = Heap.create();
    const random = seededRandom(seed);
    const live: { pointer: number; size: number; mark: number; isGuarded: boolean }[] = [];
    const calls = [
      (on: Allocator, size: number) => on.malloc(size),
      (on: Allocator, size: number) => on.calloc(1, size),
      (on: Allocator, size: number) => on.memalign(32, size),
    ];
    let guarded = 0;
    for (let k = 0; k < 20_000; k++) {
      if (live.length > 0 && random.fraction() < (k % 4000 < 2000 ? 0.45 : 0.55)) {
        const [{ pointer, size, mark, isGuarded }] = live.splice(random.integer(0, live.length - 1), 1);
        expect(
          heap
            .view(pointer)
            .subarray(0, size)
            .every((byte) => byte === mark),
        ).toBe(true);
        heap.free(pointer);
        if (!isGuarded) plain.free(pointer);
        continue;
      }
      const size = Math.floor(2 ** (12 * random.fraction()));
      const call = random.pick(calls);
      const pointer = call(heap, size)!;
      const isGuarded = heap.isGuarded(pointer);
      if (isGuarded) guarded++;
      else expect(call(plain, size)).toBe(pointer);
      const mark = random.integer(1, 255);
      heap.bytes.fill(mark, pointer, pointer + size);
      live.push({ pointer, size, mark, isGuarded });
    }
    expect(guarded).toBeGreaterThan(1000);
    expect(heap.guardedCount).toBe(guarded);
    expect(heap.check()).toEqual([]);
    expect(heap.faults()).toEqual([]);
  },
);
