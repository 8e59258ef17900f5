/** One cost: timed in C++ by the addon, or, for work that is JavaScript itself, in batches here. */
import { isMainThread } from 'node:worker_threads';
import { type CostSummary, PosixError, requireInteger, summarize } from '../core/index.ts';
import { timedCases, timeSystemCall } from '../posix/index.ts';

/** One line of a cost table. */
export interface CostCase extends CostSummary {
  name: string;
}

/** A cost that cannot be measured here, and why. */
export interface MissingCost {
  name: string;
  reason: string;
}

/** What a list of cases came to. */
export interface CostTable {
  cases: CostCase[];
  notAvailable: MissingCost[];
}

/**
 * Times one case in C++. Blocks the thread for about `batches` times 50 us.
 * @param name one of the addon's cases, for example `null-call`
 * @param batches samples to take, 1 to 1,000,000
 * @returns nanoseconds per operation, clock and loop cost subtracted
 * @throws ArgumentError for an unknown name, PosixError when the system refuses
 */
export function measure(name: string, batches: number): CostCase {
  return { name, ...summarize(timeSystemCall(name, batches).samplesNs) };
}

/**
 * Times a list of cases; what this platform lacks or refuses is listed with the reason.
 * @param names of cases, in the order of the table
 * @param batches samples for each, 1 to 1,000,000
 */
export function measureAll(names: readonly string[], batches: number): CostTable {
  const table: CostTable = { cases: [], notAvailable: [] };
  const known = timedCases();
  for (const name of names) {
    if (!known.includes(name)) {
      table.notAvailable.push({ name, reason: `${process.platform} has no such call` });
      continue;
    }
    try {
      table.cases.push(measure(name, batches));
    } catch (error) {
      if (!(error instanceof PosixError)) throw error;
      const where = isMainThread ? '' : ' in a worker thread';
      table.notAvailable.push({ name, reason: `${error.message}${where}` });
    }
  }
  return table;
}

/** Nanoseconds a batch should take: long against the clock, short against a time slice. */
const aimedBatchNs = 50_000n;
const mostOperations = 2 ** 20;
const warmUpNs = 150_000_000n;

/**
 * Times a JavaScript function, warm, in batches of about 50 us; the cost of the loop and the call stays in.
 * @param name for the table
 * @param operation what to time; it must undo itself, because it runs thousands of times
 * @param batches samples to take, 1 to 1,000,000
 * @returns nanoseconds per operation
 */
export function measureFunction(name: string, operation: () => void, batches: number): CostCase {
  requireInteger('batches', batches, { minimum: 1, maximum: 1_000_000 });
  warmUp(operation);
  let operations = 1;
  while (batchNs(operation, operations) < aimedBatchNs && operations < mostOperations) operations *= 2;
  const samples = new Float64Array(batches);
  for (let i = 0; i < batches; i++) samples[i] = Number(batchNs(operation, operations)) / operations;
  return { name, ...summarize(samples) };
}

/** Runs until the engine's last compiler has had its turn. */
function warmUp(operation: () => void): void {
  const end = process.hrtime.bigint() + warmUpNs;
  while (process.hrtime.bigint() < end) batchNs(operation, 100);
}

function batchNs(operation: () => void, operations: number): bigint {
  const start = process.hrtime.bigint();
  for (let i = 0; i < operations; i++) operation();
  return process.hrtime.bigint() - start;
}
