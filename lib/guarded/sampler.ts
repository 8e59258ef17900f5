/**
 * Which allocations are guarded when not all are: one in so many, at random, as long as that takes no more than its
 * share of the time. A guarded block costs some 10 microseconds and a plain one some 20 nanoseconds, so a program
 * that does nothing but allocate would feel one in a thousand; a program that works does not.
 */
import type { Random } from '../core/index.ts';

/** After a long stop (a debugger, a laptop that slept) guarding goes on at once. */
const longestPauseMs = 50;

/** Chooses. */
export class Sampler {
  readonly #rate: number;
  /** Milliseconds that must pass for each millisecond of guarding; 0: no limit. */
  readonly #pausePerMs: number;
  readonly #mostBytes: number;
  readonly #random: Random;
  /** No guarding before, by `performance.now()`. */
  #notBefore = 0;

  /**
   * @param rate one in this many, 1 or more
   * @param share of the time, 0 to 1; 1: no limit
   * @param mostBytes larger blocks are not guarded
   */
  constructor(rate: number, share: number, mostBytes: number, random: Random) {
    this.#rate = rate;
    this.#pausePerMs = share < 1 ? 1 / share - 1 : 0;
    this.#mostBytes = mostBytes;
    this.#random = random;
  }

  /** @returns allocations until the next that may be guarded, that one included */
  next(): number {
    // A small integer for the engine, too: the counter stands in the way of every allocation.
    return this.#rate === 1 ? 1 : this.#random.integer(1, 2 * this.#rate - 1) | 0;
  }

  /** @returns true when a block of that size may be guarded now */
  accepts(sizeBytes: number): boolean {
    return sizeBytes <= this.#mostBytes && (this.#pausePerMs === 0 || performance.now() >= this.#notBefore);
  }

  /** @returns what `charge` needs, before the work of guarding */
  start(): number {
    return this.#pausePerMs === 0 ? 0 : performance.now();
  }

  /** Counts the work since `start()`. */
  charge(startMs: number): void {
    if (this.#pausePerMs === 0) return;
    const now = performance.now();
    const pause = (now - startMs) * this.#pausePerMs;
    this.#notBefore = Math.min(now + longestPauseMs, Math.max(now, this.#notBefore) + pause);
  }
}
