/** One trace on several allocators, side by side: fresh processes, turn by turn, the least of each reported. */
import type { GlibcVersion } from '../heap/index.ts';
import type { Trace } from '../trace/index.ts';
import { comparePlaces, type PlacementAgreement } from './agreement.ts';
import { machineGlibc } from './fidelity.ts';
import type { Measurement } from './measure.ts';
import { measureApart } from './measure-child.ts';
import { type NativeOptions, NativeReplayer } from './native.ts';
import { placementsOn } from './placements.ts';
import { type AllocatorName, allocatorNames, type ComparisonRow, rowOf } from './row.ts';
import type { SubjectOptions } from './subjects.ts';

/** What to compare, and how thoroughly; arena and tunables are those of the native malloc too. */
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
  const rows = allocators.map((allocator) => rowOf(trace, allocator, measured.get(allocator)!));
  const heap = rows.find((row) => row.allocator === 'heap');
  if (heap) heap.glibc = subjectOptions(options).glibc;
  if (heap && allocators.includes('native')) heap.agreement = await agreement(trace, options);
  return rows;
}

/** As the native malloc is asked to be, unless told otherwise. */
function subjectOptions(options: CompareOptions): SubjectOptions & { glibc: GlibcVersion } {
  const { placement, glibc, arena, tunables } = options;
  return {
    ...(placement ? { placement } : {}),
    glibc: glibc ?? machineGlibc() ?? '2.36',
    ...(arena ? { arena } : {}),
    ...(tunables ? { tunables } : {}),
  };
}

function nativeOptions({ arena, tunables, native }: CompareOptions): NativeOptions {
  const names = Object.entries(tunables ?? {}).map(([name, value]) => `glibc.malloc.${name}=${value}`);
  return {
    ...(arena ? { arena } : {}),
    ...native,
    ...(names.length > 0 ? { environment: { GLIBC_TUNABLES: names.join(':'), ...native?.environment } } : {}),
  };
}

/** Where the heap puts every block, against a native run. */
async function agreement(trace: Trace, options: CompareOptions): Promise<PlacementAgreement> {
  using native = new NativeReplayer(trace, nativeOptions(options));
  return comparePlaces(await native.placements(), placementsOn(trace, 'heap', subjectOptions(options)));
}

function takeTurn(trace: Trace, allocator: AllocatorName, options: CompareOptions): Promise<Measurement> {
  if (allocator === 'native') return measureNative(trace, options);
  const { rounds = 5, budgetMs = 3000 } = options;
  return measureApart(trace, allocator, { rounds, budgetMs, ...subjectOptions(options) });
}

/** Every native pass is a fresh process with a fresh heap, like every round of ours. */
async function measureNative(trace: Trace, options: CompareOptions): Promise<Measurement> {
  using native = new NativeReplayer(trace, nativeOptions(options));
  const rounds = await native.time(options.rounds ?? 5);
  const { peakHeapBytes } = await native.footprint();
  return { rounds, peakHeapBytes, systemCalls: await native.systemCalls() };
}
