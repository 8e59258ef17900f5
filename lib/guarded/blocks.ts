/**
 * Guarded blocks: each in a slot of its own, against a guard page. What the allocator's calls are made of; pointers
 * come in checked or as slots.
 */
import { alignDown, alignUp, type Random, seededRandom } from '../core/index.ts';
import type { GuardedPages } from '../pages/index.ts';
import { headEnd, nearEnd, nearStart } from './near.ts';
import type { GuardedSettings } from './options.ts';
import { FREED_BYTE, FRESH_BYTE, firstDamage, lastDamage, SLACK_BYTE } from './patterns.ts';
import { Racks } from './racks.ts';
import { type Site, SiteCatcher } from './sites.ts';
import { SlotPool } from './slot-pool.ts';
import {
  BLOCK_START,
  COOLING,
  FREED,
  LIVE,
  NUMBER,
  RACK,
  SIZE_BYTES,
  SLOT_STATE,
  SLOT_WORDS,
  SlotTable,
  USABLE_BYTES,
  USABLE_START,
} from './slot-table.ts';

/** A byte that somebody wrote, of slack or of a freed block. */
export interface SlackDamage {
  /** Offset in the window. */
  offset: number;
  /** 0 = the first byte behind the block, negative = before its start, null = inside. */
  distanceBytes: number | null;
}

/** One mprotect shuts or opens as many: fewer would each pay more of it. */
const mostSlotsPerRack = 1024;

/** The guarded part of a heap. */
export class GuardedBlocks {
  readonly settings: GuardedSettings;
  readonly pages: GuardedPages;
  readonly table: SlotTable;
  readonly pool: SlotPool;
  readonly sites: SiteCatcher;
  /** For what may cost next to nothing; null where there are none. */
  readonly racks: Racks | null;
  /** The window. */
  readonly bytes: Uint8Array;
  /** The same, for comparing. */
  readonly #buffer: Buffer;
  /** Blocks allocated so far: the number of the newest. */
  count = 0;
  readonly #random: Random;
  readonly #allocSites: (Site | undefined)[] = [];
  readonly #freeSites: (Site | undefined)[] = [];

  constructor(settings: GuardedSettings, pages: GuardedPages) {
    this.settings = settings;
    this.pages = pages;
    this.table = new SlotTable(settings.maxSlots, settings.windowBytes, pages.pageSizeBytes);
    const most = Math.min(mostSlotsPerRack, Math.floor(settings.rackSlots / 4));
    const slotsPerRack = pages.method === 'lightweight' ? most : 0;
    this.pool = new SlotPool(pages, this.table, {
      startBytes: settings.slotsStart,
      endBytes: settings.slotsEnd,
      quarantineBytes: settings.quarantineBytes,
      quarantineSlots: settings.quarantineSlots,
      rackSlots: slotsPerRack > 0 ? settings.rackSlots : 0,
    });
    this.bytes = pages.bytes;
    this.#buffer = Buffer.from(this.bytes.buffer as ArrayBuffer, this.bytes.byteOffset, this.bytes.length);
    this.#random = seededRandom(settings.seed);
    // A process that dies reports without JavaScript: stacks must be text, in native memory, beforehand.
    this.sites = new SiteCatcher(settings.stackFrames, settings.policy === 'die', settings.isSampled);
    this.racks = slotsPerRack > 0 ? new Racks(this, slotsPerRack) : null;
  }

  get random(): Random {
    return this.#random;
  }

  /**
   * Allocates a block.
   * @param sizeBytes a safe integer >= 0
   * @param alignment a power of two
   * @param isZeroed calloc
   * @param site the caller's stack
   * @returns its slot, or -1 when there is no room
   * @throws PosixError when the guard budget is used up
   */
  allocate(sizeBytes: number, alignment: number, isZeroed: boolean, site: Site | undefined): number {
    const page = this.pages.pageSizeBytes;
    const usableBytes = sizeBytes <= page ? page : alignUp(sizeBytes, page);
    if (usableBytes > this.settings.limitBytes) return -1;
    const slot = this.pool.take(usableBytes, alignment);
    if (slot < 0) return -1;
    const { words } = this.table;
    const base = slot * SLOT_WORDS;
    const usableStart = words[base + USABLE_START];
    const usableEnd = usableStart + usableBytes;
    const start =
      this.#isLeft() || alignment > page ? usableStart : alignDown(usableEnd - sizeBytes, alignment);
    this.#fill(usableStart, start, start + sizeBytes, usableEnd, isZeroed);
    this.#allocSites[slot] = site;
    this.#freeSites[slot] = undefined;
    const number = ++this.count;
    words[base + BLOCK_START] = start;
    words[base + SIZE_BYTES] = sizeBytes;
    words[base + NUMBER] = number;
    words[base + SLOT_STATE] = LIVE;
    const slackBytes = usableEnd - start - sizeBytes;
    this.pages.blocks.setLive(slot, { start, sizeBytes, slackBytes, number, site: numberOf(site) });
    return slot;
  }

  /** Frees the block of a live slot and closes its pages, now or with its rack. */
  release(slot: number, site: Site | undefined): void {
    const base = slot * SLOT_WORDS;
    const { words } = this.table;
    if (words[base + RACK] !== 0) {
      this.racks!.release(slot, Date.now());
      return;
    }
    const start = words[base + BLOCK_START];
    // Where closing empties the pages nobody can see what they held.
    if (this.settings.fill && this.pages.method !== 'lightweight')
      this.bytes.fill(FREED_BYTE, start, start + words[base + SIZE_BYTES]);
    this.#freeSites[slot] = site;
    words[base + SLOT_STATE] = FREED;
    this.pages.blocks.setFreed(slot, numberOf(site));
    this.pool.giveBack(slot);
  }

  /** @returns slots of all live blocks, and those that cool */
  openSlots(): number[] {
    const open: number[] = [];
    for (let slot = 0; slot < this.pool.numbersEnd; slot++) {
      const state = this.table.get(slot, SLOT_STATE);
      if (state === LIVE || state === COOLING) open.push(slot);
    }
    return open;
  }

  /** @returns the byte nearest to the block that somebody wrote where nobody may, in an open slot, or null */
  damage(slot: number): SlackDamage | null {
    const base = slot * SLOT_WORDS;
    const { words } = this.table;
    const start = words[base + BLOCK_START];
    const end = start + words[base + SIZE_BYTES];
    const inRack = words[base + RACK] !== 0;
    const page = words[base + USABLE_START];
    const pageEnd = page + words[base + USABLE_BYTES];
    if (this.settings.fill && words[base + SLOT_STATE] === COOLING) {
      const head = this.bytes.subarray(start, headEnd(start, end));
      const inside = head.findIndex((byte) => byte !== FREED_BYTE);
      if (inside >= 0) return { offset: start + inside, distanceBytes: null };
    }
    const usableStart = inRack ? nearStart(start, page) : page;
    const usableEnd = inRack ? nearEnd(end, pageEnd) : pageEnd;
    const behind = end < usableEnd ? firstDamage(this.#buffer, end, usableEnd) : -1;
    if (behind >= 0) return { offset: behind, distanceBytes: behind - end };
    const before = usableStart < start ? lastDamage(this.#buffer, usableStart, start) : -1;
    return before < 0 ? null : { offset: before, distanceBytes: before - start };
  }

  /** Makes an open slot whole again: one report per write is enough. */
  restore(slot: number): void {
    const start = this.table.get(slot, USABLE_START);
    const block = this.table.get(slot, BLOCK_START);
    const blockEnd = block + this.table.get(slot, SIZE_BYTES);
    this.bytes.fill(SLACK_BYTE, start, block);
    this.bytes.fill(SLACK_BYTE, blockEnd, start + this.table.get(slot, USABLE_BYTES));
    if (this.settings.fill && this.table.get(slot, SLOT_STATE) === COOLING)
      this.bytes.fill(FREED_BYTE, block, blockEnd);
  }

  /** @returns lines of the stack that allocated a slot's block, or null */
  allocatedAt(slot: number): string | null {
    return this.sites.format(this.#allocSites[slot]);
  }

  /** @returns lines of the stack that freed it, or null */
  freedAt(slot: number): string | null {
    return this.sites.format(this.#freeSites[slot]);
  }

  #isLeft(): boolean {
    const { side } = this.settings;
    return side === 'left' || (side === 'random' && (this.#random.uint32() & 1) === 0);
  }

  #fill(from: number, start: number, end: number, to: number, isZeroed: boolean): void {
    const { bytes } = this;
    if (from < start) bytes.fill(SLACK_BYTE, from, start);
    if (end < to) bytes.fill(SLACK_BYTE, end, to);
    // Opened pages read as zero where closing emptied them.
    if (isZeroed) {
      if (this.pages.method !== 'lightweight') bytes.fill(0, start, end);
    } else if (this.settings.fill) bytes.fill(FRESH_BYTE, start, end);
  }
}

/** @returns the number of a stack that was written beforehand; else 0 */
function numberOf(site: Site | undefined): number {
  return site !== undefined && 'number' in site ? site.number : 0;
}
