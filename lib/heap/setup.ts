/** Lays a heap out in a window: library data, parameters, empty main arena. */

import { ArgumentError, alignDown, alignUp, requireInteger, type WindowSource } from '../core/index.ts';
import { AddressSpace } from './address-space.ts';
import { type Calls, malloptNumbers } from './calls.ts';
import {
  ARENA_TEST,
  FIRST_SLOT,
  HUGE_PAGE_BYTES,
  LIBRARY_DATA,
  LIBRARY_DATA_BYTES,
  MAIN_ARENA,
  MAX_FAST,
  MMAP_THRESHOLD,
  N_MMAPS_MAX,
  NARENAS,
  NEXT_ARENA,
  THREAD_WORDS,
  TOP_PAD,
  TRIM_THRESHOLD,
} from './layout.ts';
import { arenasPerCore } from './threads.ts';

/**
 * The break's first pages stay ordinary ones, as many as the first top has: a heap that never outgrows it should not
 * take the memory of a huge page.
 */
const ordinaryPagesBytes = 132 * 1024;

/** Parameters as a fresh process has them. */
export const defaultParameters = {
  topPadBytes: 131072,
  mmapThresholdBytes: 131072,
  trimThresholdBytes: 131072,
  mmapMax: 65536,
  maxFastBytes: 128,
};

/**
 * Makes the address space of a heap. The break comes first, thread heaps above it, as in a real process: tests
 * like "beyond the end of the main arena" compare addresses.
 * @param heapStart where the thread's own arena begins, a multiple of 64 MiB
 */
export function layOut(
  source: WindowSource,
  limitBytes: number,
  threaded: boolean,
  heapStart: number,
): AddressSpace {
  const breakStart = threaded ? FIRST_SLOT : heapStart;
  const heapArea = threaded ? heapStart : endOfBreakArea(source.sizeBytes, heapStart);
  const space = new AddressSpace(source, limitBytes, breakStart, [heapArea, source.sizeBytes]);
  space.mapLibraryData(LIBRARY_DATA, LIBRARY_DATA_BYTES);
  const dense = breakStart + ordinaryPagesBytes;
  const roomBytes = Math.min(limitBytes, heapArea - dense, source.sizeBytes - dense);
  if (roomBytes > 0) source.preferHugePages?.(dense, alignDown(roomBytes, source.pageSizeBytes));
  return space;
}

/**
 * @returns where a heap begins when nobody says: the main arena's so that its first huge page comes behind its
 *   ordinary ones, a thread's behind the break
 */
export function defaultStart(sizeBytes: number, threaded: boolean): number {
  return threaded ? endOfBreakArea(sizeBytes, FIRST_SLOT) : FIRST_SLOT + HUGE_PAGE_BYTES - ordinaryPagesBytes;
}

/** The break has a quarter of the window, or a slot in a small one. */
function endOfBreakArea(sizeBytes: number, breakStart: number): number {
  const start = alignUp(breakStart, FIRST_SLOT);
  const end = start + Math.floor(sizeBytes / 4 / FIRST_SLOT) * FIRST_SLOT;
  return end < sizeBytes ? Math.max(end, start + FIRST_SLOT) : start + FIRST_SLOT;
}

/** Writes parameters, thread words and the main arena's empty bins. */
export function initialise(heap: Calls): void {
  heap.setWord(TRIM_THRESHOLD, defaultParameters.trimThresholdBytes);
  heap.setWord(TOP_PAD, defaultParameters.topPadBytes);
  heap.setWord(MMAP_THRESHOLD, defaultParameters.mmapThresholdBytes);
  heap.w[N_MMAPS_MAX >>> 2] = defaultParameters.mmapMax;
  heap.setWord(MAX_FAST, heap.fastbinsAt < 0 ? 0 : defaultParameters.maxFastBytes);
  heap.setWord(ARENA_TEST, arenasPerCore);
  heap.setWord(NARENAS, 1);
  heap.setPointer(NEXT_ARENA, MAIN_ARENA);
  heap.w[(THREAD_WORDS + 16) >>> 2] = heap.keyLo;
  heap.w[(THREAD_WORDS + 20) >>> 2] = heap.keyHi;
  heap.initArena(MAIN_ARENA);
  heap.setPointer(MAIN_ARENA + heap.profile.state.next, MAIN_ARENA);
  heap.setWord(MAIN_ARENA + heap.profile.state.attachedThreads, 1);
  if (!heap.threaded) heap.setPointer(THREAD_WORDS + 8, MAIN_ARENA);
}

/** Start-up parameters, by the names they have behind `glibc.malloc.`. */
export interface Tunables {
  top_pad?: number;
  mmap_threshold?: number;
  trim_threshold?: number;
  mmap_max?: number;
  mxfast?: number;
  perturb?: number;
  arena_max?: number;
  arena_test?: number;
  tcache_count?: number;
  tcache_max?: number;
  tcache_unsorted_limit?: number;
}

const malloptTunables = [
  'top_pad',
  'mmap_threshold',
  'trim_threshold',
  'mmap_max',
  'mxfast',
  'perturb',
  'arena_max',
  'arena_test',
] as const;

/**
 * Sets the parameters that mallopt also sets; those of the cache were given to the constructor.
 * @throws ArgumentError for a name that no tunable has
 */
export function applyTunables(heap: Calls, tunables: Tunables): void {
  for (const name of malloptTunables) {
    const value = tunables[name];
    if (value !== undefined)
      heap.setParameter(malloptNumbers[name], requireInteger(`tunables.${name}`, value));
  }
  for (const name of Object.keys(tunables)) {
    if (name.startsWith('tcache_') || (malloptTunables as readonly string[]).includes(name)) continue;
    const expected = `one of ${malloptTunables.join(', ')}, tcache_count, tcache_max, tcache_unsorted_limit`;
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'tunables', expected, name);
  }
}
