/** One cost in this process: timed in C++ by the addon, or, for work that is JavaScript itself, in batches here. */
import { isMainThread } from 'node:worker_threads';
import { type CostSummary, PosixError, requireInteger, summarize } from '../core/index.ts';
import { paceNs, timedCases, timeSystemCall } from '../posix/index.ts';
import { reasonFor } from './catalogue.ts';

/** One line of a cost table. */
export interface CostCase extends CostSummary {
  name: string;
}

/** One case as one process found it. */
export interface MeasuredCase extends CostCase {
  /** True where an operation takes so long that processor time was taken, not time on the clock. */
  byProcessorTime: boolean;
  involuntarySwitches: number;
  /** Time on the clock and processor time of the whole run; 0 where JavaScript was timed. */
  wallNs: number;
  processorNs: number;
  pace: Pace;
}

/** How fast the processor was meanwhile: nanoseconds of a loop that is always the same. */
export interface Pace {
  leastNs: number;
  /** Nine out of ten took longer than this. */
  tenthNs: number;
}

/** A cost that cannot be measured here, and why. */
export interface MissingCost {
  name: string;
  reason: string;
}

/** What a list of cases came to. */
export interface CostTable {
  cases: MeasuredCase[];
  notAvailable: MissingCost[];
}

/** How long to measure one case. */
export interface Effort {
  /** Samples to take, 1 to 1,000,000. */
  batches: number;
  /** Milliseconds after which it is enough, with three samples at least. @defaultValue 60,000 */
  budgetMs?: number;
  /** Milliseconds that JavaScript runs before it is timed, so that the engine has compiled it. @defaultValue 150 */
  warmUpMs?: number;
}

/**
 * Times one case in C++. Blocks the thread for about `batches` times 50 us.
 * @param name one of the addon's cases, for example `null-call`
 * @param effort when to stop
 * @returns nanoseconds per operation, clock and loop cost subtracted
 * @throws ArgumentError for an unknown name, PosixError when the system refuses
 */
export function measure(name: string, { batches, budgetMs }: Effort): MeasuredCase {
  const { samplesNs, pacesNs, batchSize: _, ...run } = timeSystemCall(name, batches, budgetMs);
  return { name, ...summarize(samplesNs), ...run, pace: paceOf(pacesNs) };
}

/**
 * Times a list of cases; what this platform lacks or refuses is listed with the reason.
 * @param names of cases, in the order of the table
 * @param effort for each of them
 */
export function measureAll(names: readonly string[], effort: Effort): CostTable {
  const table: CostTable = { cases: [], notAvailable: [] };
  for (const name of names) {
    const found = measureOrReason(name, effort);
    if ('reason' in found) table.notAvailable.push(found);
    else table.cases.push(found);
  }
  return table;
}

/** Times one case, or tells why it cannot be timed here. */
export function measureOrReason(name: string, effort: Effort): MeasuredCase | MissingCost {
  if (!timedCases().includes(name)) return { name, reason: reasonFor(name) };
  try {
    return measure(name, effort);
  } catch (error) {
    if (!(error instanceof PosixError)) throw error;
    const where = isMainThread ? '' : ' in a worker thread';
    return { name, reason: reasonFor(name, `${error.message}${where}`) };
  }
}

/** Work in JavaScript: runs itself as often as it is told. */
export type Loop = (operations: number) => void;

/** Nanoseconds a batch should take: long against the clock, short against a time slice. */
const aimedBatchNs = 35_000n;
const mostOperations = 2 ** 20;
const tries = 5;

/**
 * Times JavaScript, warm, in batches of about 35 us; what an empty loop costs is subtracted.
 * @param name for the table
 * @param loop the work; it must undo itself, because it runs thousands of times
 * @param effort when to stop
 * @param settle called when the engine has compiled the loop, before it is timed
 * @returns nanoseconds per operation
 */
export function measureLoop(name: string, loop: Loop, effort: Effort, settle?: () => void): MeasuredCase {
  const { batches, budgetMs = 60_000, warmUpMs = 150 } = effort;
  requireInteger('batches', batches, { minimum: 1, maximum: 1_000_000 });
  warmUp(emptyLoop, warmUpMs / 10);
  warmUp(loop, warmUpMs);
  settle?.();
  let operations = 1;
  while (leastNs(loop, operations) < aimedBatchNs / 2n && operations < mostOperations) operations *= 2;
  // The least of as many as there are samples: one that is too long would make every sample too short.
  let overhead = leastNs(emptyLoop, operations);
  const end = performance.now() + budgetMs;
  const batchesNs: bigint[] = [];
  const pacesNs: number[] = [];
  while (batchesNs.length < batches) {
    batchesNs.push(batchNs(loop, operations));
    pacesNs.push(paceNs());
    const empty = batchNs(emptyLoop, operations);
    if (empty < overhead) overhead = empty;
    if (batchesNs.length >= 3 && performance.now() > end) break;
  }
  const samples = batchesNs.map((ns) => Math.max(0, Number(ns - overhead)) / operations);
  return {
    name,
    ...summarize(samples),
    byProcessorTime: false,
    involuntarySwitches: 0,
    wallNs: 0,
    processorNs: 0,
    pace: paceOf(pacesNs),
  };
}

function paceOf(pacesNs: ArrayLike<number>): Pace {
  // A batch lies between two of them: it was slow when one of them was.
  const around = Float64Array.from(pacesNs, (pace, i) => Math.max(pace, pacesNs[i - 1] ?? 0)).sort();
  return { leastNs: around[0], tenthNs: around[Math.floor(around.length / 10)] };
}

function emptyLoop(operations: number): void {
  for (let i = 0; i < operations; i++);
}

/** Runs until the engine's last compiler has had its turn. */
function warmUp(loop: Loop, milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) loop(100);
}

function leastNs(loop: Loop, operations: number): bigint {
  let least = batchNs(loop, operations);
  for (let i = 1; i < tries; i++) {
    const next = batchNs(loop, operations);
    if (next < least) least = next;
  }
  return least;
}

function batchNs(loop: Loop, operations: number): bigint {
  const start = process.hrtime.bigint();
  loop(operations);
  return process.hrtime.bigint() - start;
}
