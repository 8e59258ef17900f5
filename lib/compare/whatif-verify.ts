/** Does the prediction hold? The native malloc under the same settings, run for real. */
import type { Trace } from '../trace/index.ts';
import { NativeReplayer } from './native.ts';
import type { WhatIfResult, WhatIfRow } from './whatif.ts';

/** One setting, predicted and measured. */
export interface Verification {
  setting: string;
  environment: string;
  predictedPeakHeapBytes: number;
  measuredPeakHeapBytes: number;
  equal: boolean;
  /** Least CPU time of a run on a fresh heap, one thread; null for a trace of no operations. */
  nativeNsPerOperation: number | null;
  /** How the native run ended, if not well. */
  ended?: string;
}

/**
 * Runs settings natively.
 * @param trace what was predicted for
 * @param result the prediction
 * @param rows which of its rows
 * @param options how often each is timed, in a fresh process (5 if not told), and who is told after each
 * @returns one for each row
 * @throws ReplayerError
 */
export async function verifyWhatIf(
  trace: Trace,
  result: WhatIfResult,
  rows: readonly WhatIfRow[],
  { rounds = 5, onDone }: { rounds?: number; onDone?: () => void } = {},
): Promise<Verification[]> {
  const verified: Verification[] = [];
  for (const row of rows) {
    using native = new NativeReplayer(trace, {
      ...(result.threads > 1 ? { threads: true } : { arena: result.arena }),
      ...(row.environment === '' ? {} : { environment: { GLIBC_TUNABLES: row.environment } }),
    });
    const { peakHeapBytes, ended } = await native.footprint();
    const least = Math.min(...(await native.time(rounds)).map((round) => round.cpuNs));
    verified.push({
      setting: row.setting,
      environment: row.environment,
      predictedPeakHeapBytes: row.peakHeapBytes,
      measuredPeakHeapBytes: peakHeapBytes,
      equal: peakHeapBytes === row.peakHeapBytes,
      nativeNsPerOperation: trace.operationCount === 0 ? null : least / trace.operationCount,
      ...(ended === undefined ? {} : { ended }),
    });
    onDone?.();
  }
  return verified;
}
