/** A piece of a trace: what a stream gives at a time, so that a trace of any length is read in constant memory. */
import type { ThreadSwitch, Trace } from './trace.ts';

/** Operations in a row. Its arrays are used again for the next batch: copy what is to stay. */
export interface TraceBatch {
  /** Index of the first operation in the whole trace. */
  firstOperation: number;
  operationCount: number;
  /** One more than the largest block number so far: how long a table of pointers must be. */
  blockCount: number;
  opcodes: Uint8Array;
  ids: Int32Array;
  sizes: Float64Array;
  extras: Float64Array;
  /** Empty, or as long as `opcodes` when there are operations of damage. */
  secondIds: Int32Array;
  values: BigUint64Array;
  /** Indices in the whole trace. */
  threadSwitches: ThreadSwitch[];
  /** Empty when the trace has none. */
  timesNs: Float64Array;
  sites: Uint32Array;
}

/** What is known before the first operation. */
export interface TraceStreamHead {
  name: string;
  what: string;
  format: Trace['format'];
  /** What a recording tells of itself. */
  recording?: Readonly<Record<string, unknown>>;
}

/** What is known after the last operation. */
export type TraceTotals = Pick<
  Trace,
  | 'operationCount'
  | 'blockCount'
  | 'threadCount'
  | 'hasDamage'
  | 'peakLiveBytes'
  | 'peakLiveBlocks'
  | 'liveAtEnd'
  | 'siteNames'
  | 'recording'
>;

/** A trace read from its beginning to its end, once. */
export interface TraceStream extends AsyncIterable<TraceBatch> {
  readonly head: TraceStreamHead;
  /** Set when the last batch has been given. */
  readonly totals: TraceTotals | null;
}

/** @returns a trace in memory as one batch */
export function wholeBatch(trace: Trace): TraceBatch {
  return {
    ...trace,
    firstOperation: 0,
    threadSwitches: [...trace.threadSwitches],
    timesNs: trace.timesNs ?? new Float64Array(0),
    sites: trace.sites ?? new Uint32Array(0),
  };
}

/** @returns the same as a stream */
export function traceStream(trace: Trace): TraceStream {
  async function* once(): AsyncGenerator<TraceBatch> {
    yield wholeBatch(trace);
  }
  return { head: trace, totals: trace, [Symbol.asyncIterator]: once };
}
