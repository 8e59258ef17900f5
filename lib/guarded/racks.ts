/**
 * Guarded slots for blocks that may cost next to nothing: one in a thousand allocations of a program that does little
 * else. Taking a slot of the open rack (rack-pages.ts) and giving it back is no system call and no page fault; the
 * pages of a rack are shut, and opened again, all at once.
 *
 *      new rack, or the oldest -> open: gives its slots out -> finished: its blocks are freed -> shut: waits
 *
 * A freed slot stays open until its rack is shut: it cools. A write to its first words is found by their pattern then, or
 * by `check()`; a read is not seen. A rack whose last block was freed is shut when the next one is opened; one that was
 * finished a while ago also with some blocks still live, around them.
 */
import type { Random } from '../core/index.ts';
import type { BlockTable } from '../posix/index.ts';
import type { GuardedBlocks } from './blocks.ts';
import { fillHead, fillSlack, isSlackWhole } from './near.ts';
import { zeroBytes } from './patterns.ts';
import { Queue } from './quarantine.ts';
import { type Rack, RackPages } from './rack-pages.ts';
import {
  BLOCK_START,
  COOLING,
  LIVE,
  NUMBER,
  RACK,
  SIZE_BYTES,
  SLOT_STATE,
  SLOT_WORDS,
  USABLE_START,
} from './slot-table.ts';

/** The pages of shut racks keep their memory: more would be felt. */
const mostQuarantined = 512;
/** Finished racks that may wait for their last blocks before they are shut around them. */
const mostDraining = 2;

/** Racks of one window. */
export class Racks {
  /** Gets each freed slot that somebody wrote into. */
  onDamage: (slot: number) => void = () => {};
  /** Blocks that are live. */
  live = 0;
  readonly #blocks: GuardedBlocks;
  /** The table's words: all are below 2^31, and signed ones are added as such. */
  readonly #rows: Int32Array;
  readonly #records: BlockTable;
  /** The window, twice. Empty when the heap was destroyed. */
  readonly #bytes: Uint8Array;
  readonly #window: Int32Array;
  readonly #pageBytes: number;
  readonly #alignment: number;
  /** -1: against the guard behind, 0: against the one before. */
  #rightMask: number;
  readonly #isRandom: boolean;
  readonly #fills: boolean;
  readonly #random: Random;
  readonly #pages: RackPages;
  readonly #racks: Rack[] = [];
  readonly #slotsPerRack: number;
  readonly #quarantineSlots: number;
  /** Finished ones, in that order: the next to be opened again is the first. */
  readonly #finished = new Queue<Rack>();
  /** The newest of them. */
  readonly #draining: Rack[] = [];
  /** Those to be shut when the next is opened: the processor then looks its addresses up anew once, not twice. */
  readonly #due: Set<Rack> = new Set();
  /** Slots of finished racks without a live block. */
  #waiting = 0;
  /** The one that gives slots out, those slots in turn, and whose turn it is. */
  #open: Rack | null = null;
  readonly #turns: Int32Array;
  #turn = 0;
  #turnsEnd = 0;
  #isClosed = false;

  /** @param slotsPerRack 1 or more */
  constructor(blocks: GuardedBlocks, slotsPerRack: number) {
    const { pages, settings, table } = blocks;
    this.#blocks = blocks;
    this.#rows = new Int32Array(table.words.buffer);
    this.#records = pages.blocks;
    this.#bytes = pages.bytes;
    this.#window = new Int32Array(this.#bytes.buffer);
    this.#pageBytes = pages.pageSizeBytes;
    this.#alignment = settings.alignment;
    this.#rightMask = settings.side === 'right' ? -1 : 0;
    this.#isRandom = settings.side === 'random';
    this.#fills = settings.fill;
    this.#random = blocks.random;
    this.#pages = new RackPages(pages, table, settings.fill, (slot) => this.onDamage(slot));
    this.#slotsPerRack = slotsPerRack;
    this.#turns = new Int32Array(slotsPerRack);
    const { quarantineSlots, quarantineBytes } = settings;
    this.#quarantineSlots = Math.min(quarantineSlots, quarantineBytes / this.#pageBytes, mostQuarantined);
  }

  /** Slots of all racks. */
  get slots(): number {
    return this.#racks.length * this.#slotsPerRack;
  }

  /** Slots that the open rack may still give out. */
  get freeSlots(): number {
    return this.#turnsEnd - this.#turn;
  }

  /**
   * Allocates a block. With `free`, what a sample costs: as little code as possible, because it is out of the caches.
   * @param sizeBytes up to a page
   * @param alignment a power of two up to a page
   * @param isZeroed calloc
   * @param timeMs milliseconds since 1970, about: reading the clock would be felt
   * @returns its pointer, -1 when all slots of the open rack are taken: see `openNext`
   * @throws PosixError when a page cannot be opened for the first time
   */
  allocate(sizeBytes: number, alignment: number, isZeroed: boolean, timeMs: number): number {
    if (this.#turn === this.#turnsEnd) return -1;
    const slot = this.#turns[this.#turn];
    const rack = this.#open!;
    if (slot === rack.madeEnd) this.#pages.make(rack);
    if (this.#isRandom) this.#rightMask = this.#random.uint32() & 1 ? -1 : 0;
    const rows = this.#rows;
    const base = slot * SLOT_WORDS;
    const usable = rows[base + USABLE_START];
    const pageBytes = this.#pageBytes;
    const most = alignment > this.#alignment ? alignment : this.#alignment;
    const start = usable + ((pageBytes - sizeBytes) & -most & this.#rightMask);
    const end = start + sizeBytes;
    fillSlack(this.#window, start, end, usable, usable + pageBytes);
    if (isZeroed) zeroBytes(this.#bytes, this.#window, start, end);
    const number = ++this.#blocks.count;
    rows[base + BLOCK_START] = start;
    rows[base + SIZE_BYTES] = sizeBytes;
    rows[base + NUMBER] = number;
    rows[base + SLOT_STATE] = LIVE;
    this.#records.renew(slot, number, start, sizeBytes, usable + pageBytes - end, timeMs);
    rack.live++;
    this.live++;
    this.#turn++;
    return start;
  }

  /**
   * Frees a block of a rack, which cools.
   * @param pointer anything
   * @param timeMs as for `allocate`
   * @returns false when it is none, or has been written around and must be looked at: nothing was done
   */
  free(pointer: number, timeMs: number): boolean {
    const slot = this.find(pointer);
    if (slot < 0) return false;
    this.release(slot, timeMs);
    return true;
  }

  /** @returns the slot of a block that may go; -1 for any other pointer */
  find(pointer: number): number {
    const slot = this.#blocks.table.slotAt(pointer);
    if (slot < 0 || this.#isClosed) return -1;
    const rows = this.#rows;
    const base = slot * SLOT_WORDS;
    if (rows[base + RACK] === 0 || rows[base + SLOT_STATE] !== LIVE || rows[base + BLOCK_START] !== pointer)
      return -1;
    const usable = rows[base + USABLE_START];
    const end = pointer + rows[base + SIZE_BYTES];
    return isSlackWhole(this.#window, pointer, end, usable, usable + this.#pageBytes) ? slot : -1;
  }

  /** @returns bytes of a slot's block */
  sizeOf(slot: number): number {
    return this.#rows[slot * SLOT_WORDS + SIZE_BYTES];
  }

  /** Frees the block of a live slot. @param timeMs as for `allocate` */
  release(slot: number, timeMs: number): void {
    const rows = this.#rows;
    const base = slot * SLOT_WORDS;
    const start = rows[base + BLOCK_START];
    if (this.#fills) fillHead(this.#window, start, start + rows[base + SIZE_BYTES]);
    rows[base + SLOT_STATE] = COOLING;
    this.#records.setFreed(slot, 0, timeMs);
    const rack = this.#racks[rows[base + RACK] - 1];
    rack.live--;
    rack.cooling++;
    this.live--;
    if (rack === this.#open) return;
    this.#waiting++;
    if (rack.live === 0 || (rack.isLate && rack.cooling * 8 >= this.#slotsPerRack)) this.#due.add(rack);
  }

  /** The heap is destroyed: nothing is given out or taken back any more. */
  close(): void {
    this.#isClosed = true;
    this.#turn = this.#turnsEnd;
  }

  /**
   * Finishes the open rack and opens another.
   * @returns false when there is none
   * @throws PosixError
   */
  openNext(): boolean {
    if (this.#isClosed) return false;
    if (this.#open !== null) this.#finish(this.#open);
    this.#open = null;
    const rack =
      // So many others, when the first of them was freed before.
      this.#waiting - this.#slotsPerRack >= this.#quarantineSlots
        ? (this.#takeOldest() ?? this.#make())
        : (this.#make() ?? this.#takeOldest());
    if (rack === null) return false;
    this.#due.delete(rack);
    for (const due of this.#due) this.#pages.shut(due);
    this.#due.clear();
    try {
      this.#pages.open(rack);
    } catch (error) {
      this.#add(rack);
      throw error;
    }
    this.#open = rack;
    this.#turn = 0;
    this.#turnsEnd = 0;
    for (let slot = rack.firstSlot; slot < rack.endSlot; slot++) {
      if (this.#rows[slot * SLOT_WORDS + SLOT_STATE] !== LIVE) this.#turns[this.#turnsEnd++] = slot;
    }
    return this.#turnsEnd > 0;
  }

  #finish(rack: Rack): void {
    this.#add(rack);
    rack.isLate = false;
    if (rack.live === 0) this.#due.add(rack);
    if (this.#draining.push(rack) <= mostDraining) return;
    const late = this.#draining.shift()!;
    late.isLate = true;
    if (late.cooling > 0) this.#due.add(late);
  }

  #add(rack: Rack): void {
    this.#finished.push(rack);
    this.#waiting += this.#slotsPerRack - rack.live;
  }

  /** The rack that was finished first, of those with room. */
  #takeOldest(): Rack | null {
    for (let looked = this.#finished.length; looked > 0; looked--) {
      const rack = this.#finished.shift()!;
      if (rack.live === this.#slotsPerRack) {
        this.#finished.push(rack);
        continue;
      }
      this.#waiting -= this.#slotsPerRack - rack.live;
      const place = this.#draining.indexOf(rack);
      if (place >= 0) this.#draining.splice(place, 1);
      return rack;
    }
    return null;
  }

  #make(): Rack | null {
    const count = this.#slotsPerRack;
    const firstSlot = this.#blocks.pool.carveRack(count, this.#racks.length + 1);
    if (firstSlot < 0) return null;
    const counts = { madeEnd: firstSlot, live: 0, cooling: 0, shuts: 0 };
    const rack: Rack = { firstSlot, endSlot: firstSlot + count, ...counts, isLate: false };
    this.#racks.push(rack);
    return rack;
  }
}
