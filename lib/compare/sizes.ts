/** Sizes of one trace on one allocator, from samples over time: peaks, and what is lost to rounding and to gaps. */
import type { Trace } from '../trace/index.ts';
import { type NativeOptions, NativeReplayer } from './native.ts';
import type { SubjectName, SubjectOptions } from './subjects.ts';
import { mayTouch, peakLiveAt, type TimelineOptions, type TimelineSample } from './timeline.ts';
import { timelineOn } from './timeline-run.ts';

/** What the samples come to. */
export interface Sizes {
  /** Most memory that the kernel had given at a sample; null where it does not tell. */
  peakResidentBytes: number | null;
  /**
   * Lost inside blocks when the most bytes are live, as a share of the footprint then: the resident memory, or the
   * heap where the kernel does not tell. Null without a footprint.
   */
  internalFragmentation: number | null;
  /** Lost between and behind blocks then, as a share of the footprint: free memory, headers, tables. */
  externalFragmentation: number | null;
  timeline: TimelineSample[];
}

/** Samples of a comparison. */
const sampleCount = 200;

/** @returns when to look at a trace so that its live peak is among the looks */
export function looksAt(trace: Trace, every?: number): TimelineOptions {
  return {
    every: every ?? Math.max(1, Math.ceil(trace.operationCount / sampleCount)),
    alsoAt: peakLiveAt(trace),
    touch: mayTouch(trace),
  };
}

/** @returns the sizes of an allocator of this package */
export function sizesOf(trace: Trace, name: SubjectName, options: SubjectOptions, every?: number): Sizes {
  return summarizeSizes(timelineOn(trace, name, { ...options, ...looksAt(trace, every) }));
}

/** @returns the sizes of a native allocator, and the peak of its heap that was followed at each operation */
export async function nativeSizesOf(
  trace: Trace,
  options: NativeOptions,
  every?: number,
): Promise<Sizes & { peakHeapBytes: number; failedAllocations: number; ended?: string }> {
  using native = new NativeReplayer(trace, options);
  const { samples, footprint } = await native.timeline(looksAt(trace, every));
  const { peakHeapBytes, failedAllocations, ended } = footprint;
  return {
    ...summarizeSizes(samples),
    ...{ peakHeapBytes, failedAllocations },
    ...(ended === undefined ? {} : { ended }),
  };
}

/** Sums samples up. */
export function summarizeSizes(timeline: TimelineSample[]): Sizes {
  const known = timeline.map((sample) => sample.residentBytes).filter((bytes) => bytes !== null);
  const fullest = timeline.reduce<TimelineSample | null>(
    (most, sample) => (most === null || sample.liveBytes > most.liveBytes ? sample : most),
    null,
  );
  return {
    peakResidentBytes: known.length === 0 ? null : Math.max(...known),
    ...(fullest ? fragmentation(fullest) : { internalFragmentation: null, externalFragmentation: null }),
    timeline,
  };
}

/** @returns shares of the footprint at one moment */
export function fragmentation(
  sample: TimelineSample,
): Pick<Sizes, 'internalFragmentation' | 'externalFragmentation'> {
  const footprint = sample.residentBytes ?? sample.heapBytes ?? 0;
  if (footprint === 0) return { internalFragmentation: null, externalFragmentation: null };
  // Rounding may give pages that were never asked for and never written to: they are not resident.
  const lost = Math.max(0, footprint - sample.liveBytes);
  const inside = Math.min(lost, sample.usableBytes - sample.liveBytes);
  return {
    internalFragmentation: inside / footprint,
    externalFragmentation: (lost - inside) / footprint,
  };
}
