/** What a trace is made of: counts, sizes, lifetimes. The columns of the recorded traces' own table. */
import {
  type TraceBatch,
  type TraceStream,
  type TraceStreamHead,
  type TraceTotals,
  wholeBatch,
} from './batch.ts';
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
  /** Of a recording: what it tells of itself. */
  recording?: Readonly<Record<string, unknown>>;
}

const youngOperations = 16;
const nativeMmapThreshold = 131072;

/** Sizes go up to 2^53. */
const classCount = 54;

/** Counts along a trace, in memory for its live blocks. */
class Counter {
  readonly byCode = new Float64Array(128);
  /** Requests up to 2^place bytes, above half of it. */
  readonly byClass = new Float64Array(classCount);
  freesOfNull = 0;
  largestBytes = 0;
  largeRequests = 0;
  #born = new Float64Array(0);
  #freed = 0;
  #freedYoung = 0;

  add(batch: TraceBatch): void {
    if (batch.blockCount > this.#born.length) this.#grow(batch.blockCount);
    const { firstOperation, operationCount, opcodes, ids, sizes } = batch;
    for (let index = 0; index < operationCount; index++) {
      const opcode = opcodes[index];
      this.byCode[opcode]++;
      if (opcode === Opcode.free) this.#free(ids[index], firstOperation + index);
      else if (allocates(opcode)) {
        this.#request(sizes[index]);
        if (opcode !== Opcode.realloc) this.#born[ids[index]] = firstOperation + index;
      }
    }
  }

  get freedYoung(): number {
    return this.#freed === 0 ? 0 : this.#freedYoung / this.#freed;
  }

  #free(id: number, operation: number): void {
    if (id < 0) {
      this.freesOfNull++;
      return;
    }
    this.#freed++;
    if (operation - this.#born[id] <= youngOperations) this.#freedYoung++;
  }

  #request(size: number): void {
    this.byClass[powerAbove(size)]++;
    if (size > this.largestBytes) this.largestBytes = size;
    if (size > nativeMmapThreshold) this.largeRequests++;
  }

  #grow(blockCount: number): void {
    const born = new Float64Array(2 * blockCount);
    born.set(this.#born);
    this.#born = born;
  }
}

/**
 * Counts what is in a trace.
 * @param trace any trace
 * @returns its figures, all counted, none taken from the header but name and what
 */
export function traceInfo(trace: Trace): TraceInfo {
  const counter = new Counter();
  counter.add(wholeBatch(trace));
  return summarize(counter, trace, trace);
}

/**
 * The same of a stream, in memory for its live blocks.
 * @param stream not yet read
 * @throws TraceError what the stream throws
 */
export async function streamInfo(stream: TraceStream): Promise<TraceInfo> {
  const counter = new Counter();
  for await (const batch of stream) counter.add(batch);
  if (stream.totals === null) throw new Error('a trace stream ended without its totals');
  return summarize(counter, stream.head, stream.totals);
}

function summarize(counter: Counter, { name, what }: TraceStreamHead, totals: TraceTotals): TraceInfo {
  const { peakLiveBytes, peakLiveBlocks, liveAtEnd, recording } = totals;
  const sizeClasses = classify(counter);
  const requests = sizeClasses.reduce((sum, one) => sum + one.requests, 0);
  return {
    ...{ name, what, operations: totals.operationCount, blocks: totals.blockCount },
    threads: totals.threadCount,
    counts: letters(counter),
    freesOfNull: counter.freesOfNull,
    ...{ peakLiveBytes, peakLiveBlocks, liveAtEnd },
    freedYoung: counter.freedYoung,
    medianBytes: quantile(sizeClasses, requests, 0.5),
    p90Bytes: quantile(sizeClasses, requests, 0.9),
    p99Bytes: quantile(sizeClasses, requests, 0.99),
    largestBytes: counter.largestBytes,
    largeRequests: counter.largeRequests,
    sizeClasses,
    ...(recording ? { recording } : {}),
  };
}

/** @returns the exponent of the least power of two that is not below the size */
function powerAbove(size: number): number {
  if (size <= 1) return 0;
  return size <= 2 ** 31 ? 32 - Math.clz32(size - 1) : Math.ceil(Math.log2(size));
}

function letters({ byCode, freesOfNull }: Counter): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of Object.values(Opcode)) {
    const times = code === Opcode.free ? byCode[code] - freesOfNull : byCode[code];
    if (times > 0) counts[String.fromCharCode(code)] = times;
  }
  return counts;
}

function classify({ byClass }: Counter): SizeClass[] {
  return [...byClass]
    .map((requests, place) => ({ upToBytes: 2 ** place, requests }))
    .filter(({ requests }) => requests > 0);
}

function quantile(classes: readonly SizeClass[], total: number, fraction: number): number {
  let seen = 0;
  for (const { upToBytes, requests } of classes) {
    seen += requests;
    if (seen > fraction * total) return upToBytes;
  }
  return classes.at(-1)?.upToBytes ?? 0;
}
