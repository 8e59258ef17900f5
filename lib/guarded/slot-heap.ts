/**
 * An allocator whose every block lies in a slot of its own, against a guard page: what `GuardedHeap.create` makes when
 * all blocks are guarded, and what keeps the guarded ones when only some are (guests.ts, sampled-heap.ts).
 */
import {
  type AllocatorStats,
  ArgumentError,
  type FreeExplanation,
  HeapError,
  type HeapSnapshot,
  isPowerOfTwo,
  type MemoryFault,
  type Pointer,
  requireInteger,
  type Violation,
} from '../core/index.ts';
import type { GuardedBlocks } from './blocks.ts';
import type { FaultListener, FaultLog } from './fault-log.ts';
import type { GuardedHeap } from './guarded-heap.ts';
import { countSlots, takeSnapshot } from './look.ts';
import { explainFree, requireLive } from './misuse.ts';
import type { GuardedSettings } from './options.ts';
import { BLOCK_START, SIZE_BYTES } from './slot-table.ts';

/** A guarded heap without a plain one beside it. */
export class SlotHeap implements GuardedHeap {
  readonly name: string = 'guarded';
  readonly #blocks: GuardedBlocks;
  readonly #log: FaultLog;
  readonly #settings: GuardedSettings;
  readonly #leaveExit: () => void;
  #isOpen = true;

  /** @param leaveExit takes the heap out of what is looked at when the process ends */
  constructor(blocks: GuardedBlocks, log: FaultLog, leaveExit: () => void) {
    this.#settings = blocks.settings;
    this.#blocks = blocks;
    this.#log = log;
    this.#leaveExit = leaveExit;
  }

  /** The whole window, index = pointer: a load or store outside of a block may be a hit. Empty after `destroy`. */
  get bytes(): Uint8Array {
    return this.#blocks.pages.bytes;
  }

  /** How pages are closed: `lightweight` costs no mapping, `mprotect` up to two for each live block. */
  get method(): 'lightweight' | 'mprotect' {
    return this.#blocks.pages.method;
  }

  /** Blocks guarded now: live, in quarantine, and closed ones that wait. */
  get slots(): { live: number; quarantined: number; free: number } {
    const { pool, racks } = this.#blocks;
    const { slots, quarantine, freeSlots } = pool;
    const own = {
      live: slots - quarantine.slots - freeSlots,
      quarantined: quarantine.slots,
      free: freeSlots,
    };
    if (racks === null) return own;
    const free = racks.freeSlots;
    return {
      live: own.live + racks.live,
      quarantined: own.quarantined + racks.slots - racks.live - free,
      free: own.free + free,
    };
  }

  get guardedCount(): number {
    return this.#blocks.count;
  }

  malloc(sizeBytes: number): Pointer | null {
    return this.allocate(requireInteger('sizeBytes', sizeBytes), 1, false);
  }

  calloc(count: number, sizeBytes: number): Pointer | null {
    const total = requireInteger('count', count) * requireInteger('sizeBytes', sizeBytes);
    return Number.isSafeInteger(total) ? this.allocate(total, 1, true) : null;
  }

  memalign(alignment: number, sizeBytes: number): Pointer | null {
    const size = requireInteger('sizeBytes', sizeBytes);
    if (!isPowerOfTwo(requireInteger('alignment', alignment))) {
      throw new ArgumentError('ERR_OUT_OF_RANGE', 'alignment', 'a power of two', alignment);
    }
    return this.allocate(size, alignment, false);
  }

  /**
   * Any of the above.
   * @param sizeBytes a safe integer >= 0
   * @param alignment a power of two; the heap's own where that is more
   * @returns a pointer, null when there is no room
   * @throws PosixError when the guard budget is used up
   */
  allocate(sizeBytes: number, alignment: number, isZeroed: boolean): Pointer | null {
    this.#requireOpen();
    this.#rearm();
    const site = this.#blocks.sites.catch();
    const most = Math.max(alignment, this.#settings.alignment);
    const slot = this.#blocks.allocate(sizeBytes, most, isZeroed, site);
    return slot < 0 ? null : this.#blocks.table.get(slot, BLOCK_START);
  }

  /** Moves the block always, so that an old pointer to it is found out. */
  realloc(pointer: Pointer | null, sizeBytes: number): Pointer | null {
    if (pointer === null) return this.malloc(sizeBytes);
    return this.move(pointer, sizeBytes, (bytes) => this.malloc(bytes));
  }

  /** realloc of a block. @param malloc makes the new one, anywhere in the window */
  move(pointer: Pointer, sizeBytes: number, malloc: (sizeBytes: number) => Pointer | null): Pointer | null {
    const size = requireInteger('sizeBytes', sizeBytes);
    const slot = this.#live(pointer, 'realloc()');
    if (size === 0) {
      this.free(pointer);
      return null;
    }
    this.#log.requireWhole(slot);
    const moved = malloc(size);
    if (moved === null) return null;
    const kept = Math.min(size, this.#blocks.table.get(slot, SIZE_BYTES));
    this.#blocks.bytes.copyWithin(moved, pointer, pointer + kept);
    this.#blocks.release(slot, this.#blocks.sites.catch());
    return moved;
  }

  free(pointer: Pointer | null): void {
    this.#requireOpen();
    if (pointer === null) return;
    const slot = this.#live(pointer, 'free()');
    this.#log.requireWhole(slot);
    this.#blocks.release(slot, this.#blocks.sites.catch());
  }

  usableSize(pointer: Pointer): number {
    return this.#blocks.table.get(this.#live(pointer, 'usableSize()'), SIZE_BYTES);
  }

  view(pointer: Pointer): Uint8Array {
    const slot = this.#live(pointer, 'view()');
    return this.#blocks.pages.view(pointer, this.#blocks.table.get(slot, SIZE_BYTES));
  }

  buffer(pointer: Pointer): Buffer {
    const { buffer, byteOffset, byteLength } = this.view(pointer);
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  }

  address(pointer: Pointer): bigint {
    this.#requireOpen();
    return this.#blocks.pages.address + BigInt(requireInteger('pointer', pointer));
  }

  isGuarded(pointer: Pointer): boolean {
    return this.#live(pointer, 'isGuarded()') >= 0;
  }

  /** @returns every hit of this heap so far, oldest first; writes found in the slack have `signal: null` */
  faults(): MemoryFault[] {
    return this.#log.list();
  }

  /** Tells of every hit, after the fact. The listener alone does not keep the process alive. */
  on(event: 'fault', listener: FaultListener): this {
    if (event === 'fault') this.#log.add(listener);
    return this;
  }

  /** Takes a listener off. */
  off(event: 'fault', listener: FaultListener): this {
    if (event === 'fault') this.#log.remove(listener);
    return this;
  }

  /** @returns a violation for each block written around, or into after its free while its page was open, each once */
  check(): Violation[] {
    this.#requireOpen();
    const found: Violation[] = [];
    for (const { slot, pointer, error } of this.#log.damaged()) {
      this.#log.report(slot, error.fault);
      const rule = error.fault.block?.state === 'freed' ? 'freed-untouched' : 'slack-untouched';
      found.push({ rule, chunk: pointer, message: error.message });
    }
    return found;
  }

  stats(): AllocatorStats {
    this.#requireOpen();
    return countSlots(this.#blocks);
  }

  explainFree(pointer: Pointer): FreeExplanation {
    this.#requireOpen();
    return explainFree(this.#blocks, this.#log, requireInteger('pointer', pointer));
  }

  /** The slots as plain data; closed pages read as zero. */
  snapshot(): HeapSnapshot {
    this.#requireOpen();
    return takeSnapshot(this.#blocks, this.name);
  }

  destroy(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#leaveExit();
    this.#blocks.racks?.close();
    this.#log.close();
    this.#blocks.pages.release();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  #live(pointer: Pointer, call: string): number {
    this.#requireOpen();
    this.#rearm();
    return requireLive(this.#blocks, requireInteger('pointer', pointer), call);
  }

  /** Closes pages again that a hit opened, if the engine has not had a moment for it yet. */
  #rearm(): void {
    const { pages } = this.#blocks;
    if (pages.openedByHits > 0) pages.rearm();
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw new HeapError('ERR_HEAP_CLOSED', 'the heap was destroyed');
  }
}
