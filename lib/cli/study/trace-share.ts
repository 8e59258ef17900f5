/**
 * What a malloc without a heap would cost on a real program: its recorded calls, run by this machine's malloc as it
 * is, and by the same malloc told to give every block a mapping of its own. Both are real runs.
 */
import { NativeReplayer } from '../../compare/index.ts';
import type { CostReport } from '../../costs/index.ts';
import { readTrace } from '../../trace/index.ts';

/** One trace under both. */
export interface TraceShare {
  trace: string;
  operations: number;
  /** By the heap, and with a mapping for every block. */
  heap: TraceRun;
  mappings: TraceRun;
  /** mmap calls of the second, times the least of `mmap-touch-munmap-4k`; null where that was not measured. */
  expectedNsPerOperation: number | null;
}

/** One run of the trace. */
export interface TraceRun {
  nsPerOperation: number;
  systemCalls: Record<string, number>;
}

/** glibc's words for: no cache, and every block at least as large as what is mapped. */
const everyBlockMapped =
  'glibc.malloc.mmap_threshold=0:glibc.malloc.mmap_max=1000000000:glibc.malloc.tcache_count=0';

/**
 * Runs the trace.
 * @param report for the cost of a mapping; a quick one gets a short trace
 * @returns null where the C library cannot be told, or calls cannot be counted
 */
export async function measureTraceShare(report: CostReport): Promise<TraceShare | null> {
  const trace = await readTrace(report.quick ? 'python-json' : 'git-repack');
  const run = async (environment: Record<string, string>): Promise<TraceRun | null> => {
    using replayer = new NativeReplayer(trace, { environment });
    const systemCalls = await replayer.systemCalls();
    const rounds = await replayer.time(2, 2);
    const least = Math.min(...rounds.map((round) => round.cpuNs));
    return systemCalls === null ? null : { systemCalls, nsPerOperation: least / trace.operationCount };
  };
  const heap = await run({});
  const mappings = await run({ GLIBC_TUNABLES: everyBlockMapped });
  if (heap === null || mappings === null) return null;
  const mapped = mappings.systemCalls.mmap ?? 0;
  // Another C library does not know the words and maps no more than before.
  if (mapped <= (heap.systemCalls.mmap ?? 0)) return null;
  const unit = report.cases.find((one) => one.name === 'mmap-touch-munmap-4k')?.minNs;
  return {
    ...{ trace: trace.name, operations: trace.operationCount, heap, mappings },
    expectedNsPerOperation: unit === undefined ? null : (mapped * unit) / trace.operationCount,
  };
}
