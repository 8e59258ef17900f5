/**
 * Which blocks of a trace are live while it is read: enforces that a replay of it is valid, and counts bytes.
 *
 *   empty -> live -> freed      by `f`: the pointer is gone
 *                 -> dangling   by `D`: freed, but the trace keeps the pointer
 *                 -> emptied    by realloc(p, 0) in malloc-lab files, which then free it once more
 *   any   -> alias              by `n`: an address inside another block
 */

import { Opcode } from './trace.ts';

/** Who is told of a broken rule: a reader, which knows where in the trace it is. */
export interface Refusal {
  fail(message: string): never;
}

const empty = 0;
const live = 1;
const freed = 2;
const dangling = 3;
const alias = 4;
const emptied = 5;

/** The state of every block number seen so far. */
export class Blocks {
  #states = new Uint8Array(1024);
  #sizes = new Float64Array(1024);
  /** One more than the highest number used. */
  count = 0;
  liveBytes = 0;
  liveBlocks = 0;
  peakBytes = 0;
  peakBlocks = 0;

  /** @returns true when the block is allocated and not freed */
  isLive(id: number): boolean {
    return id < this.count && this.#states[id] === live;
  }

  allocate(refusal: Refusal, id: number, sizeBytes: number): void {
    this.#reach(id);
    if (this.#states[id] === live) refusal.fail(`block ${id} is allocated a second time without a free`);
    this.#states[id] = live;
    this.liveBlocks++;
    if (this.liveBlocks > this.peakBlocks) this.peakBlocks = this.liveBlocks;
    this.#account(id, sizeBytes);
  }

  resize(refusal: Refusal, id: number, sizeBytes: number): void {
    const state = this.#stateOf(id);
    if (state === live) {
      this.liveBytes -= this.#sizes[id];
    } else if (state === dangling || state === alias) {
      this.#states[id] = live;
      this.liveBlocks++;
    } else {
      refusal.fail(`realloc of block ${id}, which ${describe(state)}`);
    }
    this.#account(id, sizeBytes);
  }

  /** `f`, or `D` when the trace keeps the pointer. */
  release(refusal: Refusal, id: number, keepPointer: boolean): void {
    const state = this.#stateOf(id);
    if (state === live) {
      this.liveBytes -= this.#sizes[id];
      this.liveBlocks--;
    } else if (state === empty || ((state === freed || state === emptied) && !keepPointer)) {
      refusal.fail(`free of block ${id}, which ${describe(state)}`);
    }
    this.#states[id] = keepPointer ? dangling : freed;
  }

  /** Accounts for a heap call of any kind. */
  apply(refusal: Refusal, opcode: number, id: number, sizeBytes: number): void {
    if (opcode === Opcode.realloc) this.resize(refusal, id, sizeBytes);
    else if (opcode !== Opcode.free) this.allocate(refusal, id, sizeBytes);
    else if (id >= 0) this.release(refusal, id, false);
  }

  /** Remembers that the last `release` was a realloc to 0 bytes. */
  markEmptied(id: number): void {
    this.#states[id] = emptied;
  }

  /** @returns true when the block was last seen in a realloc to 0 bytes */
  wasEmptied(id: number): boolean {
    return this.#stateOf(id) === emptied;
  }

  /** A damage operation names a block: it must have had a pointer once. */
  requireKnown(refusal: Refusal, id: number): void {
    const state = this.#stateOf(id);
    if (state === empty) refusal.fail(`use of block ${id}, which ${describe(state)}`);
  }

  makeAlias(refusal: Refusal, id: number): void {
    this.#reach(id);
    if (this.#states[id] === live) refusal.fail(`block ${id} is live and cannot become an alias`);
    this.#states[id] = alias;
  }

  #stateOf(id: number): number {
    return id < this.count ? this.#states[id] : empty;
  }

  #account(id: number, sizeBytes: number): void {
    this.#sizes[id] = sizeBytes;
    this.liveBytes += sizeBytes;
    if (this.liveBytes > this.peakBytes) this.peakBytes = this.liveBytes;
  }

  #reach(id: number): void {
    if (id < this.count) return;
    this.count = id + 1;
    if (id < this.#states.length) return;
    const states = new Uint8Array(2 * (id + 1));
    const sizes = new Float64Array(2 * (id + 1));
    states.set(this.#states);
    sizes.set(this.#sizes);
    this.#states = states;
    this.#sizes = sizes;
  }
}

function describe(state: number): string {
  return state === empty ? 'was never allocated' : 'is already freed';
}
