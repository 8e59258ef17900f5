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
import type { GuardedBlocks } from './blocks.ts';
import { FREED_BYTE, fillBytes, firstOther, SLACK_BYTE } from './patterns.ts';
import { Queue } from './quarantine.ts';
import { nearBytes, type Rack, RackPages } from './rack-pages.ts';
import {
  BLOCK_START,
  COOLING,
  LIVE,
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
  readonly #words: Uint32Array;
  /** The window, twice. Empty when the heap was destroyed. */
  readonly #bytes: Uint8Array;
  readonly #doubles: Float64Array;
  readonly #pageBytes: number;
  readonly #alignment: number;
  readonly #side: 'right' | 'left' | 'random';
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
  /** The one that gives slots out, the next of them, and where they end. */
  #open: Rack | null = null;
  #next = 0;
  #end = 0;
  #isClosed = false;

  /** @param slotsPerRack 1 or more */
  constructor(blocks: GuardedBlocks, slotsPerRack: number) {
    const { pages, settings, table } = blocks;
    this.#blocks = blocks;
    this.#words = table.words;
    this.#bytes = pages.bytes;
    this.#doubles = new Float64Array(this.#bytes.buffer);
    this.#pageBytes = pages.pageSizeBytes;
    this.#alignment = settings.alignment;
    this.#side = settings.side;
    this.#fills = settings.fill;
    this.#random = blocks.random;
    this.#pages = new RackPages(pages, table, settings.fill, (slot) => this.onDamage(slot));
    this.#slotsPerRack = slotsPerRack;
    const { quarantineSlots, quarantineBytes } = settings;
    this.#quarantineSlots = Math.min(quarantineSlots, quarantineBytes / this.#pageBytes, mostQuarantined);
  }

  /** Slots of all racks. */
  get slots(): number {
    return this.#racks.length * this.#slotsPerRack;
  }

  /** Slots that the open rack may still give out. */
  get freeSlots(): number {
    let count = 0;
    for (let slot = this.#next; slot < this.#end; slot++) if (!this.#isLive(slot)) count++;
    return count;
  }

  /**
   * Allocates a block.
   * @param sizeBytes up to a page
   * @param alignment a power of two up to a page
   * @param isZeroed calloc
   * @param timeMs milliseconds since 1970, about: reading the clock would be felt
   * @returns its pointer, -1 when all slots are taken
   * @throws PosixError
   */
  allocate(sizeBytes: number, alignment: number, isZeroed: boolean, timeMs: number): number {
    if (this.#next === this.#end && !this.#openNext()) return -1;
    const slot = this.#next;
    const rack = this.#open!;
    if (slot === rack.madeEnd) this.#pages.make(rack);
    const words = this.#words;
    const base = slot * SLOT_WORDS;
    const usable = words[base + USABLE_START];
    let start = usable;
    if (this.#side === 'right' || (this.#side === 'random' && (this.#random.uint32() & 1) !== 0)) {
      const most = alignment > this.#alignment ? alignment : this.#alignment;
      start += (this.#pageBytes - sizeBytes) & -most;
    }
    const end = start + sizeBytes;
    const usableEnd = usable + this.#pageBytes;
    fillBytes(this.#bytes, this.#doubles, SLACK_BYTE, Math.max(usable, start - nearBytes), start);
    fillBytes(this.#bytes, this.#doubles, SLACK_BYTE, end, Math.min(usableEnd, end + nearBytes));
    if (isZeroed) fillBytes(this.#bytes, this.#doubles, 0, start, end);
    this.#blocks.enter(slot, start, sizeBytes, usableEnd - end, 0, timeMs);
    rack.live++;
    this.live++;
    this.#next = this.#notLive(slot + 1);
    return start;
  }

  /**
   * Looks for a block of a rack that may go.
   * @param pointer anything
   * @returns its slot; -1 when it is none, or has been written around and must be looked at
   */
  find(pointer: number): number {
    const slot = this.#blocks.table.slotAt(pointer);
    if (slot < 0 || this.#isClosed) return -1;
    const words = this.#words;
    const base = slot * SLOT_WORDS;
    if (
      words[base + RACK] === 0 ||
      words[base + SLOT_STATE] !== LIVE ||
      words[base + BLOCK_START] !== pointer
    )
      return -1;
    const usable = words[base + USABLE_START];
    const end = pointer + words[base + SIZE_BYTES];
    const from = Math.max(usable, pointer - nearBytes);
    const to = Math.min(usable + this.#pageBytes, end + nearBytes);
    if (firstOther(this.#bytes, this.#doubles, SLACK_BYTE, end, to) >= 0) return -1;
    return firstOther(this.#bytes, this.#doubles, SLACK_BYTE, from, pointer) < 0 ? slot : -1;
  }

  /** @returns bytes of a slot's block */
  sizeOf(slot: number): number {
    return this.#words[slot * SLOT_WORDS + SIZE_BYTES];
  }

  /** Frees the block of a live slot, which cools. @param timeMs as for `allocate` */
  release(slot: number, timeMs: number): void {
    const words = this.#words;
    const base = slot * SLOT_WORDS;
    const start = words[base + BLOCK_START];
    if (this.#fills) {
      const headBytes = Math.min(words[base + SIZE_BYTES], nearBytes);
      fillBytes(this.#bytes, this.#doubles, FREED_BYTE, start, start + headBytes);
    }
    this.#blocks.leave(slot, COOLING, 0, timeMs);
    const rack = this.#racks[words[base + RACK] - 1];
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
    this.#next = this.#end;
  }

  /** Finishes the open rack and opens another. @returns false when there is none */
  #openNext(): boolean {
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
    this.#end = rack.firstSlot + this.#slotsPerRack;
    this.#next = this.#notLive(rack.firstSlot);
    return true;
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

  #isLive(slot: number): boolean {
    return this.#words[slot * SLOT_WORDS + SLOT_STATE] === LIVE;
  }

  /** @returns the first slot of the open rack from one on that has no live block, or its end */
  #notLive(slot: number): number {
    let at = slot;
    while (at < this.#end && this.#isLive(at)) at++;
    return at;
  }
}
