/** `guard`: everything about guard pages that concerns the whole process or thread, not one guarded range. */
import { ArgumentError, type MemoryFault, requireInteger } from '../core/index.ts';
import {
  faultError,
  type GuardStatus,
  guardCounters,
  guardStatus,
  isReadable,
  memcpy,
  memset,
  onFaults,
  peek,
  poke,
  readFaults,
  rearmGuards,
  reinstallHandler,
  runGuarded,
  strcpy,
  strlen,
} from '../posix/index.ts';

/** Which hits to list. */
export interface FaultFilter {
  /** Only those with a larger sequence number. @defaultValue 0 */
  since?: number;
  /** Only those of one guarded range. */
  rangeId?: number;
}

type FaultListener = (fault: MemoryFault) => void;

const listeners = new Set<FaultListener>();
let lastHeard = 0;

function requireFunction(argument: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new ArgumentError('ERR_INVALID_ARG_TYPE', argument, 'a function', value);
}

/**
 * Calls a function; a hit of a range with policy `throw` ends it, even out of an endless loop. What it had done so far
 * stays done, and neither `catch` nor `finally` inside of it runs. Only what runs until it returns is covered: not
 * what a promise or a timer does later. Calls nest; the innermost ends.
 * @returns what it returns
 * @throws MemoryFaultError ERR_MEMORY_FAULT; PosixError ENOTSUP where Node lacks what it needs; what the function throws
 */
function run<T>(callee: () => T): T {
  requireFunction('callee', callee);
  let result: T | undefined;
  const sequence = runGuarded(() => {
    result = callee();
  });
  if (sequence > 0) throw faultError(sequence);
  return result as T;
}

/**
 * Hits of the whole process, oldest first; the last 1,024 are kept.
 * @throws ArgumentError
 */
function faults(filter: FaultFilter = {}): MemoryFault[] {
  const { since = 0, rangeId } = filter;
  const hits = readFaults(requireInteger('since', since));
  return rangeId === undefined ? hits : hits.filter((fault) => fault.rangeId === rangeId);
}

/** A hit closes its page again when nobody did so before. */
function tell(): void {
  rearmGuards();
  for (const fault of readFaults(lastHeard)) {
    lastHeard = fault.sequence;
    for (const listener of [...listeners]) listener(fault);
  }
}

/**
 * Calls a function in this thread, soon after each hit of the process from now on. Keeps nothing running.
 * @returns a function that takes it off
 * @throws ArgumentError
 */
function onFault(listener: FaultListener): () => void {
  requireFunction('listener', listener);
  if (listeners.size === 0) {
    lastHeard = guardCounters()[0];
    onFaults(tell);
  }
  // The same function given twice is called twice.
  const entry: FaultListener = (fault) => listener(fault);
  listeners.add(entry);
  return () => {
    if (listeners.delete(entry) && listeners.size === 0) onFaults(undefined);
  };
}

/** The type of `guard`. */
export interface Guard {
  run<T>(callee: () => T): T;
  /** Whether the handler is still ours, what others have installed, what works here. */
  status(): GuardStatus;
  /** Puts our handler first again after somebody replaced it. @throws PosixError ENOENT when nothing is guarded */
  reinstall(): void;
  faults(filter?: FaultFilter): MemoryFault[];
  /** Hits of the process so far; a word of memory, cheap to look at often. */
  readonly faultCount: number;
  onFault(listener: (fault: MemoryFault) => void): () => void;
  peek: typeof peek;
  poke: typeof poke;
  memcpy: typeof memcpy;
  memset: typeof memset;
  strcpy: typeof strcpy;
  strlen: typeof strlen;
  isReadable: typeof isReadable;
}

/** Runs, hits, handlers and native accesses that a guard page ends with an exception. */
export const guard: Guard = {
  run,
  status: guardStatus,
  reinstall: reinstallHandler,
  faults,
  get faultCount(): number {
    return guardCounters()[0];
  },
  onFault,
  peek,
  poke,
  memcpy,
  memset,
  strcpy,
  strlen,
  isReadable,
};
