/**
 * What calloc does to a block: it fills with zeros what the header says the block holds. A sound header says about
 * what was asked for; a damaged one leads the clearing astray, as it does natively.
 *
 *      words to clear        up to 2         3 to 9                     10 and more
 *      until 2.40            an assertion    3, 5, 7 or 9 words         memset
 *      from 2.41 on          the first three and the last two           memset
 */
import { Aligning } from './align.ts';

/** Words that are cleared one by one. */
const mostSingleWords = 9n;
/** Bytes that memset writes at a time at each end of a long range: four registers of 16 bytes. */
const memsetStep = 64;

/** Clearing. @internal */
export abstract class Clearing extends Aligning {
  /** Clears a block as its header tells its size; `expected` is what the size should about be. */
  clearBlock(p: number, expected: number): void {
    const raw = this.w[(p >>> 2) - 2];
    const size = (raw & ~7) >>> 0;
    if ((raw & 2) !== 0) {
      if (this.w[this.perturbWord] !== 0) this.clear(p, size - 16);
      return;
    }
    if (size > expected + 64 || size < 32 || (raw & 8) !== 0 || this.w[(p >>> 2) - 1] !== 0) {
      this.clearAstray(p);
      return;
    }
    this.clear(p, size - 8);
  }

  /** Fills a block with zeros. */
  clear(p: number, bytes: number): void {
    // The built-in takes 14 ns for any small number of bytes, a word in the loop 0.5 ns.
    if (bytes > 96) {
      this.b.fill(0, p, p + bytes);
      return;
    }
    const w = this.w;
    const end = (p + bytes) >>> 2;
    for (let k = p >>> 2; k < end; k++) w[k] = 0;
  }

  /** Clears what a damaged header claims. */
  clearAstray(p: number): void {
    const size = this.peek(this.real(p) - 8n) & ~7n;
    const bytes = this.wrap(size - 8n);
    const words = bytes >> 3n;
    if (words > mostSingleWords) this.memsetZero(p, bytes);
    else if (this.profile.callocAsserts) this.clearOddly(p, Number(words));
    else for (const k of [0, 1, 2, ...wordsFrom(Number(words))]) this.poke(this.real(p + 8 * k), 0n);
  }

  /** The way of clearing until 2.40: at least three words, then two by two. */
  clearOddly(p: number, words: number): void {
    if (words < 3) this.abort(this.profile.assertion('__libc_calloc', 'nclears >= 3'), p);
    const odd = words - 1 + (words % 2);
    for (let k = 0; k < odd; k++) this.poke(this.real(p + 8 * k), 0n);
  }

  /**
   * memset as x86-64's baseline has it, with a length that may be wrong. One that wraps around ends below its
   * start: both ends are written, and nothing between them, since 2.34; before, it runs until it faults.
   */
  memsetZero(p: number, bytes: bigint): void {
    const start = this.real(p);
    const end = this.wrap(start + bytes);
    if (end >= start) {
      this.requireRange(p, end);
      this.clear(p, Number(bytes));
      return;
    }
    if (!this.profile.memsetWraps) this.fault(start);
    const last = this.offsetOf(end - BigInt(memsetStep));
    this.requireRange(p, start + BigInt(2 * memsetStep));
    this.requireRange(last, end);
    this.clear(p, 2 * memsetStep);
    this.clear(last, memsetStep);
  }

  /** Faults unless everything from an offset to an address is accessible. */
  requireRange(from: number, end: bigint): void {
    const bytes = end - this.real(from);
    if (end > this.real(0xffff_ffff) || !this.space.isAccessible(from, Number(bytes))) this.fault(end);
  }
}

/** @returns the numbers of the last words: the last two, and before them what the first three leave */
function wordsFrom(words: number): number[] {
  const from = Math.min(3, words - 2);
  return Array.from({ length: words - from }, (_, k) => from + k);
}
