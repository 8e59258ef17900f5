/**
 * Slots: where they come from, and where they wait until they are used again.
 *
 *      fresh address space -> live -> quarantine (first in, first out) -> free, by size -> live
 *                                                                      -> a hole, when other sizes need the room
 *
 * The guards of a slot stand as long as the slot does. Taking one opens its pages, giving it back closes them: one
 * system call each. Freed pages stay closed until they are used again, quarantine or not: quarantine says how long
 * that is at least.
 */
import { MiB } from '../core/index.ts';
import type { GuardedPages } from '../pages/index.ts';
import { Extents } from './extents.ts';
import { Quarantine, Queue } from './quarantine.ts';
import {
  BLOCK_START,
  EMPTY,
  EXTENT_START,
  RACK,
  SLOT_STATE,
  SLOT_WORDS,
  type SlotTable,
  USABLE_BYTES,
  USABLE_START,
} from './slot-table.ts';

/** What one page table of the system maps. */
const pageTableBytes = 2 * MiB;

/** How much a pool may use. */
export interface PoolLimits {
  /** Address space of the slots, guards included: from here ... */
  startBytes: number;
  /** ... to here. */
  endBytes: number;
  quarantineBytes: number;
  quarantineSlots: number;
  /** Most slots in racks; the others are none of theirs. */
  rackSlots: number;
}

/** Slots of one window. */
export class SlotPool {
  readonly table: SlotTable;
  readonly extents: Extents;
  readonly quarantine: Quarantine;
  readonly #pages: GuardedPages;
  readonly #pageSizeBytes: number;
  /** Free slots by the bytes of their pages; one whose pages are aligned to more than a page is never here. */
  readonly #free = new Map<number, Queue>();
  #freeSlots = 0;
  /** Numbers of slots that were dissolved. */
  readonly #spareNumbers: number[] = [];
  /** Numbers below were given out once. */
  #nextNumber = 0;
  readonly #mostRackSlots: number;
  #rackSlots = 0;

  constructor(pages: GuardedPages, table: SlotTable, limits: PoolLimits) {
    this.table = table;
    this.#pages = pages;
    this.#pageSizeBytes = pages.pageSizeBytes;
    this.extents = new Extents(limits.startBytes, limits.endBytes);
    this.#mostRackSlots = limits.rackSlots;
    const bytesOf = (slot: number): number => table.get(slot, USABLE_BYTES);
    this.quarantine = new Quarantine(limits.quarantineSlots, limits.quarantineBytes, bytesOf, (slot) =>
      this.#makeFree(slot),
    );
  }

  /** Slots that exist, those of racks left out: live, in quarantine or free. */
  get slots(): number {
    return this.#nextNumber - this.#rackSlots - this.#spareNumbers.length;
  }

  /** Slots that wait for reuse, out of quarantine. */
  get freeSlots(): number {
    return this.#freeSlots;
  }

  /** Numbers of slots are below this; some may be EMPTY. */
  get numbersEnd(): number {
    return this.#nextNumber;
  }

  /**
   * Takes a slot and opens its pages.
   * @param usableBytes whole pages
   * @param alignment of the first page, in bytes; up to the page size: any
   * @returns the slot, its state not yet LIVE; -1 when there is no room
   * @throws PosixError when the system refuses to open pages (the guard budget); nothing is lost
   */
  take(usableBytes: number, alignment: number): number {
    const slot = this.#find(usableBytes, alignment);
    if (slot < 0) return -1;
    const { words } = this.table;
    const base = slot * SLOT_WORDS;
    try {
      this.#pages.open(words[base + USABLE_START], words[base + USABLE_BYTES]);
    } catch (error) {
      this.#makeFree(slot);
      throw error;
    }
    return slot;
  }

  /** Closes the pages of a slot whose block was freed; it waits in quarantine. */
  giveBack(slot: number): void {
    const base = slot * SLOT_WORDS;
    this.#pages.close(this.table.words[base + USABLE_START], this.table.words[base + USABLE_BYTES]);
    this.quarantine.add(slot);
  }

  /**
   * Makes slots of one page side by side, closed, for a rack that keeps them for good.
   * @param count how many
   * @param rack its number, from 1
   * @returns the first of them, numbered in order; -1 when there is no room
   */
  carveRack(count: number, rack: number): number {
    if (this.#rackSlots + count > this.#mostRackSlots) return -1;
    const page = this.#pageSizeBytes;
    const bytes = count * 3 * page;
    // Whole page tables can be moved aside (native/parked_pages.h).
    const isMovable = bytes % pageTableBytes === 0;
    const extent = this.extents.take(bytes, isMovable ? pageTableBytes : page, isMovable ? 0 : page);
    if (extent === null) return -1;
    const first = this.#nextNumber;
    this.#nextNumber += count;
    this.#rackSlots += count;
    for (let k = 0; k < count; k++) {
      this.#enter(first + k, extent.start + 3 * k * page, page, rack);
      this.table.set(first + k, BLOCK_START, extent.start + (3 * k + 1) * page);
      this.#pages.blocks.prepare(first + k);
    }
    return first;
  }

  #find(usableBytes: number, alignment: number): number {
    if (alignment > this.#pageSizeBytes) return this.#findAligned(usableBytes, alignment);
    let slot = this.#reuse(usableBytes);
    if (slot < 0) slot = this.#carve(usableBytes, alignment);
    // Room is short: quarantine ends early, then free slots of other sizes become holes.
    while (slot < 0 && this.#endQuarantine()) slot = this.#reuse(usableBytes);
    if (slot < 0 && this.#freeSlots > 0) {
      this.#dissolveFree();
      slot = this.#carve(usableBytes, alignment);
    }
    return slot;
  }

  #findAligned(usableBytes: number, alignment: number): number {
    let slot = this.#carve(usableBytes, alignment);
    if (slot < 0) {
      while (this.#endQuarantine());
      this.#dissolveFree();
      slot = this.#carve(usableBytes, alignment);
    }
    return slot;
  }

  #reuse(usableBytes: number): number {
    const slot = this.#free.get(usableBytes)?.shift() ?? -1;
    if (slot >= 0) this.#freeSlots--;
    return slot;
  }

  /** Makes a slot out of address space. */
  #carve(usableBytes: number, alignment: number): number {
    if (this.slots === this.table.capacity - this.#mostRackSlots) return -1;
    const guard = this.#pageSizeBytes;
    const extent = this.extents.take(usableBytes + 2 * guard, Math.max(alignment, guard), guard);
    if (extent === null) return -1;
    const slot = this.#spareNumbers.pop() ?? this.#nextNumber++;
    this.#enter(slot, extent.start, usableBytes, 0);
    return slot;
  }

  /** @param extentStart where its first guard begins @param rack its number, 0: none */
  #enter(slot: number, extentStart: number, usableBytes: number, rack: number): void {
    const guard = this.#pageSizeBytes;
    const base = slot * SLOT_WORDS;
    const { words } = this.table;
    words[base + SLOT_STATE] = EMPTY;
    words[base + USABLE_START] = extentStart + guard;
    words[base + USABLE_BYTES] = usableBytes;
    words[base + EXTENT_START] = extentStart;
    words[base + RACK] = rack;
    this.table.assign(extentStart, usableBytes + 2 * guard, slot);
    this.#pages.own(extentStart, usableBytes + 2 * guard, slot);
  }

  /** Lets the oldest slot out of quarantine. @returns false when there is none */
  #endQuarantine(): boolean {
    const slot = this.quarantine.takeOldest();
    if (slot === undefined) return false;
    this.#makeFree(slot);
    return true;
  }

  #makeFree(slot: number): void {
    const bytes = this.table.get(slot, USABLE_BYTES);
    let queue = this.#free.get(bytes);
    if (queue === undefined) {
      queue = new Queue();
      this.#free.set(bytes, queue);
    }
    queue.push(slot);
    this.#freeSlots++;
  }

  /** Makes holes of all free slots: address space for slots of another size. */
  #dissolveFree(): void {
    const holes: { start: number; bytes: number }[] = [];
    for (const queue of this.#free.values()) {
      for (let slot = queue.shift(); slot !== undefined; slot = queue.shift()) {
        const start = this.table.get(slot, EXTENT_START);
        const bytes = this.table.get(slot, USABLE_BYTES) + 2 * this.#pageSizeBytes;
        holes.push({ start, bytes });
        this.table.set(slot, SLOT_STATE, EMPTY);
        this.table.assign(start, bytes, -1);
        this.#pages.own(start, bytes, -1);
        this.#pages.blocks.clear(slot);
        this.#spareNumbers.push(slot);
      }
    }
    this.#free.clear();
    this.#freeSlots = 0;
    this.extents.add(holes);
  }
}
