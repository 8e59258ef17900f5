/**
 * The locks of a shared heap: compare-and-swap, a short spin, then `Atomics.wait`.
 *
 * Guarantees: a thread may take a lock again that it holds; a thread that waits can be terminated; a lock whose owner
 * is gone is taken over, and from then on refuses everybody (ERR_HEAP_OWNER_DIED) until the heap was checked.
 */
import { HeapError } from '../../core/index.ts';
import {
  LOCK_DIED,
  LOCK_SECTIONS,
  LOCK_WAITED_US,
  LOCK_WAITS,
  LOCK_WORD,
  LOCKS,
  lockRecord,
} from './control.ts';

const waitersBit = 1 << 31;
const spins = 100;
/** Longest sleep before the owner is looked at again. */
const pollMs = 20;

/** Where a thread may be interrupted, for a scheduler under test. */
export type YieldPoint = (point: string) => void;

/** What happened at a lock, in all threads. */
export interface LockCounts {
  /** Times it was taken. */
  sections: number;
  /** Times it was not free. */
  waits: number;
  /** Time spent waiting. */
  waitedMs: number;
}

/** One thread's hands on the locks. */
export class Locks {
  readonly #words: Int32Array;
  readonly #owner: number;
  readonly #depth: Int32Array = new Int32Array(LOCKS);
  readonly #isGone: (slot: number) => boolean;
  /** Locks held now. */
  held = 0;
  /** Whoever checks or repairs goes in whatever happened there. */
  ignoresDeaths = false;
  /** Called at each step of a lock; tests put a scheduler here. */
  onStep: YieldPoint | undefined;

  /**
   * @param slot this thread's number
   * @param isGone tells whether the thread of a slot has ended
   */
  constructor(control: SharedArrayBuffer, slot: number, isGone: (slot: number) => boolean) {
    this.#words = new Int32Array(control);
    this.#owner = slot + 1;
    this.#isGone = isGone;
  }

  /**
   * Takes a lock.
   * @throws HeapError ERR_HEAP_OWNER_DIED, and the lock is not held
   */
  enter(lock: number): void {
    if (this.#depth[lock] > 0) {
      this.#depth[lock]++;
      return;
    }
    const words = this.#words;
    const at = lockRecord(lock);
    this.onStep?.('enter');
    if (Atomics.compareExchange(words, at + LOCK_WORD, 0, this.#owner) !== 0) this.#wait(at);
    this.#depth[lock] = 1;
    this.held++;
    words[at + LOCK_SECTIONS]++;
    if (words[at + LOCK_DIED] !== 0 && !this.ignoresDeaths) {
      const actual = words[at + LOCK_DIED] - 1;
      this.leave(lock);
      throw new HeapError(
        'ERR_HEAP_OWNER_DIED',
        'a thread ended while it changed the heap: check() must pass before this part is used again',
        { rule: 'a thread that ends holds no lock', actual: `thread ${actual}` },
      );
    }
  }

  /** Gives a lock back, as often as it was taken. */
  leave(lock: number): void {
    if (--this.#depth[lock] > 0) return;
    this.held--;
    this.onStep?.('leave');
    this.#release(lockRecord(lock));
  }

  #wait(at: number): void {
    const start = performance.now();
    if (!this.#spin(at)) this.#sleep(at);
    const words = this.#words;
    words[at + LOCK_WAITS]++;
    words[at + LOCK_WAITED_US] += Math.round((performance.now() - start) * 1000);
  }

  #spin(at: number): boolean {
    const words = this.#words;
    for (let k = 0; k < spins; k++) {
      if (Atomics.load(words, at) === 0 && Atomics.compareExchange(words, at, 0, this.#owner) === 0)
        return true;
    }
    return false;
  }

  #sleep(at: number): void {
    const words = this.#words;
    // Others may sleep as well: whoever has slept says so when it takes the lock.
    const mine = this.#owner | waitersBit;
    for (;;) {
      const seen = Atomics.load(words, at);
      if (seen === 0) {
        if (Atomics.compareExchange(words, at, 0, mine) === 0) return;
        continue;
      }
      const owner = seen & ~waitersBit;
      if (this.#isGone(owner - 1)) {
        if (Atomics.compareExchange(words, at, seen, mine) !== seen) continue;
        words[at + LOCK_DIED] = owner;
        return;
      }
      if (seen > 0 && Atomics.compareExchange(words, at, seen, seen | waitersBit) !== seen) continue;
      if (this.onStep) this.onStep('wait');
      else Atomics.wait(words, at, seen | waitersBit, pollMs);
    }
  }

  /** Marks every lock that the ended thread of a slot holds, and frees it. */
  takeFrom(slot: number): void {
    const words = this.#words;
    for (let lock = 0; lock < LOCKS; lock++) {
      const at = lockRecord(lock);
      for (;;) {
        const seen = Atomics.load(words, at + LOCK_WORD);
        if ((seen & ~waitersBit) !== slot + 1) break;
        // Whoever waits for it may be faster; then it is theirs.
        const mine = this.#owner | (seen & waitersBit);
        if (Atomics.compareExchange(words, at + LOCK_WORD, seen, mine) !== seen) continue;
        words[at + LOCK_DIED] = slot + 1;
        this.#release(at);
      }
    }
  }

  #release(at: number): void {
    const words = this.#words;
    if (Atomics.exchange(words, at + LOCK_WORD, 0) < 0) Atomics.notify(words, at + LOCK_WORD, 1);
  }

  /** @returns true when the owner of a lock ended inside, and nobody has checked the heap since */
  isDamaged(lock: number): boolean {
    return this.#words[lockRecord(lock) + LOCK_DIED] !== 0;
  }

  /** @returns true when nobody holds a lock at this moment */
  isFree(lock: number): boolean {
    return Atomics.load(this.#words, lockRecord(lock) + LOCK_WORD) === 0;
  }

  /** The heap was checked: every lock is good again. Call with all of them held. */
  forgiveAll(): void {
    for (let lock = 0; lock < LOCKS; lock++) this.#words[lockRecord(lock) + LOCK_DIED] = 0;
  }

  /** @returns what happened at a lock so far */
  counts(lock: number): LockCounts {
    const at = lockRecord(lock);
    const words = this.#words;
    return {
      sections: words[at + LOCK_SECTIONS] >>> 0,
      waits: words[at + LOCK_WAITS] >>> 0,
      waitedMs: (words[at + LOCK_WAITED_US] >>> 0) / 1000,
    };
  }
}
