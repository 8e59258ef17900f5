/** Sampling: some allocations guarded, the others on a plain heap in the same window, all as one heap. */
import { describe, expect, it } from 'vitest';
import { type Allocator, ArgumentError, seededRandom } from '../../../lib/core/index.ts';
import { GuardedHeap as BareHeap } from '../../../lib/guarded/index.ts';
import { Sampler } from '../../../lib/guarded/sampler.ts';
import { GuardedHeap, Heap } from '../../../lib/index.ts';

describe('sampler', () => {
  it.each([2, 10, 1000])('takes one in %d on average', (rate) => {
    const sampler = new Sampler(rate, 1, false, seededRandom(1));
    const samples = 20_000;
    let allocations = 0;
    for (let i = 0; i < samples; i++) allocations += sampler.next();
    expect(allocations / samples / rate).toBeGreaterThan(0.97);
    expect(allocations / samples / rate).toBeLessThan(1.03);
  });

  it('pauses after it took its share of the time', () => {
    const sampler = new Sampler(10, 0.01, false, seededRandom(1));
    expect(sampler.affords()).toBe(true);
    const start = sampler.start();
    while (performance.now() < start + 0.3);
    sampler.charge(start);
    expect(sampler.affords()).toBe(false);
    // A hundred times 0.3 ms; of a stop never more than 1 ms is counted.
    const deadline = performance.now() + 5000;
    while (!sampler.affords() && performance.now() < deadline);
    expect(sampler.affords()).toBe(true);
  });

  it('hands the turn of a block that cannot be guarded on to one of the next sixteen', () => {
    const sampler = new Sampler(1000, 1, true, seededRandom(1));
    for (let i = 0; i < 100; i++) {
      sampler.passOn();
      expect(sampler.next()).toBeLessThanOrEqual(16);
    }
    expect(Array.from({ length: 20 }, () => sampler.next()).some((away) => away > 16)).toBe(true);
  });

  it('keeps its rate while it pauses where there is another way, and rarely looks at the clock', () => {
    const sampler = new Sampler(1000, 0.001, true, seededRandom(1));
    for (let i = 0; i < 100; i++) sampler.charge(performance.now() - 1000);
    let allocations = 0;
    for (let turn = 0; turn < 20_000; turn++) {
      expect(sampler.affords()).toBe(false);
      allocations += sampler.next();
    }
    expect(Math.abs(allocations / 20_000_000 - 1)).toBeLessThan(0.03);
  });

  it('asks more and more rarely while it pauses, up to 32 times', () => {
    const sampler = new Sampler(1000, 0.001, false, seededRandom(1));
    const doublings = (): number => {
      let allocations = 0;
      for (let i = 0; i < 2000; i++) allocations += sampler.next();
      return Math.abs(Math.round(Math.log2(allocations / 2000 / 1000)));
    };
    const found = [doublings()];
    // Each is a second of pause: more than a minute in all, which no test takes.
    for (let i = 0; i < 100; i++) sampler.charge(performance.now() - 1000);
    for (let i = 0; i < 7; i++) {
      expect(sampler.affords()).toBe(false);
      found.push(doublings());
    }
    expect(found).toEqual([0, 1, 2, 3, 4, 5, 5, 5]);
  });
});

describe('a sampled heap', () => {
  it('guards some of many blocks, catches what happens to them, and is one heap to its user', () => {
    using heap = GuardedHeap.create({ policy: 'record', sampleRate: 10, sampleShare: 1, seed: 5 });
    const blocks = Array.from({ length: 1000 }, (_, i) => heap.malloc(64 + (i % 7) * 16)!);
    const guarded = blocks.filter((block) => heap.isGuarded(block));
    expect(guarded.length).toBeGreaterThan(50);
    expect(guarded.length).toBeLessThan(200);
    for (const block of blocks) heap.view(block).fill(0x11);
    const victim = guarded[20];
    heap.bytes[victim + heap.usableSize(victim)] = 1;
    expect(heap.faults()).toMatchObject([{ block: { pointer: victim }, distanceBytes: 0 }]);
    expect(heap.address(blocks[0]) - heap.address(blocks[1])).toBe(BigInt(blocks[0] - blocks[1]));
    const plain = blocks.find((block) => !heap.isGuarded(block))!;
    const moved = heap.realloc(plain, 5000)!;
    expect([...new Set(heap.view(moved).subarray(0, 64))]).toEqual([0x11]);
    for (const block of blocks) heap.free(block === plain ? moved : block);
    expect(heap.check()).toEqual([]);
    expect(() => heap.free(victim)).toThrow(/double free/);
    expect(heap.stats().inUseChunks).toBeLessThan(10);
  });

  it('gives large blocks, and those for which there is no slot, to the plain heap', () => {
    using heap = GuardedHeap.create({
      policy: 'record',
      sampleRate: 2,
      sampleShare: 1,
      maxSlots: 3,
      seed: 1,
    });
    const large = Array.from({ length: 40 }, () => heap.malloc(5000)!);
    expect(large.some((block) => heap.isGuarded(block))).toBe(false);
    const small = Array.from({ length: 40 }, () => heap.malloc(500)!);
    expect(small.filter((block) => heap.isGuarded(block))).toHaveLength(3);
  });

  it('places the others as a heap that never heard of the guarded ones', () => {
    using heap = GuardedHeap.create({ policy: 'record', sampleRate: 7, sampleShare: 1, seed: 3 });
    using plain = Heap.create();
    const random = seededRandom(11);
    const live: { pointer: number; isGuarded: boolean }[] = [];
    const calls = [
      (on: Allocator, size: number) => on.malloc(size),
      (on: Allocator, size: number) => on.calloc(3, size),
      (on: Allocator, size: number) => on.memalign(8, size),
      (on: Allocator, size: number) => on.memalign(64, size),
      (on: Allocator, size: number) => on.realloc(null, size),
    ];
    let guarded = 0;
    for (let i = 0; i < 5000; i++) {
      const size = Math.floor(2 ** (13 * random.fraction()));
      const old =
        live.length > 0 && random.fraction() < 0.5
          ? live.splice(random.integer(0, live.length - 1), 1)[0]
          : undefined;
      const call = calls[random.integer(0, calls.length - 1)];
      const isResized = old !== undefined && i % 3 === 0;
      const pointer = isResized ? heap.realloc(old.pointer, size)! : call(heap, size)!;
      const isGuarded = heap.isGuarded(pointer);
      if (old !== undefined && !isResized) heap.free(old.pointer);
      const isResizedThere = isResized && !old.isGuarded;
      // A guarded block that realloc moves out is one more malloc there.
      if (isResizedThere) expect(plain.realloc(old.pointer, size)).toBe(pointer);
      else if (!isGuarded) expect(isResized ? plain.malloc(size) : call(plain, size)).toBe(pointer);
      if (old !== undefined && !isResized && !old.isGuarded) plain.free(old.pointer);
      if (isGuarded) guarded++;
      live.push({ pointer, isGuarded });
    }
    expect(guarded).toBeGreaterThan(200);
    expect(heap.guardedCount).toBe(guarded);
    expect(heap.check()).toEqual([]);
  });

  it('is a guarded heap whose plain heap stands in no stack', () => {
    using heap = GuardedHeap.create({ policy: 'record', sampleRate: 2, sampleShare: 1, seed: 1 });
    using every = GuardedHeap.create({ policy: 'record' });
    using plain = Heap.create();
    expect([heap, every, plain, null].map((value) => value instanceof GuardedHeap)).toEqual([
      ...[true, true, false, false],
    ]);
    const victim = Array.from({ length: 20 }, () => heap.realloc(heap.malloc(10), 10)!).find((block) =>
      heap.isGuarded(block),
    )!;
    heap.bytes[victim + heap.usableSize(victim) + 6] = 1;
    expect(heap.faults()[0].block?.allocatedAt).toMatch(/^at .*sampling\.test\.ts/);
    expect(() => heap.memalign(12, 10)).toThrow(ArgumentError);
    heap.destroy();
    for (let i = 0; i < 5; i++) {
      for (const call of [() => heap.malloc(1), () => heap.calloc(1, 1), () => heap.memalign(32, 1)])
        expect(call).toThrow(/was destroyed/);
    }
    expect(() => heap.free(victim)).toThrow(/was destroyed/);
  });

  it('needs a plain heap to be given, and a share that can be meant', () => {
    expect(() => BareHeap.create({ sampleRate: 10 })).toThrow(ArgumentError);
    for (const sampleShare of [0, 1.5, Number.NaN])
      expect(() => GuardedHeap.create({ sampleRate: 10, sampleShare })).toThrow(ArgumentError);
  });
});

describe('options', () => {
  it.each([
    [{ side: 'top' }],
    [{ alignment: 24 }],
    [{ alignment: 0 }],
    [{ policy: 'shout' }],
    [{ quarantineBytes: -1 }],
    [{ sampleRate: 0 }],
    [{ maxSlots: 0 }],
    [{ limitBytes: 100 }],
    [{ stackFrames: 1000 }],
    [{ method: 'magic' }],
  ])('%j is refused', (options) => {
    expect(() => GuardedHeap.create(options as object)).toThrow(ArgumentError);
  });
});
