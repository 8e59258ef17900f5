/**
 * Which allocations are guarded when not all are: one in so many, at random, as long as that takes no more than its
 * share of the time. Guarding a block costs 10 microseconds where it happens all the time, and 50 to 200 where it is
 * rare, because its code and data are out of the processor's caches by then; a plain block costs some 20 nanoseconds.
 * So a program that does nothing but allocate would feel one in a thousand; a program that works does not.
 */
import type { Random } from '../core/index.ts';

/** While guarding has to pause, up to so many times as many allocations pass before the clock is read again. */
const longestSkip = 32;
/** More was a stop (another process, a debugger, a laptop that slept), which guarding must not make up for. */
const longestChargeMs = 1;

/** Chooses. */
export class Sampler {
  readonly #rate: number;
  /** Milliseconds that must pass for each millisecond of guarding; 0: no limit. */
  readonly #pausePerMs: number;
  readonly #mostBytes: number;
  readonly #random: Random;
  /**
   * Reading the clock takes a microsecond or two where it is rare: once in a thousand allocations, that alone would be
   * 2 to 3 % of a program that does nothing but allocate. So the way to the next offer doubles with each refusal.
   */
  #skip = 1;
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
    if (this.#rate === 1) return 1;
    return Math.min(this.#random.integer(1, 2 * this.#rate - 1) * this.#skip, 2 ** 31 - 1) | 0;
  }

  /** @returns true when a block of that size may be guarded now */
  accepts(sizeBytes: number): boolean {
    if (sizeBytes > this.#mostBytes) return false;
    if (this.#pausePerMs === 0) return true;
    const isTime = performance.now() >= this.#notBefore;
    this.#skip = isTime ? 1 : Math.min(2 * this.#skip, longestSkip);
    return isTime;
  }

  /** @returns what `charge` needs, before the work of guarding */
  start(): number {
    return this.#pausePerMs === 0 ? 0 : performance.now();
  }

  /** Counts the work since `start()`. */
  charge(startMs: number): void {
    if (this.#pausePerMs === 0) return;
    const now = performance.now();
    const pause = Math.min(now - startMs, longestChargeMs) * this.#pausePerMs;
    this.#notBefore = Math.max(now, this.#notBefore) + pause;
  }
}
