/**
 * Freed blocks that may not be used again yet, first in, first out, counted in slots and in bytes. Their pages are
 * closed, so what they cost is address space, and how soon a stale pointer meets another block instead of a fault.
 */

/** A queue: pushes and shifts in constant time. */
export class Queue<T = number> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** @returns the oldest item, or undefined */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head++];
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/** Slots in the order they were freed. */
export class Quarantine {
  readonly #slots = new Queue();
  readonly #mostSlots: number;
  readonly #mostBytes: number;
  readonly #bytesOf: (slot: number) => number;
  readonly #release: (slot: number) => void;
  #bytes = 0;

  /**
   * @param mostSlots 0 or more
   * @param mostBytes 0 or more; one of the two at 0 is no quarantine
   * @param bytesOf bytes of a slot's pages
   * @param release gets the slots that are over the limits, oldest first
   */
  constructor(
    mostSlots: number,
    mostBytes: number,
    bytesOf: (slot: number) => number,
    release: (slot: number) => void,
  ) {
    this.#mostSlots = mostSlots;
    this.#mostBytes = mostBytes;
    this.#bytesOf = bytesOf;
    this.#release = release;
  }

  get slots(): number {
    return this.#slots.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a freed slot in. */
  add(slot: number): void {
    this.#slots.push(slot);
    this.#bytes += this.#bytesOf(slot);
    while (this.#slots.length > this.#mostSlots || this.#bytes > this.#mostBytes)
      this.#release(this.takeOldest()!);
  }

  /** @returns the slot that was freed first, out of quarantine before its time; undefined when there is none */
  takeOldest(): number | undefined {
    const slot = this.#slots.shift();
    if (slot !== undefined) this.#bytes -= this.#bytesOf(slot);
    return slot;
  }
}
