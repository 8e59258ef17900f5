/**
 * The heap over time: every so many operations, how much is live and what it takes. Blocks are written to as their
 * program would write to them, so that what the kernel counts as resident is what the program would have had.
 */
import type { Allocator } from '../core/index.ts';
import { Opcode, type Trace } from '../trace/index.ts';

/** A heap between two operations; all in bytes unless said otherwise. */
export interface TimelineSample {
  /** Operations done, a count. */
  operations: number;
  /** Asked for and not freed. */
  liveBytes: number;
  /** What these blocks can hold: malloc_usable_size of each. */
  usableBytes: number;
  /** Blocks not freed, a count. */
  liveBlocks: number;
  /** Taken from the system; null for an allocator that does not tell. */
  heapBytes: number | null;
  /** Of these, the chunk at the end of the heap that waits to be cut; null likewise. */
  topBytes: number | null;
  /** Memory that the kernel has given: pages really written to; null where it does not tell. */
  residentBytes: number | null;
}

/** When to look. */
export interface TimelineOptions {
  /** Operations from one look to the next, 1 or more. */
  every: number;
  /** One more look after so many operations. */
  alsoAt?: number;
  /** Write to every page of every block. @defaultValue false */
  touch?: boolean;
}

/** Above this, blocks are not written to: the machine may not have the memory. */
const mostTouchedBytes = 4 * 2 ** 30;

/** @returns true for a trace whose blocks may all be written to */
export function mayTouch(trace: Trace): boolean {
  return trace.peakLiveBytes <= mostTouchedBytes;
}

/** @returns operations after which a trace has the most bytes live, for the first time; 0 for a trace of none */
export function peakLiveAt({ opcodes, ids, sizes, blockCount, peakLiveBytes }: Trace): number {
  const live = new Float64Array(blockCount);
  let total = 0;
  for (let index = 0; index < opcodes.length; index++) {
    const id = ids[index];
    if (!isHeapCall(opcodes[index]) || id < 0) continue;
    total -= live[id];
    live[id] = opcodes[index] === Opcode.free ? 0 : sizes[index];
    total += live[id];
    if (total === peakLiveBytes && total > 0) return index + 1;
  }
  return 0;
}

function isHeapCall(opcode: number): boolean {
  switch (opcode) {
    case Opcode.malloc:
    case Opcode.calloc:
    case Opcode.realloc:
    case Opcode.memalign:
    case Opcode.free:
      return true;
    default:
      return false;
  }
}

/** What an allocator's sizes are read from. */
export interface TimelineSubject {
  allocator: Allocator;
  heapBytes: () => number;
  topBytes: () => number | null;
  residentBytes: () => number | null;
  /** The memory that pointers are indices of, as far as it reaches now. */
  bytes: () => Uint8Array;
}

/** Keeps the books of one replay: call `note` after each operation. */
export class TimelineKeeper {
  readonly samples: TimelineSample[] = [];
  readonly #subject: TimelineSubject;
  readonly #options: TimelineOptions | null;
  readonly #asked: Float64Array;
  readonly #usable: Float64Array;
  /** What starting the threads took. */
  readonly #residentBefore: number;
  readonly #last: number;
  #liveBytes = 0;
  #usableBytes = 0;
  #liveBlocks = 0;
  #operations = 0;

  /**
   * @param trace what is replayed
   * @param subject on what
   * @param options when to look; absent: only when `look` is called
   */
  constructor(trace: Trace, subject: TimelineSubject, options: TimelineOptions | null = null) {
    this.#subject = subject;
    this.#options = options;
    this.#residentBefore = subject.residentBytes() ?? 0;
    this.#last = trace.operationCount;
    this.#asked = new Float64Array(trace.blockCount);
    this.#usable = new Float64Array(trace.blockCount);
  }

  /**
   * Accounts for one operation, and looks when it is time; at the last one it always is.
   * @param index of the operation
   * @param id the block; negative for none
   * @param pointer where it is now; null after a free, or when there was no memory
   * @param askedBytes size asked for
   * @param isFree what kind of call it was
   */
  note(index: number, id: number, pointer: number | null, askedBytes: number, isFree: boolean): void {
    this.#operations = index + 1;
    // A realloc that gets no memory leaves the block as it was.
    if (id >= 0 && (isFree || pointer !== null)) this.#account(id, pointer, askedBytes);
    if (this.#options === null) return;
    const { every, alsoAt } = this.#options;
    const isDue = this.#operations % every === 0 || this.#operations === alsoAt;
    if (isDue || this.#operations === this.#last) this.samples.push(this.look());
  }

  #account(id: number, pointer: number | null, askedBytes: number): void {
    const { allocator, bytes } = this.#subject;
    const usable = pointer === null ? 0 : allocator.usableSize(pointer);
    const asked = pointer === null ? 0 : askedBytes;
    this.#liveBlocks += (pointer === null ? 0 : 1) - (this.#usable[id] > 0 ? 1 : 0);
    this.#liveBytes += asked - this.#asked[id];
    this.#usableBytes += usable - this.#usable[id];
    this.#asked[id] = asked;
    this.#usable[id] = usable;
    if (pointer !== null && asked > 0 && this.#options?.touch) touch(bytes(), pointer, asked);
  }

  /** @returns the heap as it is now */
  look(): TimelineSample {
    const { heapBytes, topBytes, residentBytes } = this.#subject;
    const resident = residentBytes();
    return {
      operations: this.#operations,
      liveBytes: this.#liveBytes,
      usableBytes: this.#usableBytes,
      liveBlocks: this.#liveBlocks,
      heapBytes: heapBytes(),
      topBytes: topBytes(),
      residentBytes: resident === null ? null : resident - this.#residentBefore,
    };
  }
}

function touch(bytes: Uint8Array, pointer: number, count: number): void {
  for (let at = 0; at < count; at += 4096) bytes[pointer + at] = 1;
  bytes[pointer + count - 1] = 1;
}

/** Reads the replayer's lines, drawn in native/tools/replayer/timeline.h. */
export function parseSamples(text: string): TimelineSample[] {
  const line = /^sample (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/gm;
  const isForeign = /^preloaded /m.test(text);
  return [...text.matchAll(line)].map((found) => {
    const [operations, liveBytes, usableBytes, liveBlocks, heap, top, resident] = found.slice(1).map(Number);
    return {
      operations,
      liveBytes,
      usableBytes,
      liveBlocks,
      heapBytes: isForeign ? null : heap,
      topBytes: isForeign ? null : top,
      residentBytes: process.platform === 'linux' ? resident : null,
    };
  });
}
