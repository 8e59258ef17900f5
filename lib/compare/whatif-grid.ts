/** Which settings `whatif` tries: each tunable alone, then what helped together; or the user's own grid. */
import { ArgumentError } from '../core/index.ts';
import type { Tunables } from '../heap/index.ts';

/** Values to try, by tunable. */
export type Grid = { readonly [Name in keyof Tunables]?: readonly number[] };

const KiB = 2 ** 10;
const MiB = 2 ** 20;

/** Values that people set, and the ends of the ranges; the default is tried anyway. */
export const defaultGrid: Grid = {
  arena_max: [1, 2, 4],
  mmap_threshold: [32 * KiB, 64 * KiB, 128 * KiB, 256 * KiB, MiB, 4 * MiB, 32 * MiB],
  mmap_max: [0],
  trim_threshold: [0, 32 * KiB, 128 * KiB, MiB, 16 * MiB],
  top_pad: [0, 16 * KiB, 64 * KiB, MiB, 16 * MiB],
  tcache_count: [0, 2, 32, 128],
  tcache_max: [64, 256],
  mxfast: [0, 64, 160],
};

/** Most settings of one grid. */
const mostSettings = 2000;

/**
 * Each value alone.
 * @param grid values by tunable
 * @param threads of the trace: the number of arenas matters to several only
 * @returns one setting for each value
 */
export function oneByOne(grid: Grid, threads: number): Tunables[] {
  return entriesOf(grid)
    .filter(([name]) => threads > 1 || name !== 'arena_max')
    .flatMap(([name, values]) => values.map((value) => ({ [name]: value })));
}

/**
 * Every combination.
 * @param grid values by tunable; the default of each is a value too
 * @returns settings of at least one tunable
 * @throws ArgumentError when there are more than 2,000
 */
export function allTogether(grid: Grid): Tunables[] {
  const entries = entriesOf(grid);
  const count = entries.reduce((product, [, values]) => product * (values.length + 1), 1);
  if (count > mostSettings) {
    throw new ArgumentError('ERR_OUT_OF_RANGE', 'grid', `at most ${mostSettings} combinations`, count);
  }
  let settings: Tunables[] = [{}];
  for (const [name, values] of entries) {
    settings = settings.flatMap((before) => [
      before,
      ...values.map((value) => ({ ...before, [name]: value })),
    ]);
  }
  return settings.slice(1);
}

/** @returns a name for a setting that two equal ones share */
export function settingName(tunables: Tunables): string {
  const words = entriesOf(tunables).map(([name, value]) => `${name}=${value}`);
  return words.length === 0 ? 'defaults' : words.join(' ');
}

/** @returns a setting as the environment variable GLIBC_TUNABLES has it; empty for the defaults */
export function tunablesText(tunables: Tunables): string {
  return entriesOf(tunables)
    .map(([name, value]) => `glibc.malloc.${name}=${value}`)
    .join(':');
}

function entriesOf<Value>(of: { readonly [Name in keyof Tunables]?: Value }): [keyof Tunables, Value][] {
  return Object.entries(of) as [keyof Tunables, Value][];
}
