/**
 * Time and footprint of one of our allocators under a trace, in this process. Every round runs on a fresh arena,
 * as every native pass does: page faults and system calls are inside its time. The first round also pays for
 * the engine's compilers, so it is reported apart.
 */
import { type Allocator, requireInteger } from '../core/index.ts';
import { replayLoop, type Trace } from '../trace/index.ts';
import { makeSubject, type SubjectName, type SubjectOptions } from './subjects.ts';

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
}

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
  const rounds = repeat(options, () => {
    const subject = makeSubject(name, options);
    const pointers = new Float64Array(trace.blockCount);
    const round = clocked(() => replayLoop(trace, subject.allocator, pointers));
    peakHeapBytes = peakOf(subject.allocator);
    systemCalls = { ...subject.systemCalls };
    subject.allocator.destroy();
    return round;
  });
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

function peakOf(allocator: Allocator): number {
  return allocator.stats().peakHeapBytes;
}
