/**
 * Reads the log of one process, as the recorder left it: whole, or cut off in the middle of a call. The layout is
 * drawn in native/tools/recorder/layout.h; both sides must change together.
 */
import type { CallCounts } from './heap-calls.ts';
import { HeapCalls, type OperationSink } from './heap-calls.ts';
import { Opcode } from './trace.ts';

const magic = 'CYRAWLG1';
export const rawHeaderBytes = 4096;
const commandOffset = 128;
const shortRecord = 24;
const longRecord = 40;

const Kind = { malloc: 1, calloc: 2, memalign: 3, reallocBegins: 4, reallocEnds: 5, free: 6 } as const;

/** What a log says of its process. */
export interface RawHeader {
  recordBytes: number;
  times: boolean;
  sites: boolean;
  /** Records claimed, and how many of them there was room for. */
  claimed: number;
  capacity: number;
  /** Allocations that got nothing. */
  failedAllocations: number;
  process: number;
  parent: number;
  ended: boolean;
  forked: boolean;
  threads: number;
  command: string[];
}

/** @returns the header; null when the bytes are none: a process that ended while it set its log up */
export function parseRawHeader(bytes: Uint8Array): RawHeader | null {
  if (bytes.length < rawHeaderBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, rawHeaderBytes);
  const text = (first: number, end: number): string => new TextDecoder().decode(bytes.subarray(first, end));
  const word = (at: number): number => Number(view.getBigUint64(at, true));
  const recordBytes = view.getUint32(8, true);
  if (text(0, 8) !== magic || (recordBytes !== shortRecord && recordBytes !== longRecord)) return null;
  const options = view.getUint32(12, true);
  return {
    recordBytes,
    times: (options & 1) !== 0,
    sites: (options & 2) !== 0,
    claimed: word(16),
    capacity: word(24),
    failedAllocations: word(32),
    process: view.getUint32(48, true),
    parent: view.getUint32(52, true),
    ended: view.getUint32(56, true) === 1,
    forked: view.getUint32(60, true) === 1,
    threads: word(64),
    command: text(commandOffset, rawHeaderBytes).replace(/\0+$/, '').split('\0'),
  };
}

/** Takes operations, and what comes with each. */
export interface RecordingSink extends OperationSink {
  switchThread(thread: number): void;
  /** Before each operation, where the log has times or call sites. */
  stamp(timeNs: number): void;
  site(address: number): void;
}

/** A realloc between its two records. */
interface OpenRealloc {
  id: number;
  before: number;
}

/** Goes through the records in the order in which they were claimed. */
export class RawLogConverter {
  readonly #header: RawHeader;
  readonly #calls: HeapCalls;
  /** By thread. */
  readonly #reallocs: (OpenRealloc | undefined)[] = [];
  #thread = 0;
  #timeNs = 0;
  #site = 0;
  /** Records claimed but not written when the process ended. */
  unfinished = 0;

  constructor(header: RawHeader, sink: RecordingSink) {
    this.#header = header;
    this.#calls = new HeapCalls({
      push: (opcode, id, size, alignment) => {
        sink.switchThread(this.#thread);
        if (header.times) sink.stamp(this.#timeNs);
        if (header.sites) sink.site(this.#site);
        sink.push(opcode, id, size, alignment);
      },
    });
  }

  get counts(): CallCounts {
    return this.#calls.counts;
  }

  /** @param bytes whole records */
  convert(bytes: Uint8Array): void {
    const { recordBytes } = this.#header;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) this.#record(view, at);
  }

  #record(view: DataView, at: number): void {
    const kind = view.getUint8(at);
    if (kind === 0) {
      this.unfinished++;
      return;
    }
    this.#thread = view.getUint16(at + 2, true);
    const address = word(view, at + 8);
    const size = word(view, at + 16);
    if (this.#header.recordBytes === longRecord) {
      this.#timeNs = word(view, at + 24);
      this.#site = word(view, at + 32);
    }
    const calls = this.#calls;
    if (kind === Kind.malloc) calls.allocate(Opcode.malloc, address, size);
    else if (kind === Kind.free) calls.free(address);
    else if (kind === Kind.calloc) calls.allocate(Opcode.calloc, address, size);
    else if (kind === Kind.reallocBegins) this.#reallocBegins(address);
    else if (kind === Kind.reallocEnds) this.#reallocEnds(address, size);
    else if (kind === Kind.memalign) {
      calls.allocate(Opcode.memalign, address, size, view.getUint32(at + 4, true));
    }
  }

  #reallocBegins(before: number): void {
    this.#reallocs[this.#thread] = { id: this.#calls.reallocBegins(before), before };
  }

  #reallocEnds(after: number, size: number): void {
    const open = this.#reallocs[this.#thread];
    // Its beginning was not written: the process began to be recorded in between.
    this.#calls.reallocEnds(open?.id ?? -1, open?.before ?? 0, after, size);
    this.#reallocs[this.#thread] = undefined;
  }
}

/** Addresses and sizes that were given out are below 2^53. */
function word(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
