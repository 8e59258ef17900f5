/**
 * The general shape of a program: blocks come and go around a number of live ones. Profiles say which sizes, which
 * calls besides malloc and free, and which block dies next.
 */
import type { Random } from '../core/index.ts';
import type { SizeOf } from './generate-sizes.ts';
import type { TraceMaker } from './trace-maker.ts';

/** Which block is freed next. */
export type DeathOrder = 'random' | 'youngest' | 'oldest' | 'young' | 'zipf';

/** How a program behaves; likelihoods are per operation, 0 to 1. */
export interface Churn {
  sizes: SizeOf;
  /** Blocks that are live as a rule. */
  live: number;
  /** @defaultValue 'random' */
  dies?: DeathOrder;
  /** The number of live blocks changes from time to time, down to none. */
  waves?: boolean;
  /** Of all allocations. */
  calloc?: number;
  memalign?: number;
  /** Largest alignment as a power of two. @defaultValue 12 */
  alignmentBits?: number;
  realloc?: number;
  /** Size of a realloc. @defaultValue `sizes` */
  resizes?: (random: Random, size: number) => number;
  usable?: number;
  freeNull?: number;
  trim?: number;
  mallopt?: number;
}

const trimPads = [0, 0, 4096, 100_000, 131_072];

/** Parameters and values a program may set; mappings stay possible to allow for what the kernel chooses. */
const options: readonly (readonly [number, readonly number[]])[] = [
  [1, [0, 7, 8, 64, 80, 128, 160, 161, 200]],
  [-1, [65_536, 131_072, 1_000_000, -1, 0]],
  [-2, [0, 4096, 65_536, 131_072]],
  [-3, [65_536, 131_072, 1_000_000, 40_000_000]],
  [-4, [0, 5, 65_536]],
  [-5, [3]],
  [-6, [0, 0, 0, 0x55]],
  [-7, [2]],
  [-8, [4]],
];

/** Runs until the trace is full. */
export function churn(maker: TraceMaker, random: Random, how: Churn): void {
  let target = how.live;
  const waveLength = Math.max(200, 2 * how.live);
  while (!maker.isFull) {
    if (how.waves === true && random.integer(1, waveLength) === 1) {
      target = random.pick([how.live, how.live >> 2, 2 * how.live, 0]);
    }
    if (rareCall(maker, random, how)) continue;
    const { live } = maker;
    const grows = live.length === 0 || random.fraction() < (live.length < target ? 0.7 : 0.3);
    if (grows) allocate(maker, random, how);
    else release(maker, random, how.dies ?? 'random');
  }
}

/** Makes one call that is neither an allocation nor a free, if the dice say so. */
function rareCall(maker: TraceMaker, random: Random, how: Churn): boolean {
  const { realloc = 0, usable = 0, freeNull = 0, trim = 0, mallopt = 0 } = how;
  let chance = random.fraction();
  if (chance < trim) {
    maker.trim(random.pick(trimPads));
    return true;
  }
  chance -= trim;
  if (chance < mallopt) {
    const [parameter, values] = random.pick(options);
    maker.mallopt(parameter, random.pick(values));
    return true;
  }
  chance -= mallopt;
  if (chance < freeNull) {
    maker.freeNull();
    return true;
  }
  chance -= freeNull;
  if (maker.live.length === 0 || chance >= realloc + usable) return false;
  const id = random.pick(maker.live);
  if (chance < usable) maker.usableSize(id);
  else maker.realloc(id, how.resizes?.(random, maker.sizeOf(id)) ?? how.sizes(random));
  return true;
}

function allocate(maker: TraceMaker, random: Random, how: Churn): void {
  const { calloc = 0, memalign = 0, alignmentBits = 12 } = how;
  const size = how.sizes(random);
  const chance = random.fraction();
  if (chance < memalign) maker.memalign(alignment(random, alignmentBits), size);
  else if (chance < memalign + calloc) maker.calloc(size);
  else maker.malloc(size);
}

/** Powers of two as a rule; memalign takes others too, and rounds them up. */
function alignment(random: Random, bits: number): number {
  const power = 2 ** random.integer(0, bits);
  return random.integer(1, 16) === 1 ? Math.max(1, power - random.integer(1, 7)) : power;
}

/** Frees one block. */
export function release(maker: TraceMaker, random: Random, order: DeathOrder): void {
  maker.freeAt(placeOfDeath(maker.live.length - 1, random, order));
}

function placeOfDeath(last: number, random: Random, order: DeathOrder): number {
  switch (order) {
    case 'youngest':
      return last;
    case 'oldest':
      // The first places hold the oldest, a little shuffled: swapping the last in costs no time.
      return random.integer(0, Math.min(last, 3));
    case 'young':
      return last - random.integer(0, Math.min(last, 15));
    case 'zipf':
      // Rank r dies with a probability like 1 / r: most die young, some live nearly for ever.
      return last - (Math.floor((last + 2) ** random.fraction()) - 1);
    case 'random':
      return random.integer(0, last);
  }
}
