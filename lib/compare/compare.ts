/** One trace on several allocators, side by side: fresh processes, turn by turn, so that all meet the same weather. */
import type { GlibcVersion } from '../heap/index.ts';
import type { Trace } from '../trace/index.ts';
import { comparePlaces, type PlacementAgreement } from './agreement.ts';
import { machineGlibc } from './fidelity.ts';
import type { Measurement } from './measure.ts';
import { measureApart } from './measure-child.ts';
import { type NativeOptions, NativeReplayer } from './native.ts';
import { placementsOn } from './placements.ts';
import { findPreload, isPreloadName, requirePreload } from './preloads.ts';
import { type AllocatorName, allocatorNames, type ComparisonRow, rowOf } from './row.ts';
import { nativeSizesOf, sizesOf } from './sizes.ts';
import type { SubjectOptions } from './subjects.ts';

/** What to compare, and how thoroughly; arena and tunables are those of the native malloc too. */
export interface CompareOptions extends SubjectOptions {
  /** @defaultValue `allocatorsFor(trace)` */
  allocators?: readonly AllocatorName[];
  /** Turns: each allocator gets a fresh process in each, 1 or more. @defaultValue 6 */
  passes?: number;
  /** Runs in each of those processes. @defaultValue 5 */
  rounds?: number;
  /** One allocator's turn begins no further run after this time; one that took longer gets no other. @defaultValue 2,000 */
  budgetMs?: number;
  /** For the native malloc. */
  native?: NativeOptions;
  /** Told before each turn, and with `sizes` before the heap is looked at over time. */
  onProgress?: (allocator: AllocatorName, pass: number | 'sizes') => void;
}

/** Above this, a list that is searched from its start takes minutes. */
const mostForChunkList = 100_000;

/**
 * @param trace what is to be compared
 * @returns every allocator that is there; without `chunklist` for a trace that it would take minutes for
 */
export function allocatorsFor(trace: Trace): AllocatorName[] {
  return allocatorNames.filter((name) => {
    if (isPreloadName(name)) return findPreload(name) !== null;
    return name !== 'chunklist' || trace.operationCount <= mostForChunkList;
  });
}

/**
 * Replays a trace on each allocator and measures.
 * @param trace what to run
 * @param options which allocators, how often
 * @returns a row per allocator, in the order asked for
 * @throws ReplayerError when the native replayer or a measuring process fails, or an allocator is not installed
 */
export async function compareTrace(trace: Trace, options: CompareOptions = {}): Promise<ComparisonRow[]> {
  const { allocators = allocatorsFor(trace), passes = 6, budgetMs = 2000, onProgress } = options;
  const turns = new Map<AllocatorName, [Measurement, ...Measurement[]]>();
  for (let pass = 0; pass < passes; pass++) {
    for (const allocator of allocators) {
      onProgress?.(allocator, pass);
      const before = turns.get(allocator);
      if (before && wallMs(before[0]) > budgetMs) continue;
      const turn = await takeTurn(trace, allocator, options);
      turns.set(allocator, before ? [...before, turn] : [turn]);
    }
  }
  const rows: ComparisonRow[] = [];
  for (const allocator of allocators) {
    onProgress?.(allocator, 'sizes');
    const row = rowOf(trace, allocator, ...turns.get(allocator)!);
    rows.push(Object.assign(row, await lookOverTime(trace, allocator, options)));
  }
  for (const row of rows) {
    // The peak of a native heap is followed while it is looked at, not while it is timed.
    row.utilization = row.peakHeapBytes === 0 ? null : row.peakLiveBytes / row.peakHeapBytes;
  }
  const heap = rows.find((row) => row.allocator === 'heap');
  if (heap) heap.glibc = subjectOptions(options).glibc;
  if (heap && allocators.includes('native')) heap.agreement = await agreement(trace, options);
  return rows;
}

function wallMs({ rounds }: Measurement): number {
  return rounds.reduce((sum, round) => sum + round.wallNs, 0) / 1e6;
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

function nativeOptions(allocator: AllocatorName, { arena, tunables, native }: CompareOptions): NativeOptions {
  if (isPreloadName(allocator)) return { ...native, preload: requirePreload(allocator) };
  const names = Object.entries(tunables ?? {}).map(([name, value]) => `glibc.malloc.${name}=${value}`);
  return {
    ...(arena ? { arena } : {}),
    ...native,
    ...(names.length > 0 ? { environment: { GLIBC_TUNABLES: names.join(':'), ...native?.environment } } : {}),
  };
}

/** Where the heap puts every block, against a native run. */
async function agreement(trace: Trace, options: CompareOptions): Promise<PlacementAgreement> {
  using native = new NativeReplayer(trace, nativeOptions('native', options));
  return comparePlaces(await native.placements(), placementsOn(trace, 'heap', subjectOptions(options)));
}

function takeTurn(trace: Trace, allocator: AllocatorName, options: CompareOptions): Promise<Measurement> {
  const { rounds = 5, budgetMs = 2000 } = options;
  if (allocator === 'native' || isPreloadName(allocator)) return measureNative(trace, allocator, options);
  return measureApart(trace, allocator, { rounds, budgetMs, ...subjectOptions(options) });
}

/** Every native pass is a fresh process with a fresh heap, like every round of ours. */
async function measureNative(
  trace: Trace,
  allocator: AllocatorName,
  options: CompareOptions,
): Promise<Measurement> {
  using native = new NativeReplayer(trace, nativeOptions(allocator, options));
  return { rounds: await native.time(options.rounds ?? 5), peakHeapBytes: 0, systemCalls: null };
}

/** What is counted in a run that is not timed. */
async function lookOverTime(
  trace: Trace,
  allocator: AllocatorName,
  options: CompareOptions,
): Promise<Partial<ComparisonRow>> {
  if (allocator === 'buffer') return { peakResidentBytes: null };
  if (allocator === 'heap' || allocator === 'chunklist')
    return sizesOf(trace, allocator, subjectOptions(options));
  using native = new NativeReplayer(trace, nativeOptions(allocator, options));
  const {
    failedAllocations: _,
    ended: __,
    ...sizes
  } = await nativeSizesOf(trace, nativeOptions(allocator, options));
  return { ...sizes, systemCalls: await native.systemCalls() };
}
