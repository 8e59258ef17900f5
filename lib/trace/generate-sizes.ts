/** Distributions of request sizes, as programs have them and as size classes fear them. */
import { KiB, MiB, type Random } from '../core/index.ts';

/** Draws a request size in bytes. */
export type SizeOf = (random: Random) => number;

/** Every size between two bounds alike. */
export function uniform(minimum: number, maximum: number): SizeOf {
  return (random) => random.integer(minimum, maximum);
}

/** Every order of magnitude alike. */
export function logUniform(minimum: number, maximum: number): SizeOf {
  const [low, high] = [Math.log(minimum), Math.log(maximum + 1)];
  return (random) => Math.floor(Math.exp(low + random.fraction() * (high - low)));
}

/** One of a few sizes. */
export function oneOf(...sizes: number[]): SizeOf {
  return (random) => random.pick(sizes);
}

/** One distribution or, with the given probability, another. */
export function either(likelihood: number, first: SizeOf, second: SizeOf): SizeOf {
  return (random) => (random.fraction() < likelihood ? first(random) : second(random));
}

/** A distribution, one byte less or more now and then. */
export function around(sizes: SizeOf, spread: number): SizeOf {
  return (random) => Math.max(0, sizes(random) + random.integer(-spread, spread));
}

// Requests whose chunk is the last of a kind: smallest, fastbins by default and by mallopt, small, cached.
const borders = [0, 24, 25, 104, 120, 121, 136, 152, 168, 1000, 1008, 1016, 1024, 1032, 1033, 1048];

// First chunk sizes of large bins whose spacing differs from the one before.
const largeBorders = [1024, 1088, 3072, 3136, 10752, 11264, 45056, 49152, 131072, 163840].map((n) => n - 8);

/** Names of the distributions below. */
type SizeName =
  | 'uniform'
  | 'logUniform'
  | 'small'
  | 'cached'
  | 'fast'
  | 'borders'
  | 'few'
  | 'large'
  | 'largeBorders'
  | 'crowded'
  | 'bimodal'
  | 'pages'
  | 'threshold'
  | 'mappings'
  | 'huge';

/** Distributions by what they press on. */
export const sizes: Readonly<Record<SizeName, SizeOf>> = {
  uniform: uniform(16, 4096),
  logUniform: logUniform(8, 64 * KiB),
  small: uniform(0, 128),
  cached: uniform(1, 1032),
  fast: uniform(1, 120),
  borders: around(oneOf(...borders), 1),
  few: oneOf(24, 40, 100, 200, 1000, 1040, 1100, 2000, 4096),
  large: logUniform(1016, 100 * KiB),
  largeBorders: around(oneOf(...largeBorders), 17),
  crowded: (random: Random): number => 1016 + 16 * random.integer(0, 12) + 512 * random.integer(0, 2),
  bimodal: either(0.9, uniform(1, 200), uniform(2000, 40_000)),
  pages: (random: Random): number => 4096 * random.integer(1, 20) - random.integer(0, 48),
  threshold: around(oneOf(96 * KiB, 128 * KiB, 132 * KiB, 256 * KiB, 300_000), 64),
  mappings: logUniform(100 * KiB, 40 * MiB),
  huge: logUniform(64 * KiB, 50 * MiB),
};
