/** One trace on one allocator, as `replay` needs it: a careful pass where something is to be looked at, then timing. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import {
  type AllocatorName,
  heapPlacements,
  isPreloadName,
  type MeasurableName,
  makeSubject,
  measureApart,
  type NativeOptions,
  NativeReplayer,
  nativeSizesOf,
  rowOf,
  type Sizes,
  type SubjectOptions,
  sizesOf,
} from '../compare/index.ts';
import type { GlibcVersion, Heap } from '../heap/index.ts';
import { ReplayError, replay, type Trace } from '../trace/index.ts';
import { heapTunables } from './heap-options.ts';
import type { Output } from './output.ts';
import { installedPreload } from './preload-option.ts';

/** Options as commander hands them over. */
export interface ReplayCommandOptions {
  on: AllocatorName;
  glibc?: GlibcVersion;
  arena?: 'main' | 'thread';
  placements?: string;
  image?: string;
  check?: number;
  tunable?: string[];
  damage?: boolean;
  fit?: 'first-fit' | 'next-fit' | 'best-fit';
  rounds: number;
  threads?: boolean;
  every?: number;
  csv?: string;
  json?: boolean;
}

/** What `replay` reports; the document of `replay --json`. */
export interface ReplayReport extends Partial<Sizes> {
  trace: string;
  allocator: string;
  /** C library that `heap` was. */
  glibc?: string;
  /** Threads that the sizes are of, where they are more than one; times are of one. */
  threads?: number;
  operations: number;
  /** Null when the run ended too early to be timed. */
  nsPerOperation: number | null;
  firstRunNsPerOperation: number | null;
  runs: number;
  peakHeapBytes: number;
  peakLiveBytes: number;
  utilization: number | null;
  systemCalls: Record<string, number> | null;
  minorFaults: number | null;
  /** Allocations that got null; absent where nobody counted. */
  failedAllocations?: number;
  /** Operations only a damage replay runs. */
  skippedOperations?: number;
  /** Full heap checks made. */
  checks?: number;
  /** How the native run ended, if not well. */
  ended?: string;
  /** What went wrong, and at which operation. */
  failure?: { operation: number | null; code: string; message: string };
}

/** No timed run is begun after this time. */
const budgetMs = 3000;

/** Replays on an allocator of this package, or on Buffers. */
export async function replayOurs(
  trace: Trace,
  options: ReplayCommandOptions,
  output: Output,
): Promise<ReplayReport> {
  const name = options.on as MeasurableName;
  const careful = name === 'buffer' ? {} : lookCarefully(trace, name, options, output);
  if (careful.failure || options.damage) return { ...emptyReport(trace, name), ...careful };
  const timing = await measureApart(trace, name, {
    rounds: options.rounds,
    budgetMs,
    ...subjectOptions(options),
  });
  return { ...rowOf(trace, name, timing), ...careful, ...ourSizes(trace, name, options) };
}

/** @returns true when the heap over time, or several threads, are asked for */
function wantsSizes({ every, csv, threads }: ReplayCommandOptions): boolean {
  return every !== undefined || csv !== undefined || threads === true;
}

/** A run that is looked at over time, if that is asked for. */
function ourSizes(trace: Trace, name: MeasurableName, options: ReplayCommandOptions): Partial<ReplayReport> {
  if (name === 'buffer' || !wantsSizes(options)) return {};
  const threads = options.threads ? { threads: trace.threadCount, cores: availableParallelism() } : {};
  const sizes = sizesOf(trace, name, { ...subjectOptions(options), ...threads }, options.every);
  return { ...sizes, ...(options.threads ? ofThreads(trace, sizes) : {}) };
}

/** The peak is what the samples saw. */
function ofThreads(trace: Trace, { timeline }: Sizes): Partial<ReplayReport> {
  const peakHeapBytes = timeline.reduce((most, { heapBytes }) => Math.max(most, heapBytes ?? 0), 0);
  const utilization = peakHeapBytes === 0 ? null : trace.peakLiveBytes / peakHeapBytes;
  return { threads: trace.threadCount, peakHeapBytes, utilization };
}

/** What a subject is told. */
function subjectOptions({ fit, glibc, arena, tunable }: ReplayCommandOptions): SubjectOptions {
  return {
    ...(fit ? { placement: fit } : {}),
    ...(glibc ? { glibc } : {}),
    ...(arena ? { arena } : {}),
    ...(tunable ? { tunables: heapTunables(tunable) } : {}),
  };
}

/** The pass that checks, and writes files; not timed. */
function lookCarefully(
  trace: Trace,
  name: Exclude<MeasurableName, 'buffer'>,
  options: ReplayCommandOptions,
  output: Output,
): Partial<ReplayReport> {
  const subject = makeSubject(name, subjectOptions(options));
  using allocator = subject.allocator;
  const about = subject.heap ? { glibc: subject.heap.glibc } : {};
  if (subject.heap && options.damage) {
    const report = replayDamage(trace, subject.heap, options);
    if (options.image !== undefined) writeFileSync(options.image, subject.image());
    return { ...about, ...report };
  }
  if (!wantsLook(options)) return about;
  const lines: string[] = [];
  const progress = output.progress(`${trace.name} on ${name}`, trace.operationCount);
  try {
    const { failedAllocations, skipped, checks } = replay(trace, allocator, {
      checkEvery: options.check ?? 0,
      onPlacement: (operation, pointer) => {
        lines[operation] = subject.place(pointer);
        if (operation % 512 === 0) progress.update(operation);
      },
    });
    return {
      ...about,
      failedAllocations,
      skippedOperations: skipped,
      ...(options.check === undefined ? {} : { checks }),
    };
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    lines.length = error.operation;
    lines.push(`! ${error.message}`);
    const { operation, code, message } = error;
    return { ...about, failure: { operation, code, message } };
  } finally {
    progress.stop();
    if (options.placements !== undefined) writePlacements(options.placements, lines, trace.operationCount);
    if (options.image !== undefined) writeFileSync(options.image, subject.image());
  }
}

function wantsLook({ check, placements, image }: ReplayCommandOptions): boolean {
  return check !== undefined || placements !== undefined || image !== undefined;
}

/** Every operation of the trace, those that damage the heap too: an abort is a result, not a failure. */
function replayDamage(trace: Trace, heap: Heap, options: ReplayCommandOptions): Partial<ReplayReport> {
  const lines = heapPlacements(trace, heap, { damage: true });
  if (options.placements !== undefined) writePlacements(options.placements, lines, lines.length);
  const peakHeapBytes = heap.space.peakBytes;
  const last = lines.at(-1) ?? '';
  if (!last.startsWith('! ')) return { peakHeapBytes };
  // The replay tells its own mistakes in the place of an ending: they are nobody's abort.
  if (last.startsWith('! DEFECT')) throw new Error(last.slice(2));
  return { peakHeapBytes, ended: last.slice(2) };
}

/** One line per operation; `-` where there was nothing to place. */
function writePlacements(file: string, lines: readonly string[], operations: number): void {
  const last = lines.at(-1)?.startsWith('!') ? lines.length : operations;
  const text = Array.from({ length: last }, (_, index) => `${lines[index] ?? '-'}\n`).join('');
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text);
}

function emptyReport(trace: Trace, allocator: string): ReplayReport {
  return {
    trace: trace.name,
    allocator,
    operations: trace.operationCount,
    nsPerOperation: null,
    firstRunNsPerOperation: null,
    runs: 0,
    peakHeapBytes: 0,
    peakLiveBytes: trace.peakLiveBytes,
    utilization: null,
    systemCalls: null,
    minorFaults: null,
  };
}

/** Replays on the platform's malloc, or on another one that is preloaded, in processes of its own. */
export async function replayNative(
  trace: Trace,
  options: ReplayCommandOptions,
  output: Output,
): Promise<ReplayReport> {
  const progress = output.progress(`${trace.name} on ${options.on}`, 4);
  const how = nativeOptions(options);
  using native = new NativeReplayer(trace, how);
  try {
    if (options.placements !== undefined) {
      const lines = await native.placements();
      writePlacements(options.placements, lines, lines.length);
    }
    const footprint = await native.footprint();
    progress.update(1);
    const { failedAllocations, peakHeapBytes, ended } = footprint;
    if (ended !== undefined) return endedBadly(trace, options, ended, footprint.operations);
    const rounds = await native.time(1, options.rounds);
    progress.update(2);
    const systemCalls = await native.systemCalls();
    progress.update(3);
    return {
      ...rowOf(trace, options.on, { rounds, peakHeapBytes, systemCalls }),
      failedAllocations,
      ...(wantsSizes(options) ? await nativeSizesOf(trace, how, options.every) : {}),
      ...(options.threads ? { threads: trace.threadCount } : {}),
    };
  } finally {
    progress.stop();
  }
}

function nativeOptions({ on, arena, damage, threads, tunable }: ReplayCommandOptions): NativeOptions {
  return {
    ...(isPreloadName(on) ? { preload: installedPreload(on) } : {}),
    ...(arena ? { arena } : {}),
    ...(threads ? { threads } : {}),
    ...(damage ? { damage } : {}),
    ...(tunable ? { environment: { GLIBC_TUNABLES: tunable.join(':') } } : {}),
  };
}

/** An abort is what a damage replay looks for, and a failure of any other. */
function endedBadly(
  trace: Trace,
  options: ReplayCommandOptions,
  ended: string,
  operation: number,
): ReplayReport {
  const report = { ...emptyReport(trace, 'native'), ended };
  if (options.damage) return report;
  const message = `operation ${operation}: the native malloc ended the process: ${ended}`;
  return { ...report, failure: { operation, code: 'ERR_REPLAY_REFUSED', message } };
}
