/** What a trace is made of: counts, sizes, lifetimes. The columns of the recorded traces' own table. */
import { allocates, Opcode, type Trace } from './trace.ts';

/** How many requests fall into one power of two. */
export interface SizeClass {
  /** Sizes up to and with this many bytes, above half of it. */
  upToBytes: number;
  requests: number;
}

/** Figures of a trace. */
export interface TraceInfo {
  name: string;
  what: string;
  operations: number;
  blocks: number;
  threads: number;
  /** Operations by letter; those that do not occur are absent. */
  counts: Record<string, number>;
  /** free(NULL), part of `counts.f` no longer: counted apart. */
  freesOfNull: number;
  peakLiveBytes: number;
  peakLiveBlocks: number;
  liveAtEnd: number;
  /** Share of freed blocks that were freed within 16 operations of their allocation, 0 to 1. */
  freedYoung: number;
  /** Size of the median request and so on, rounded up to a power of two. */
  medianBytes: number;
  p90Bytes: number;
  p99Bytes: number;
  largestBytes: number;
  /** Requests above 128 KiB, the native mmap threshold. */
  largeRequests: number;
  sizeClasses: SizeClass[];
}

const youngOperations = 16;
const nativeMmapThreshold = 131072;

/**
 * Counts what is in a trace.
 * @param trace any trace
 * @returns its figures, all counted, none taken from the header but name and what
 */
export function traceInfo(trace: Trace): TraceInfo {
  const { name, what, peakLiveBytes, peakLiveBlocks, liveAtEnd } = trace;
  const { counts, freesOfNull } = countLetters(trace);
  const sizes = requestSizes(trace);
  const sizeClasses = classify(sizes);
  return {
    name,
    what,
    operations: trace.operationCount,
    blocks: trace.blockCount,
    threads: trace.threadCount,
    counts,
    freesOfNull,
    peakLiveBytes,
    peakLiveBlocks,
    liveAtEnd,
    freedYoung: shareFreedYoung(trace),
    medianBytes: quantile(sizeClasses, sizes.length, 0.5),
    p90Bytes: quantile(sizeClasses, sizes.length, 0.9),
    p99Bytes: quantile(sizeClasses, sizes.length, 0.99),
    largestBytes: sizes.reduce((most, size) => Math.max(most, size), 0),
    largeRequests: sizes.reduce((sum, size) => sum + (size > nativeMmapThreshold ? 1 : 0), 0),
    sizeClasses,
  };
}

function countLetters({ opcodes, ids }: Trace): { counts: Record<string, number>; freesOfNull: number } {
  const byCode = new Uint32Array(128);
  let freesOfNull = 0;
  for (let index = 0; index < opcodes.length; index++) {
    if (opcodes[index] === Opcode.free && ids[index] < 0) freesOfNull++;
    else byCode[opcodes[index]]++;
  }
  const counts: Record<string, number> = {};
  for (const code of Object.values(Opcode)) {
    if (byCode[code] > 0) counts[String.fromCharCode(code)] = byCode[code];
  }
  return { counts, freesOfNull };
}

function requestSizes({ opcodes, sizes }: Trace): Float64Array {
  return sizes.filter((_, index) => allocates(opcodes[index]));
}

function classify(sizes: Float64Array): SizeClass[] {
  const classes = new Map<number, number>();
  for (const size of sizes) {
    const upToBytes = size <= 1 ? 1 : 2 ** Math.ceil(Math.log2(size));
    classes.set(upToBytes, (classes.get(upToBytes) ?? 0) + 1);
  }
  return [...classes]
    .map(([upToBytes, requests]) => ({ upToBytes, requests }))
    .sort((a, b) => a.upToBytes - b.upToBytes);
}

function quantile(classes: readonly SizeClass[], total: number, fraction: number): number {
  let seen = 0;
  for (const { upToBytes, requests } of classes) {
    seen += requests;
    if (seen > fraction * total) return upToBytes;
  }
  return classes.at(-1)?.upToBytes ?? 0;
}

function shareFreedYoung({ opcodes, ids, blockCount }: Trace): number {
  const born = new Float64Array(blockCount).fill(-1);
  let freed = 0;
  let young = 0;
  for (let index = 0; index < opcodes.length; index++) {
    const id = ids[index];
    if (opcodes[index] === Opcode.free && id >= 0) {
      freed++;
      if (index - born[id] <= youngOperations) young++;
    } else if (allocates(opcodes[index]) && opcodes[index] !== Opcode.realloc) {
      born[id] = index;
    }
  }
  return freed === 0 ? 0 : young / freed;
}
