/**
 * How many guards by mprotect a process may have. Each splits a mapping, and when there are too many of those
 * (vm.max_map_count, 65,530 by default) not the guard fails but the process: no malloc, no new thread, no memory for
 * the engine. So guards may take a quarter of them, less what the process had before the first guard. Guards by
 * MADV_GUARD_INSTALL split nothing and need no budget.
 */
import { type CallSubject, guardCounters, refusal } from '../posix/index.ts';
import { countMappings, readMappingLimit, requireMappingRoom } from './mapping-room.ts';

/** Index among the counters of the process: mappings that guards have split off, in all threads. */
const splitMappings = 2;

let budget: number | undefined;

/** Mappings that guards may split off, in the whole process; infinite where the system has no limit. */
export function guardBudget(): number {
  if (budget === undefined) {
    const limit = readMappingLimit();
    budget = Number.isFinite(limit) ? Math.max(0, Math.floor(limit / 4) - countMappings()) : limit;
  }
  return budget;
}

/** Mappings that guards have split off now. */
export function guardBudgetUsed(): number {
  return Atomics.load(guardCounters(), splitMappings);
}

/**
 * Takes from the budget before a call that splits.
 * @param mappings how many it adds, >= 0
 * @param subject pages concerned, for the error
 * @throws PosixError ENOMEM that names the limit and the remedy; nothing is taken
 */
export function takeGuardBudget(mappings: number, subject: CallSubject): void {
  const used = Atomics.add(guardCounters(), splitMappings, mappings) + mappings;
  try {
    if (used > guardBudget()) throw refusal('ENOMEM', 'mprotect', { ...subject, hint: describeLimit() });
    requireMappingRoom(mappings, 'mprotect', subject);
  } catch (error) {
    returnGuardBudget(mappings);
    throw error;
  }
}

/** Gives back what a call has joined, or what was taken for one that failed. */
export function returnGuardBudget(mappings: number): void {
  Atomics.sub(guardCounters(), splitMappings, mappings);
}

function describeLimit(): string {
  return (
    `guards by mprotect may split off ${guardBudget()} mappings, a quarter of vm.max_map_count = ` +
    `${readMappingLimit()} less those in use: raise it with sysctl vm.max_map_count, guard fewer blocks ` +
    '(maxSlots), or use Linux 6.13 or later, whose guards split nothing'
  );
}
