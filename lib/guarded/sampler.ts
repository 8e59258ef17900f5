/**
 * Which allocations are guarded when not all are: one in so many, at random; and which of those with all that guarding
 * has, as long as that takes no more than its share of the time. It costs 10 microseconds where it happens all the time,
 * and 50 to 200 where it is rare, because its code and data are out of the processor's caches by then; a plain block
 * costs some 20 nanoseconds.
 */
import type { Random } from '../core/index.ts';

/** While the share is used up, up to so many turns pass before the clock is read again. */
const longestSkip = 32;
/** More was a stop (another process, a debugger, a laptop that slept), which guarding must not make up for. */
const longestChargeMs = 1;
/** What could not be guarded hands its turn on to one of the next. */
const passedOnWithin = 16;
/** Distances drawn at once. */
const drawnAhead = 64;

/** Chooses. */
export class Sampler {
  readonly #rate: number;
  /** Milliseconds that must pass for each millisecond of guarding; 0: no limit. */
  readonly #pausePerMs: number;
  readonly #isCheapBeyond: boolean;
  readonly #random: Random;
  /** Drawn together, because the code that draws is out of the caches as well; those before `#drawn` are used. */
  readonly #distances = new Int32Array(drawnAhead);
  #drawn = drawnAhead;
  /**
   * Reading the clock takes a microsecond or two where it is rare: once in a thousand allocations, that alone would be
   * 2 to 3 % of a program that does nothing but allocate. So the way to the next look doubles with each refusal.
   */
  #skip = 1;
  #turnsUntilLook = 1;
  /** When the clock was read last, milliseconds since 1970. */
  lookedMs = 0;
  #isPassedOn = false;
  /** No guarding before, by `performance.now()`. */
  #notBefore = 0;

  /**
   * @param rate one in this many, 1 or more
   * @param share of the time, 0 to 1; 1: no limit
   * @param isCheapBeyond samples beyond the share are guarded too, another way; else the next turn is put off
   */
  constructor(rate: number, share: number, isCheapBeyond: boolean, random: Random) {
    this.#rate = rate;
    this.#pausePerMs = share < 1 ? 1 / share - 1 : 0;
    this.#isCheapBeyond = isCheapBeyond;
    this.#random = random;
  }

  /** @returns allocations until the next turn, that one included */
  next(): number {
    // A small integer for the engine, too: the counter stands in the way of every allocation.
    if (this.#rate === 1) return 1;
    if (this.#isPassedOn) {
      this.#isPassedOn = false;
      return this.#random.integer(1, Math.min(passedOnWithin, 2 * this.#rate - 1)) | 0;
    }
    if (this.#drawn === drawnAhead) this.#draw();
    const away = this.#distances[this.#drawn++];
    return this.#isCheapBeyond ? away : Math.min(away * this.#skip, 2 ** 31 - 1) | 0;
  }

  #draw(): void {
    for (let k = 0; k < drawnAhead; k++) this.#distances[k] = this.#random.integer(1, 2 * this.#rate - 1);
    this.#drawn = 0;
  }

  /** The block whose turn it is cannot be guarded: `next` is about its stand-in. */
  passOn(): void {
    this.#isPassedOn = true;
  }

  /** To be asked once each turn. @returns true when guarding has not taken more than its share so far */
  affords(): boolean {
    if (this.#pausePerMs === 0) return true;
    return --this.#turnsUntilLook <= 0 && this.#look();
  }

  #look(): boolean {
    const isTime = performance.now() >= this.#notBefore;
    this.lookedMs = Date.now();
    this.#skip = isTime ? 1 : Math.min(2 * this.#skip, longestSkip);
    this.#turnsUntilLook = this.#isCheapBeyond ? this.#skip : 1;
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
