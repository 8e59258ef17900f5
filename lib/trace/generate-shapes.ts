/** Programs of a particular shape: sessions of a server, phases of a batch, growing strings, fragmented heaps. */
import { KiB, MiB, type Random } from '../core/index.ts';
import { release } from './generate-churn.ts';
import { sizes } from './generate-sizes.ts';
import type { TraceMaker } from './trace-maker.ts';

/** Writes operations until the trace is full. */
export type Shape = (maker: TraceMaker, random: Random) => void;

/** Sessions come, allocate a few blocks of their own, grow some, and end as a whole; caches stay. */
export function sessions(maker: TraceMaker, random: Random): void {
  const open: number[][] = [];
  while (!maker.isFull) {
    if (open.length > 0 && random.integer(1, 100) <= Math.min(open.length, 60)) {
      const [ended] = open.splice(random.integer(0, open.length - 1), 1);
      for (const id of ended) maker.free(id);
      continue;
    }
    const blocks = [maker.calloc(random.integer(200, 900)), maker.malloc(8 * KiB)];
    for (let count = random.integer(1, 20); count > 0; count--)
      blocks.push(maker.malloc(sizes.bimodal(random)));
    if (random.integer(1, 3) === 1) maker.realloc(random.pick(blocks), random.integer(64, 20_000));
    open.push(blocks);
    if (random.integer(1, 50) === 1) maker.malloc(random.integer(16, 2000));
  }
}

/** Load, work, drop: everything of a phase is freed at its end, in the order it came or backwards. */
export function batches(maker: TraceMaker, random: Random): void {
  while (!maker.isFull) {
    const sizeOf = random.pick([sizes.small, sizes.cached, sizes.uniform, sizes.logUniform, sizes.large]);
    const start = maker.live.length;
    for (let count = random.integer(50, 2000); count > 0; count--) {
      maker.malloc(sizeOf(random));
      if (random.integer(1, 4) === 1 && maker.live.length > start) maker.freeYoungest();
    }
    const isBackwards = random.integer(0, 1) === 1;
    const kept = random.integer(1, 4) === 1 ? start + 5 : start;
    while (!maker.isFull && maker.live.length > kept)
      maker.freeAt(isBackwards ? maker.live.length - 1 : kept);
  }
}

/** Every second block is freed, then blocks a little too large for the holes are asked for. */
export function fragmentation(maker: TraceMaker, random: Random): void {
  while (!maker.isFull) {
    const size = random.pick([40, 72, 136, 200, 520, 1100, 2040, 5000]);
    const first = maker.live.length;
    for (let count = random.integer(20, 400); count > 0; count--) maker.malloc(size);
    for (let place = maker.live.length - 1; place > first; place -= 2) maker.freeAt(place);
    for (let count = random.integer(10, 200); count > 0; count--) {
      maker.malloc(size + 16 * random.integer(-1, 3));
    }
    while (!maker.isFull && maker.live.length > 3000) release(maker, random, 'random');
  }
}

/** Strings and arrays that grow by realloc, step by step or doubling, and shrink to what they need. */
export function reallocLadders(maker: TraceMaker, random: Random): void {
  while (!maker.isFull) {
    const id = maker.malloc(random.integer(1, 64));
    const doubles = random.integer(0, 1) === 1;
    const limit = random.pick([500, 2000, 30_000, 200_000]);
    let size = 16;
    while (!maker.isFull && size < limit) {
      size = doubles ? size * 2 : size + random.integer(1, 400);
      maker.realloc(id, size);
      if (random.integer(1, 3) === 1) maker.malloc(random.integer(8, 300));
      if (maker.live.length > 50 && random.integer(1, 3) === 1) releaseOther(maker, random, id);
    }
    if (random.integer(0, 1) === 1) maker.realloc(id, Math.max(1, size - random.integer(0, size)));
    while (!maker.isFull && maker.live.length > 80) release(maker, random, 'random');
  }
}

/** Frees a block, but not this one. */
function releaseOther(maker: TraceMaker, random: Random, id: number): void {
  const place = random.integer(0, maker.live.length - 1);
  if (maker.live[place] !== id) maker.freeAt(place);
}

/** A parser: a tree of small nodes is built and thrown away, results stay for a while. */
export function trees(maker: TraceMaker, random: Random): void {
  while (!maker.isFull) {
    const text = maker.malloc(random.integer(100, 60_000));
    const nodes: number[] = [];
    for (let count = random.integer(10, 300); count > 0; count--) {
      nodes.push(maker.malloc(random.pick([24, 32, 40, 56, 64, 88])));
      if (random.integer(1, 3) === 1) nodes.push(maker.malloc(random.integer(2, 40)));
    }
    if (random.integer(0, 1) === 1) maker.malloc(random.integer(20, 5000));
    for (const id of nodes.reverse()) maker.free(id);
    maker.free(text);
    while (!maker.isFull && maker.live.length > 200) maker.freeAt(random.integer(0, 20));
  }
}

/** Heaps that reach and cross the borders of 64 MiB: mappings of their own are switched off first. */
export function hugeHeaps(maker: TraceMaker, random: Random): void {
  if (random.integer(0, 3) > 0) maker.mallopt(-4, 0);
  while (!maker.isFull) {
    const goal = random.integer(3, 24);
    while (!maker.isFull && maker.live.length < goal) {
      maker.malloc(random.integer(1, 3) === 1 ? sizes.bimodal(random) : sizes.huge(random));
    }
    for (let count = random.integer(1, goal); count > 0 && maker.live.length > 0; count--) {
      release(maker, random, random.pick(['random', 'youngest', 'oldest']));
    }
    if (random.integer(1, 8) === 1) maker.trim(0);
    if (random.integer(1, 6) === 1 && maker.live.length > 0) {
      maker.realloc(random.pick(maker.live), sizes.huge(random));
    }
  }
}

/** Requests that end just before, at or behind the end of top, so that it is used up to the last byte. */
export function topEdges(maker: TraceMaker, random: Random): void {
  while (!maker.isFull) {
    for (let count = random.integer(1, 60); count > 0; count--) {
      maker.malloc(random.pick([4072, 4088, 2024, 1000, 33_000, 65_000, 100_000, random.integer(1, 4096)]));
    }
    while (!maker.isFull && maker.live.length > random.integer(0, 8)) maker.freeYoungest();
    if (random.integer(1, 4) === 1) maker.trim(random.pick([0, 1, 4096]));
  }
}

/** The very first call decides where the cache struct comes to lie: several short beginnings, one per seed. */
export function firstCalls(maker: TraceMaker, random: Random): void {
  switch (random.integer(0, 5)) {
    case 0:
      maker.freeNull();
      break;
    case 1:
      maker.memalign(2 ** random.integer(5, 12), random.integer(1, 5000));
      break;
    case 2:
      maker.calloc(random.integer(0, 2000));
      break;
    case 3:
      maker.malloc(200_000);
      maker.freeYoungest();
      break;
    case 4:
      maker.trim(0);
      break;
    case 5:
      maker.mallopt(-1, 131_072);
      break;
  }
  for (let count = random.integer(1, 40); count > 0; count--) maker.memalign(2 ** random.integer(3, 9), 40);
  while (!maker.isFull) {
    maker.malloc(sizes.uniform(random));
    if (maker.live.length > 60) release(maker, random, 'random');
  }
}

/** Sizes that no machine has, between calls that must not suffer from the refusals. */
export function impossibleSizes(maker: TraceMaker, random: Random): void {
  const absurd = [2 ** 47, 2 ** 48 + 123, 2 ** 50, 2 ** 53 - 1, 2 ** 52 - 4096];
  while (!maker.isFull) {
    if (random.integer(1, 10) === 1) {
      const size = random.pick(absurd);
      // Never resized or freed by a later step: there is no block.
      const id = random.integer(0, 1) === 1 ? maker.malloc(size) : maker.calloc(size);
      maker.forget(id);
    } else if (random.integer(1, 20) === 1 && maker.live.length > 0) {
      maker.realloc(random.pick(maker.live), random.pick(absurd));
    } else if (maker.live.length < 100 || random.integer(0, 1) === 1) {
      maker.malloc(sizes.logUniform(random));
    } else {
      release(maker, random, 'random');
    }
  }
}

/** Producer and consumer: blocks leave in the order they came, with the queue's own growth by realloc. */
export function queues(maker: TraceMaker, random: Random): void {
  let oldest = 0;
  const queue: number[] = [];
  while (!maker.isFull) {
    for (let count = random.integer(1, 300); count > 0; count--) queue.push(maker.malloc(sizes.few(random)));
    for (let count = random.integer(1, 300); count > 0 && oldest < queue.length; count--) {
      maker.free(queue[oldest++]);
    }
  }
}

/** Own mappings large and small: the threshold follows what is freed, up to 32 MiB and not beyond. */
export function movingThreshold(maker: TraceMaker, random: Random): void {
  while (!maker.isFull) {
    const size = random.pick([
      128 * KiB - 24,
      128 * KiB,
      200_000,
      MiB,
      5 * MiB,
      32 * MiB - 5000,
      32 * MiB,
      33 * MiB,
    ]);
    maker.malloc(size + random.integer(-8, 8));
    if (random.integer(0, 1) === 1) maker.malloc(random.integer(1, 300_000));
    if (random.integer(1, 5) === 1) maker.realloc(random.pick(maker.live), random.integer(1000, 3 * MiB));
    while (!maker.isFull && maker.live.length > 12) release(maker, random, 'random');
  }
}
