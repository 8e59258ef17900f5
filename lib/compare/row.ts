/** One trace on one allocator as a row: what `replay --json` and `compare --json` hold. */
import { summarize } from '../core/index.ts';
import type { Trace } from '../trace/index.ts';
import type { PlacementAgreement } from './agreement.ts';
import type { Measurement } from './measure.ts';
import { type PreloadName, preloadNames } from './preloads.ts';
import type { Sizes } from './sizes.ts';

/** Everything a trace can be replayed on. */
export type AllocatorName = 'heap' | 'chunklist' | 'native' | 'buffer' | PreloadName;

/** All of them, in the order of a table. */
export const allocatorNames: readonly AllocatorName[] = [
  'heap',
  'chunklist',
  'native',
  ...preloadNames,
  'buffer',
];

/** One line of a comparison. */
export interface ComparisonRow extends Partial<Sizes> {
  trace: string;
  allocator: AllocatorName;
  /** C library that `heap` was. */
  glibc?: string;
  operations: number;
  /**
   * CPU time of a run on a fresh heap with warm code, divided by the operations: the least of a turn's runs, of
   * these the median.
   */
  nsPerOperation: number;
  /** 95 % interval of that median; null with fewer than six turns. */
  nsInterval: [low: number, high: number] | null;
  /** The least of all runs. */
  leastNsPerOperation: number;
  /** The median of the turns' very first runs: includes the engine's compilers. */
  firstRunNsPerOperation: number;
  /** Fresh processes, taking turns with those of the other allocators. */
  turns: number;
  /** Runs in all turns. */
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

/** With fewer, an interval of a median says nothing. */
const leastTurns = 6;

/**
 * Makes a row of measurements.
 * @param trace what was run
 * @param allocator on what
 * @param measured one for each turn, at least one; rounds in order, at least one
 */
export function rowOf(
  trace: Trace,
  allocator: AllocatorName,
  ...measured: readonly [Measurement, ...Measurement[]]
): ComparisonRow {
  const operations = trace.operationCount;
  const perOperation = (ns: number): number => (operations === 0 ? 0 : ns / operations);
  const least = measured.map(({ rounds }) => perOperation(Math.min(...rounds.map((round) => round.cpuNs))));
  const firsts = measured.map(({ rounds }) => perOperation(rounds[0].cpuNs));
  const rounds = measured.flatMap((one) => one.rounds);
  const { medianNs, lowNs, highNs, minNs } = summarize(least);
  const { peakHeapBytes, systemCalls } = measured[0];
  return {
    trace: trace.name,
    allocator,
    operations,
    nsPerOperation: medianNs,
    nsInterval: least.length < leastTurns ? null : [lowNs, highNs],
    leastNsPerOperation: minNs,
    firstRunNsPerOperation: summarize(firsts).medianNs,
    turns: measured.length,
    runs: rounds.length,
    peakHeapBytes,
    peakLiveBytes: trace.peakLiveBytes,
    utilization: peakHeapBytes === 0 ? null : trace.peakLiveBytes / peakHeapBytes,
    systemCalls,
    minorFaults: Math.min(...rounds.map((round) => round.minorFaults)),
  };
}
