/**
 * What a report says about blocks, kept in native memory: when a hit ends the process no JavaScript runs any more.
 * JavaScript writes it as plain typed arrays, without a call; native/guard_table.h reads it.
 */
import type { FaultBlock } from '../core/index.ts';
import { native } from './binding.ts';

/*
 * One block, 64 bytes; numbers as the machine has them:
 *
 *    0  u32  state        0 none, 1 live, 2 freed; written last
 *    4  u32  number       counts allocations of the range from 1
 *    8  f64  start        offset of the first byte in the range
 *   16  f64  size         bytes asked for
 *   24  u32  slack        bytes between the end and the guard
 *   28  u32  allocSite    number of a site, 0 none
 *   32  u32  freeSite
 *   36  u32  allocThread  Node's number of the thread + 1, 0 not known
 *   40  u32  freeThread
 *   44  u32  -
 *   48  f64  allocTime    milliseconds since 1970
 *   56  f64  freeTime
 */
const blockBytes = 64;
const wordsPerBlock: number = blockBytes / 4;
const doublesPerBlock: number = blockBytes / 8;
const states = { none: 0, live: 1, freed: 2 } as const;

/** A block as it is entered when it is allocated. */
export interface LiveBlock {
  /** Offset of its first byte in the guarded range. */
  start: number;
  sizeBytes: number;
  slackBytes: number;
  /** Counts the allocations of the range from 1. */
  number: number;
  /** From `internSite`; 0: not kept. */
  site: number;
}

/** The blocks of one guarded range, by index. */
export class BlockTable {
  /** Blocks that fit. */
  readonly capacity: number;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #thread: number;

  /** @internal */
  constructor(memory: ArrayBuffer, threadNumber: number) {
    this.capacity = memory.byteLength / blockBytes;
    this.#words = new Uint32Array(memory);
    this.#doubles = new Float64Array(memory);
    this.#thread = threadNumber + 1;
  }

  /**
   * Enters a block that was just allocated.
   * @param index 0 <= index < capacity, not checked
   * @param block what it is
   * @param timeMs milliseconds since 1970; a caller that allocates much may read the clock less often
   */
  setLive(index: number, block: LiveBlock, timeMs: number = Date.now()): void {
    const word = index * wordsPerBlock;
    const double = index * doublesPerBlock;
    this.#words[word] = states.none;
    this.#words[word + 1] = block.number;
    this.#doubles[double + 1] = block.start;
    this.#doubles[double + 2] = block.sizeBytes;
    this.#words[word + 6] = block.slackBytes;
    this.#words[word + 7] = block.site;
    this.#words[word + 8] = 0;
    this.#words[word + 9] = this.#thread;
    this.#words[word + 10] = 0;
    this.#doubles[double + 6] = timeMs;
    this.#doubles[double + 7] = 0;
    this.#words[word] = states.live;
  }

  /** Makes a place ready for `renew`. @param index 0 <= index < capacity, not checked */
  prepare(index: number): void {
    this.setLive(index, { start: 0, sizeBytes: 0, slackBytes: 0, number: 0, site: 0 }, 0);
    this.setFreed(index, 0, 0);
    this.clear(index);
  }

  /** As `setLive` without a site, at a place that is used for such blocks only: it writes less. */
  renew(
    index: number,
    number: number,
    start: number,
    sizeBytes: number,
    slackBytes: number,
    timeMs: number,
  ): void {
    const word = index * wordsPerBlock;
    const double = index * doublesPerBlock;
    this.#words[word] = states.none;
    this.#words[word + 1] = number;
    this.#doubles[double + 1] = start;
    this.#doubles[double + 2] = sizeBytes;
    this.#words[word + 6] = slackBytes;
    this.#doubles[double + 6] = timeMs;
    this.#words[word] = states.live;
  }

  /**
   * Says that a block was freed.
   * @param index of the block, not checked
   * @param site from `internSite`; 0: not kept
   */
  setFreed(index: number, site: number, timeMs: number = Date.now()): void {
    const word = index * wordsPerBlock;
    this.#words[word + 8] = site;
    this.#words[word + 10] = this.#thread;
    this.#doubles[index * doublesPerBlock + 7] = timeMs;
    this.#words[word] = states.freed;
  }

  /** Forgets a block: its place is nobody's. */
  clear(index: number): void {
    this.#words[index * wordsPerBlock] = states.none;
  }

  /** When a block was allocated, and freed (0: not yet), milliseconds since 1970. */
  times(index: number): { allocMs: number; freeMs: number } {
    const double = index * doublesPerBlock;
    return { allocMs: this.#doubles[double + 6], freeMs: this.#doubles[double + 7] };
  }

  /** State of a block, or null when there is none. */
  state(index: number): FaultBlock['state'] | null {
    const state = this.#words[index * wordsPerBlock];
    return state === states.live ? 'live' : state === states.freed ? 'freed' : null;
  }
}

const siteNumbers = new Map<string, number>();

/**
 * Keeps the text of an allocation or free site in native memory, once for the process.
 * @param text lines `at f (file:line:column)`, no indentation; cut after 511 bytes of UTF-8
 * @returns its number, > 0; 0 when the table (65,535 sites) is full
 */
export function internSite(text: string): number {
  let number = siteNumbers.get(text);
  if (number === undefined) {
    number = native().internSite(text);
    siteNumbers.set(text, number);
  }
  return number;
}
