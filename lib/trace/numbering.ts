/** Which number a block gets, so that a `.cytrace` need not say it. Writer and reader keep the same account. */
import type { Numbering } from './cytrace-layout.ts';

const freeNumbers = 2 ** 20;

/**
 * A block needs an operation of its own: a number far beyond those so far cannot be meant.
 * @param operations made so far
 * @returns the largest number that an allocation may be given
 */
export function mostGivenNumber(operations: number): number {
  return Math.max(freeNumbers, 2 * operations) - 1;
}

/** The account. */
export class BlockNumbers {
  readonly #recycles: boolean;
  #newest = -1;
  /** Freed numbers, the last one on top. */
  #freed = new Int32Array(1024);
  #freedCount = 0;

  constructor(numbering: Numbering) {
    this.#recycles = numbering === 'recycled';
  }

  /** @returns the number of the next allocation, if no other is given; takes it off the freed ones */
  next(): number {
    return this.#freedCount > 0 ? this.#freed[--this.#freedCount] : this.#newest + 1;
  }

  /** The number that the allocation got. */
  taken(id: number): void {
    if (id > this.#newest) this.#newest = id;
  }

  freed(id: number): void {
    if (!this.#recycles) return;
    if (this.#freedCount === this.#freed.length) {
      const freed = new Int32Array(2 * this.#freedCount);
      freed.set(this.#freed);
      this.#freed = freed;
    }
    this.#freed[this.#freedCount++] = id;
  }

  /** @returns how a column names a block, and the block that is named so */
  reference(either: number): number {
    return this.#recycles ? either : this.#newest - either;
  }
}
