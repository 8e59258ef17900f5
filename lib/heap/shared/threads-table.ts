/**
 * Who is attached to a shared heap: one slot for each thread, in the window's library data, where the addon can tell
 * that a thread is gone.
 *
 *      0 tcache pointer | 8 arena | 16 key | 24 state, 32 bits: 0 free, -1 its thread is gone, else a serial number
 *
 * Serial numbers never come again, so a late note of a thread's end cannot hit the next thread of its slot.
 */
import { DEATHS, MAX_THREADS, MORE_THREAD_WORDS, THREAD_WORDS, THREAD_WORDS_BYTES } from '../layout.ts';

const stateAt = 24;
const gone = -1;
/** Serial numbers are counted in the first slot's last word. */
const serialAt = THREAD_WORDS + 28;

/** @returns where the words of a slot stand */
export function threadWordsOf(slot: number): number {
  return slot === 0 ? THREAD_WORDS : MORE_THREAD_WORDS + THREAD_WORDS_BYTES * (slot - 1);
}

/** The slots of one window, as one thread sees them. */
export class ThreadsTable {
  readonly #words: Int32Array;

  constructor(buffer: ArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, (MORE_THREAD_WORDS + THREAD_WORDS_BYTES * MAX_THREADS) >>> 2);
  }

  #state(slot: number): number {
    return (threadWordsOf(slot) + stateAt) >>> 2;
  }

  /**
   * Takes a free slot.
   * @param note lets the addon change two words when this thread ends; called before a slot is taken, so that no thread
   *   has one and can end without a note
   * @returns its number; undefined when all are taken
   */
  claim(note: (stateOffset: number, serial: number, countOffset: number) => void): number | undefined {
    const serial = 1 + (Atomics.add(this.#words, serialAt >>> 2, 1) & 0x3fff_ffff);
    for (let slot = 0; slot < MAX_THREADS; slot++) {
      if (Atomics.load(this.#words, this.#state(slot)) !== 0) continue;
      note(threadWordsOf(slot) + stateAt, serial, DEATHS);
      if (Atomics.compareExchange(this.#words, this.#state(slot), 0, serial) === 0) return slot;
    }
    return undefined;
  }

  /** @returns true when the thread of a slot ended without giving it back */
  isGone(slot: number): boolean {
    return Atomics.load(this.#words, this.#state(slot)) === gone;
  }

  /** @returns slots whose threads are gone */
  goneSlots(): number[] {
    return this.#slots((state) => state === gone);
  }

  /** @returns slots whose threads are attached */
  liveSlots(): number[] {
    return this.#slots((state) => state > 0);
  }

  #slots(test: (state: number) => boolean): number[] {
    const slots = Array.from({ length: MAX_THREADS }, (_, slot) => slot);
    return slots.filter((slot) => test(Atomics.load(this.#words, this.#state(slot))));
  }

  /** Gives a slot back; its words are zero. */
  free(slot: number): void {
    const i = threadWordsOf(slot) >>> 2;
    this.#words.fill(0, i, i + (stateAt >>> 2));
    Atomics.store(this.#words, this.#state(slot), 0);
  }

  /** Leaves a slot as a thread does that just ends: others give back what it has. */
  abandon(slot: number): void {
    Atomics.store(this.#words, this.#state(slot), gone);
    Atomics.add(this.#words, DEATHS >>> 2, 1);
  }

  /** How many threads ended without detaching so far. */
  get deaths(): number {
    return Atomics.load(this.#words, DEATHS >>> 2);
  }
}
