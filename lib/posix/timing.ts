/** System calls timed in C++, one case at a time. */
import { ArgumentError, requireInteger } from '../core/index.ts';
import { native } from './binding.ts';
import { posixError } from './check.ts';
import type { NativeCrossings, NativeCycleCounter, NativeTiming } from './native.ts';

/** Names of the cases that can be timed on this platform, in kebab-case. */
export function timedCases(): readonly string[] {
  return native().timedCases;
}

/**
 * Times one case. Blocks the thread for about `batches` times 50 us.
 * @param name one of `timedCases()`
 * @param batches samples to take, 1 to 1,000,000
 * @param budgetMs stop after this time if it comes first, with three samples at least
 * @returns nanoseconds per operation, clock and loop cost subtracted
 * @throws ArgumentError for an unknown name or a number out of range
 * @throws PosixError when the system refuses; for `brk-page` EPERM in a worker thread and EBUSY when malloc
 *   moved the break
 */
export function timeSystemCall(name: string, batches: number, budgetMs = 60_000): NativeTiming {
  if (!timedCases().includes(name)) {
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'name', 'a name that timedCases() gives', name);
  }
  requireInteger('batches', batches, { minimum: 1, maximum: 1_000_000 });
  requireInteger('budgetMs', budgetMs, { minimum: 1, maximum: 3_600_000 });
  try {
    return native().timeSystemCall(name, batches, budgetMs);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).errno;
    throw errno === undefined ? error : posixError(name, -errno);
  }
}

/** @returns nanoseconds of a loop that is always the same: how fast the processor is at this moment */
export function paceNs(): number {
  return native().paceNs();
}

/**
 * Runs something while the calling thread keeps to one processor, as do all threads and processes that it starts. Where a
 * program cannot choose its processor, it just runs.
 * @param index which one of those it may use, >= 0, counted round
 * @param run what to do; synchronous
 */
export function onOneProcessor<T>(index: number, run: () => T): T {
  requireInteger('index', index, { minimum: 0, maximum: 2 ** 31 - 1 });
  native().keepToProcessor(index);
  try {
    return run();
  } finally {
    native().keepToProcessor(-1);
  }
}

/** @returns name and rate of the processor's cycle counter; null where a program may not read one */
export function cycleCounter(): NativeCycleCounter | null {
  return native().cycleCounter();
}

/** Functions of the addon that do next to nothing: for timing the way from JavaScript to it and back. */
export function crossings(): NativeCrossings {
  return native().crossings;
}
