/** One trace on several allocators, side by side: fresh processes, turn by turn, the least of each reported. */
import type { Trace } from '../trace/index.ts';
import type { Measurement } from './measure.ts';
import { measureApart } from './measure-child.ts';
import { type NativeOptions, NativeReplayer } from './native.ts';
import { type AllocatorName, allocatorNames, type ComparisonRow, rowOf } from './row.ts';
import type { SubjectOptions } from './subjects.ts';

/** What to compare, and how thoroughly. */
export interface CompareOptions extends SubjectOptions {
  /** @defaultValue all */
  allocators?: readonly AllocatorName[];
  /** Turns: each allocator gets a fresh process in each, 1 or more. @defaultValue 2 */
  passes?: number;
  /** Runs in each of those processes. @defaultValue 5 */
  rounds?: number;
  /** One allocator's turn begins no further run after this time. @defaultValue 3,000 */
  budgetMs?: number;
  /** For the native malloc. */
  native?: NativeOptions;
  /** Told before each turn. */
  onProgress?: (allocator: AllocatorName, pass: number) => void;
}

/**
 * Replays a trace on each allocator and measures.
 * @param trace what to run
 * @param options which allocators, how often
 * @returns a row per allocator, in the order asked for
 * @throws ReplayerError when the native replayer or a measuring process fails
 */
export async function compareTrace(trace: Trace, options: CompareOptions = {}): Promise<ComparisonRow[]> {
  const { allocators = allocatorNames, passes = 2, onProgress } = options;
  const measured = new Map<AllocatorName, Measurement>();
  for (let pass = 0; pass < passes; pass++) {
    for (const allocator of allocators) {
      onProgress?.(allocator, pass);
      const turn = await takeTurn(trace, allocator, options);
      const before = measured.get(allocator);
      measured.set(allocator, before ? { ...turn, rounds: [...before.rounds, ...turn.rounds] } : turn);
    }
  }
  return allocators.map((allocator) => rowOf(trace, allocator, measured.get(allocator)!));
}

function takeTurn(trace: Trace, allocator: AllocatorName, options: CompareOptions): Promise<Measurement> {
  if (allocator === 'native') return measureNative(trace, options);
  const { rounds = 5, budgetMs = 3000, placement } = options;
  return measureApart(trace, allocator, { rounds, budgetMs, ...(placement ? { placement } : {}) });
}

/** Every native pass is a fresh process with a fresh heap, like every round of ours. */
async function measureNative(trace: Trace, options: CompareOptions): Promise<Measurement> {
  using native = new NativeReplayer(trace, options.native);
  const rounds = await native.time(options.rounds ?? 5);
  const { peakHeapBytes } = await native.footprint();
  return { rounds, peakHeapBytes, systemCalls: await native.systemCalls() };
}
