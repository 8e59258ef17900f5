/** One trace on one allocator as a row: what `replay --json` and `compare --json` hold. */
import type { Trace } from '../trace/index.ts';
import type { PlacementAgreement } from './agreement.ts';
import type { Measurement } from './measure.ts';

/** Everything a trace can be replayed on. */
export type AllocatorName = 'heap' | 'chunklist' | 'native' | 'buffer';

/** All of them, in the order of a table. */
export const allocatorNames: readonly AllocatorName[] = ['heap', 'chunklist', 'native', 'buffer'];

/** One line of a comparison. */
export interface ComparisonRow {
  trace: string;
  allocator: AllocatorName;
  /** C library that `heap` was. */
  glibc?: string;
  operations: number;
  /** Least CPU time of a run on a fresh heap with warm code, divided by the operations. */
  nsPerOperation: number;
  /** The same of the very first run: includes the engine's compilers. */
  firstRunNsPerOperation: number;
  /** Runs that the least was taken from. */
  runs: number;
  peakHeapBytes: number;
  peakLiveBytes: number;
  /** peakLiveBytes / peakHeapBytes, 0 to 1; null where the heap's size is not known. */
  utilization: number | null;
  /** System calls of one run by name; null where they cannot be counted. */
  systemCalls: Record<string, number> | null;
  /** Page faults of the run with the fewest. */
  minorFaults: number;
  /** How many blocks `heap` put where the native malloc puts them; only when both were run. */
  agreement?: PlacementAgreement;
}

/**
 * Makes a row of a measurement.
 * @param trace what was run
 * @param allocator on what
 * @param measured rounds in order, at least one
 */
export function rowOf(trace: Trace, allocator: AllocatorName, measured: Measurement): ComparisonRow {
  const { rounds, peakHeapBytes, systemCalls } = measured;
  const operations = trace.operationCount;
  const perOperation = (ns: number): number => (operations === 0 ? 0 : ns / operations);
  return {
    trace: trace.name,
    allocator,
    operations,
    nsPerOperation: perOperation(Math.min(...rounds.map((round) => round.cpuNs))),
    firstRunNsPerOperation: perOperation(rounds[0].cpuNs),
    runs: rounds.length,
    peakHeapBytes,
    peakLiveBytes: trace.peakLiveBytes,
    utilization: peakHeapBytes === 0 ? null : trace.peakLiveBytes / peakHeapBytes,
    systemCalls,
    minorFaults: Math.min(...rounds.map((round) => round.minorFaults)),
  };
}
