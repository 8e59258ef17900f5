/** A program described by numbers, so that the pattern of a paper can be made again. */
import { ArgumentError, requireInteger, requireOneOf } from '../core/index.ts';
import { type Churn, churn, type DeathOrder } from './generate-churn.ts';
import type { Shape } from './generate-shapes.ts';
import { logUniform, uniform } from './generate-sizes.ts';

/** Orders in which blocks die. */
export const lifetimes: readonly DeathOrder[] = ['random', 'youngest', 'oldest', 'young', 'zipf'];
/** Distributions of sizes. */
export const distributions = ['uniform', 'log-uniform'] as const;

/** The numbers. Shares are of the calls that could be such a one, 0 to 1. */
export interface Mix {
  /** @defaultValue 'log-uniform' */
  sizes?: (typeof distributions)[number];
  /** @defaultValue 16 */
  minimumBytes?: number;
  /** Up to 2^40. @defaultValue 4096 */
  maximumBytes?: number;
  /** Blocks that are live as a rule. @defaultValue 1000 */
  live?: number;
  /** Which block is freed next. @defaultValue 'random' */
  lifetimes?: DeathOrder;
  /** The number of live blocks goes up and down, to none at times. @defaultValue false */
  waves?: boolean;
  /** @defaultValue 0 */
  reallocShare?: number;
  callocShare?: number;
  memalignShare?: number;
}

/**
 * @param mix the numbers
 * @returns the program
 * @throws ArgumentError naming the number that is wrong
 */
export function mixRecipe(mix: Mix): { name: string; what: string; write: Shape } {
  const minimum = requireInteger('minimumBytes', mix.minimumBytes ?? 16);
  const maximum = requireInteger('maximumBytes', mix.maximumBytes ?? 4096, { minimum, maximum: 2 ** 40 });
  const kind = requireOneOf('sizes', mix.sizes ?? 'log-uniform', distributions);
  const how: Churn = {
    sizes: kind === 'uniform' ? uniform(minimum, maximum) : logUniform(Math.max(1, minimum), maximum),
    live: requireInteger('live', mix.live ?? 1000, { minimum: 1, maximum: 1e8 }),
    dies: requireOneOf('lifetimes', mix.lifetimes ?? 'random', lifetimes),
    waves: mix.waves === true,
    realloc: requireShare('reallocShare', mix.reallocShare),
    calloc: requireShare('callocShare', mix.callocShare),
    memalign: requireShare('memalignShare', mix.memalignShare),
  };
  const what = `${kind} sizes ${minimum} to ${maximum}, ${how.live} live, ${how.dies} deaths`;
  return { name: 'mix', what, write: (maker, random) => churn(maker, random, how) };
}

function requireShare(argument: string, value = 0): number {
  if (value >= 0 && value <= 1) return value;
  throw new ArgumentError('ERR_OUT_OF_RANGE', argument, 'a share from 0 to 1', value);
}
