/**
 * The pages of a rack: a run of slots of one page, which are opened and shut together.
 *
 *      |G| slot |G|G| slot |G|G| slot |G| ... |G| slot |G|      G: a lightweight guard, which stays
 *      |<------------- moved aside, or one mprotect ------>|
 *
 * Shut pages keep their memory and what it holds.
 */
import { PosixError } from '../core/index.ts';
import type { GuardedPages } from '../pages/index.ts';
import { isHeadWhole, isSlackWhole } from './near.ts';
import {
  BLOCK_START,
  COOLING,
  EXTENT_START,
  FREED,
  LIVE,
  SIZE_BYTES,
  SLOT_STATE,
  SLOT_WORDS,
  type SlotTable,
  USABLE_START,
} from './slot-table.ts';

/** A run of slots. */
export interface Rack {
  firstSlot: number;
  endSlot: number;
  /** From here on pages were never opened: that takes a system call and a page fault each, so it waits for their turn. */
  madeEnd: number;
  /** Slots with a live block. */
  live: number;
  /** Slots that were freed since it was last shut. */
  cooling: number;
  /** Calls that shut parts of it since it was opened. */
  shuts: number;
  /** Finished so long ago that freed slots are shut although others are live. */
  isLate: boolean;
}

/** So many slots are looked at together. */
const slotsAhead = 32;

/** Opens and shuts racks. */
export class RackPages {
  /** What was loaded ahead: a load that nobody needs would be left out. */
  touched = 0;
  readonly #pages: GuardedPages;
  readonly #table: SlotTable;
  /** The table's words, as in racks.ts. */
  readonly #rows: Int32Array;
  readonly #window: Int32Array;
  readonly #checksBlocks: boolean;
  readonly #onDamage: (slot: number) => void;

  /**
   * @param checksBlocks freed blocks are filled
   * @param onDamage gets each freed slot that somebody wrote into, and makes it whole
   */
  constructor(
    pages: GuardedPages,
    table: SlotTable,
    checksBlocks: boolean,
    onDamage: (slot: number) => void,
  ) {
    this.#pages = pages;
    this.#table = table;
    this.#rows = new Int32Array(table.words.buffer);
    this.#window = new Int32Array(pages.bytes.buffer);
    this.#checksBlocks = checksBlocks;
    this.#onDamage = onDamage;
  }

  /**
   * Opens all pages of a rack; those of free slots are as they were shut.
   * @throws PosixError; some may be open
   */
  open(rack: Rack): void {
    if (rack.cooling > 0) this.#inspect(rack);
    if (this.#pages.openedByHits > 0) this.#pages.rearm();
    if (rack.shuts > 0) {
      this.#pages.unshut(
        this.#start(rack.firstSlot),
        this.#start(rack.endSlot - 1) + this.#stride - this.#start(rack.firstSlot),
        rack.shuts,
      );
      rack.shuts = 0;
    }
    rack.cooling = 0;
    for (let slot = rack.firstSlot; slot < rack.madeEnd; slot++) this.#openEmpty(slot);
  }

  /** Shuts the slots of a rack that were freed. Where the guard budget is used up they go on cooling. */
  shut(rack: Rack): void {
    this.#inspect(rack);
    const { firstSlot, endSlot } = rack;
    for (let slot = firstSlot; slot < endSlot; slot++) {
      const from = slot;
      let isCooling = false;
      for (; slot < endSlot && this.#state(slot) !== LIVE; slot++)
        isCooling ||= this.#state(slot) === COOLING;
      if (isCooling && !this.#shutRun(rack, from, slot)) return;
    }
    rack.cooling = 0;
  }

  /** @returns true when a freed slot is as it was left, its block and the slack near it */
  isWhole(slot: number): boolean {
    const rows = this.#rows;
    const base = slot * SLOT_WORDS;
    const start = rows[base + BLOCK_START];
    const end = start + rows[base + SIZE_BYTES];
    const usable = rows[base + USABLE_START];
    const usableEnd = usable + this.#pages.pageSizeBytes;
    return (
      isSlackWhole(this.#window, start, end, usable, usableEnd) &&
      (!this.#checksBlocks || isHeadWhole(this.#window, start, end))
    );
  }

  #shutRun(rack: Rack, from: number, to: number): boolean {
    const start = this.#start(from);
    try {
      this.#pages.shut(start, this.#start(to - 1) + this.#stride - start);
    } catch (error) {
      if (error instanceof PosixError) return false;
      throw error;
    }
    rack.shuts++;
    for (let slot = from; slot < to; slot++) {
      if (this.#state(slot) === COOLING) this.#table.set(slot, SLOT_STATE, FREED);
    }
    return true;
  }

  /**
   * Opens the first page of a rack that never was.
   * @throws PosixError
   */
  make(rack: Rack): void {
    this.#openEmpty(rack.madeEnd);
    rack.madeEnd++;
  }

  /** Opens a page that was never open, or that a hit has emptied; one that is open may be written to from now on. */
  #openEmpty(slot: number): void {
    const start = this.#rows[slot * SLOT_WORDS + USABLE_START];
    if (!this.#pages.isOpen(start)) this.#pages.open(start, this.#pages.pageSizeBytes);
    else if (this.#state(slot) === FREED) this.#table.set(slot, SLOT_STATE, COOLING);
  }

  /** Looks whether all freed slots that are open are as they were left. */
  #inspect(rack: Rack): void {
    const { firstSlot, madeEnd } = rack;
    for (let from = firstSlot; from < madeEnd; from += slotsAhead) {
      const to = Math.min(from + slotsAhead, madeEnd);
      this.#touch(from, to);
      for (let slot = from; slot < to; slot++) {
        if (this.#state(slot) === COOLING && !this.isWhole(slot)) this.#onDamage(slot);
      }
    }
  }

  /** Loads from the pages of some slots that are open or live: the processor fetches what follows each other side by side. */
  #touch(from: number, to: number): void {
    const rows = this.#rows;
    const window = this.#window;
    let all = 0;
    for (let base = from * SLOT_WORDS; base < to * SLOT_WORDS; base += SLOT_WORDS) {
      if (rows[base + SLOT_STATE] === COOLING) all |= window[rows[base + BLOCK_START] >>> 2];
    }
    this.touched = all;
  }

  #state(slot: number): number {
    return this.#rows[slot * SLOT_WORDS + SLOT_STATE];
  }

  /** Of a slot with its guards. */
  #start(slot: number): number {
    return this.#rows[slot * SLOT_WORDS + EXTENT_START];
  }

  get #stride(): number {
    return 3 * this.#pages.pageSizeBytes;
  }
}
