/**
 * What the allocator knows of its slots, and which slot owns a page.
 *
 * A slot is a few pages between two guard pages of its own; it holds one block, against one of the guards:
 *
 *      extentStart    usableStart               blockStart     blockEnd      end of extent
 *      |--- guard ---|--- slack 0xfd ... -------|=== block ====|--- guard ---|      side 'right'
 *      |--- guard ---|=== block ====|--- slack 0xfd ... -------|--- guard ---|      side 'left'
 *
 * With an alignment up to `alignment - 1` bytes of slack stand between the block and its guard. Neighbours share no
 * guard: one that is open for a moment, because it was hit, blinds nobody but its own block.
 */

/**
 * Words of a slot, unsigned 32-bit; starts and sizes in bytes, starts from the beginning of the window:
 *
 *      0 blockStart | 1 sizeBytes | 2 state | 3 number | 4 usableStart | 5 usableBytes | 6 extentStart | 7 rack
 */
export const SLOT_WORDS = 8;
export const BLOCK_START = 0;
export const SIZE_BYTES = 1;
export const SLOT_STATE = 2;
/** Counts the allocations of the heap from 1. */
export const NUMBER = 3;
export const USABLE_START = 4;
export const USABLE_BYTES = 5;
export const EXTENT_START = 6;
/** Number of its rack, from 1; 0: none. */
export const RACK = 7;

/** States of a slot. */
export const EMPTY = 0;
export const LIVE = 1;
/** Its last block was freed; its pages are closed. */
export const FREED = 2;
/** Its last block was freed; its page is open until its rack is shut (racks.ts). */
export const COOLING = 3;

/** Slots by number, and the slot of each page. */
export class SlotTable {
  /** `SLOT_WORDS` for each slot. */
  readonly words: Uint32Array;
  readonly capacity: number;
  /** Slot + 1 for each page of the window, guards included; 0 for pages of no slot. */
  readonly #owners: Uint32Array;
  readonly #pageSizeBytes: number;
  readonly #pageShift: number;

  /**
   * @param capacity most slots
   * @param windowBytes bytes of the window
   * @param pageSizeBytes bytes of a page
   */
  constructor(capacity: number, windowBytes: number, pageSizeBytes: number) {
    this.capacity = capacity;
    this.words = new Uint32Array(capacity * SLOT_WORDS);
    this.#owners = new Uint32Array(windowBytes / pageSizeBytes);
    this.#pageSizeBytes = pageSizeBytes;
    this.#pageShift = Math.log2(pageSizeBytes);
  }

  /** @returns the slot whose pages, guards included, hold an offset; -1 for none, and for what is no offset */
  slotAt(offset: number): number {
    const page = (offset >>> 0) >>> this.#pageShift;
    return offset >>> 0 === offset && page < this.#owners.length ? this.#owners[page] - 1 : -1;
  }

  /** @returns a word of a slot */
  get(slot: number, word: number): number {
    return this.words[slot * SLOT_WORDS + word];
  }

  /** Sets a word of a slot. */
  set(slot: number, word: number, value: number): void {
    this.words[slot * SLOT_WORDS + word] = value;
  }

  /** Gives pages to a slot; -1: to nobody. */
  assign(extentStart: number, extentBytes: number, slot: number): void {
    const first = extentStart / this.#pageSizeBytes;
    this.#owners.fill(slot + 1, first, first + extentBytes / this.#pageSizeBytes);
  }
}
