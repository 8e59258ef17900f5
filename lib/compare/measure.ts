/**
 * Time and footprint of one of our allocators under a trace, in this process. Every round runs on a fresh arena,
 * as every native pass does: page faults and system calls are inside its time. The first round also pays for
 * the engine's compilers, so it is reported apart. On one and the same arena, as in later rounds of a native pass,
 * the pages are there already, and the time is that of the allocator's code.
 */
import { GiB, requireInteger } from '../core/index.ts';
import { freeLeftovers, loopPointers, loopProgram, replayLoop, type Trace } from '../trace/index.ts';
import { makeSubject, type Subject, type SubjectName, type SubjectOptions } from './subjects.ts';

/** One run of a whole trace. */
export interface Round {
  /** CPU time of the process, and time on the clock. */
  cpuNs: number;
  wallNs: number;
  /** Page faults of the process, those of the engine included. */
  minorFaults: number;
}

/** What the rounds came to. */
export interface Measurement {
  rounds: Round[];
  peakHeapBytes: number;
  /** Calls of one round, the making of the arena included; null where they cannot be told. */
  systemCalls: Record<string, number> | null;
}

/** How often, and for how long at most. */
export interface MeasureOptions extends SubjectOptions {
  /** Runs, each on a fresh arena, 1 to 10,000. @defaultValue 5 */
  rounds?: number;
  /** No further round is begun after this time. @defaultValue 3,000 */
  budgetMs?: number;
  /** All rounds on one arena; what a round leaves is freed before the next, off the clock. @defaultValue false */
  sameArena?: boolean;
}

/**
 * Arenas are destroyed when all rounds are done: once a process has detached any ArrayBuffer, V8 tests each access for
 * it, and later rounds are some 20 % slower. What cannot be emptied before is kept up to this many bytes.
 */
const mostKeptBytes = GiB;

/**
 * Measures one allocator.
 * @param trace what to run
 * @param name the allocator
 * @param options rounds and budget; at least one round is run
 * @returns every round, in order
 */
export function measureSubject(trace: Trace, name: SubjectName, options: MeasureOptions = {}): Measurement {
  let peakHeapBytes = 0;
  let systemCalls: Record<string, number> = {};
  const shared = options.sameArena ? makeSubject(name, options) : null;
  const program = loopProgram(trace);
  const done: Subject[] = [];
  const rounds = repeat(options, () => {
    const subject = shared ?? makeSubject(name, { ...options, sharedCode: true });
    // Touched, as the native replayer's table is: its page faults are nobody's.
    loopPointers(program).fill(0);
    const round = clocked(() => replayLoop(program, subject.allocator));
    // Every round comes to the same; asking walks some heaps, and would cool the caches for the next.
    peakHeapBytes ||= subject.peakHeapBytes();
    systemCalls = { ...subject.systemCalls };
    if (shared) {
      freeLeftovers(program, shared.allocator);
    } else if (subject.empty || (done.length + 1) * peakHeapBytes <= mostKeptBytes) {
      // The next round gets these pages again, as the next process of a native replay does.
      subject.empty?.();
      done.push(subject);
    } else {
      subject.allocator.destroy();
    }
    return round;
  });
  for (const { allocator } of [...done, ...(shared ? [shared] : [])]) allocator.destroy();
  return { rounds, peakHeapBytes, systemCalls };
}

/** Runs rounds until their number or the budget is used up. */
export function repeat(options: MeasureOptions, run: () => Round): Round[] {
  const most = requireInteger('rounds', options.rounds ?? 5, { minimum: 1, maximum: 10_000 });
  const end = performance.now() + (options.budgetMs ?? 3000);
  const rounds = [run()];
  while (rounds.length < most && performance.now() < end) rounds.push(run());
  return rounds;
}

/** Runs something under the stopwatch. */
export function clocked(run: () => void): Round {
  const before = process.resourceUsage();
  const start = process.hrtime.bigint();
  run();
  const wallNs = Number(process.hrtime.bigint() - start);
  const after = process.resourceUsage();
  const cpuMicroseconds = after.userCPUTime - before.userCPUTime + after.systemCPUTime - before.systemCPUTime;
  return { cpuNs: cpuMicroseconds * 1000, wallNs, minorFaults: after.minorPageFault - before.minorPageFault };
}
