/**
 * A bounded queue of pointers between threads: blocks of a shared heap change hands without being copied.
 *
 *      Int32 words:  0 tail: pushes begun | 1 head: pops begun | 2 closed | 3 changes, for those who wait
 *                    4 + 2k turn of place k | 5 + 2k pointer, 0 where a push was refused
 *
 * Any number of threads may push and pop. A place whose turn is `n` is free for push number n, and at `n + 1` full for
 * pop number n. A thread that is terminated between its two steps leaves its place as it is: the others end at their
 * timeout, not in a loop.
 */
import { HeapError, requireInteger } from '../../core/index.ts';

const TAIL = 0;
const HEAD = 1;
const CLOSED = 2;
const CHANGES = 3;
const firstPlace = 4;
/** Longest wait for pushes that had begun when the queue was closed. */
const closingMs = 1000;

/** A queue of blocks; `handle` goes to the other thread by postMessage. */
export class BlockQueue {
  /** What another thread's `BlockQueue.attach` takes. */
  readonly handle: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #capacity: number;

  constructor(handle: SharedArrayBuffer) {
    this.handle = handle;
    this.#words = new Int32Array(handle);
    this.#capacity = (this.#words.length - firstPlace) >>> 1;
  }

  /**
   * Makes an empty queue.
   * @param capacity blocks it holds at most, 2 to 65,536; rounded up to a power of two
   * @throws ArgumentError
   */
  static create(capacity: number): BlockQueue {
    const asked = requireInteger('capacity', capacity, { minimum: 2, maximum: 65_536 });
    // Counters wrap around; with one place, full for this pop would be free for the next push.
    const places = 2 ** Math.ceil(Math.log2(asked));
    const queue = new BlockQueue(new SharedArrayBuffer(4 * (firstPlace + 2 * places)));
    for (let k = 0; k < places; k++) queue.#words[firstPlace + 2 * k] = k;
    return queue;
  }

  /** Comes to a queue of another thread. */
  static attach(handle: SharedArrayBuffer): BlockQueue {
    return new BlockQueue(handle);
  }

  /**
   * Hands a block over: from now on it belongs to whoever pops it.
   * @param pointer a block of a heap that both threads are attached to
   * @param timeoutMs how long to wait for room
   * @returns false when there was no room in time
   * @throws HeapError ERR_HEAP_CLOSED after `close`
   */
  push(pointer: number, timeoutMs: number = Number.POSITIVE_INFINITY): boolean {
    const place = this.#take(TAIL, 0, timeoutMs);
    const { isClosed } = this;
    // A place that was taken is passed on in any case: those behind it wait for it.
    if (place >= 0) {
      this.#words[place + 1] = isClosed ? 0 : pointer;
      this.#pass(place, 1);
    }
    if (isClosed) throw new HeapError('ERR_HEAP_CLOSED', 'the queue was closed', { pointer });
    return place >= 0;
  }

  /**
   * Takes the oldest block.
   * @param timeoutMs how long to wait for one
   * @returns the block, yours from now on; null when none came in time, or the queue is closed and empty
   */
  pop(timeoutMs: number = Number.POSITIVE_INFINITY): number | null {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const place = this.#take(HEAD, 1, deadline - performance.now());
      if (place < 0) return null;
      const pointer = this.#words[place + 1] >>> 0;
      this.#pass(place, this.#capacity - 1);
      if (pointer !== 0) return pointer;
    }
  }

  /** Nothing can be pushed any more; what is in the queue can still be popped. */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1);
    this.#wake();
  }

  get isClosed(): boolean {
    return Atomics.load(this.#words, CLOSED) !== 0;
  }

  /** @returns the place of the next push (or pop), taken; -1 when none was ready in time */
  #take(counter: number, lead: number, timeoutMs: number): number {
    const words = this.#words;
    let deadline = performance.now() + timeoutMs;
    for (;;) {
      const changes = Atomics.load(words, CHANGES);
      const number = Atomics.load(words, counter);
      const place = firstPlace + 2 * ((number >>> 0) % this.#capacity);
      if (Atomics.load(words, place) === ((number + lead) | 0)) {
        if (Atomics.compareExchange(words, counter, number, (number + 1) | 0) === number) return place;
        continue;
      }
      // Somebody was faster.
      if (Atomics.load(words, counter) !== number) continue;
      if (this.isClosed) {
        if (counter === TAIL || Atomics.load(words, TAIL) === number) return -1;
        deadline = Math.min(deadline, performance.now() + closingMs);
      }
      const left = deadline - performance.now();
      if (left <= 0) return -1;
      Atomics.wait(words, CHANGES, changes, left);
    }
  }

  /** The place is ready for the next turn. */
  #pass(place: number, turns: number): void {
    Atomics.store(this.#words, place, (this.#words[place] + turns) | 0);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#words, CHANGES, 1);
    Atomics.notify(this.#words, CHANGES);
  }
}
