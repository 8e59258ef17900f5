/**
 * Where the table says something else than how2heap's own lists, and why. Whoever finds another difference has
 * found a mistake: a test compares every cell with those lists.
 */
import type { GlibcVersion } from '../heap/index.ts';

/** One technique on some versions. */
export interface Difference {
  technique: string;
  versions: readonly GlibcVersion[];
  /** What how2heap's README and folders say. */
  listed: string;
  why: string;
}

/** All of them. */
export const differences: readonly Difference[] = [
  {
    technique: 'house_of_water',
    versions: ['2.27', '2.31'],
    listed: 'programs from 2.32 on',
    why: 'it does without addresses, which nobody needed before links were mangled; the same steps work on the older cache',
  },
  {
    technique: 'house_of_orange',
    versions: ['2.27'],
    listed: 'until 2.25',
    why: 'its heap half works until 2.27; what ends it in 2.24 and 2.26 is the check of vtables and an abort that no longer flushes streams',
  },
  {
    technique: 'house_of_gods',
    versions: ['2.27'],
    listed: 'until 2.26',
    why: 'its heap half works until 2.27; from 2.27 on a process with one thread no longer changes arenas, so nobody uses the forged one',
  },
  {
    technique: 'tcache_relative_write',
    versions: ['2.27'],
    listed: '2.30 to 2.41',
    why: 'the limit stands in memory from the first cache on; how2heap has no program for 8-bit counters',
  },
];

/** @returns why a cell differs from how2heap's lists; null where it does not */
export function differenceOf(technique: string, glibc: GlibcVersion): Difference | null {
  const found = differences.find((entry) => entry.technique === technique && entry.versions.includes(glibc));
  return found ?? null;
}
