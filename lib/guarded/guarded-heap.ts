/**
 * An allocator that shows overflows, underflows, uses after free, double and invalid frees: every block lies against
 * a page without access, freed blocks are closed, the slack around a block is filled and looked at.
 *
 * It may stay on in production: with `sampleRate` only one allocation in so many is guarded, and the others go to a
 * plain heap in the lower part of the same window. A pointer is an offset in the window whichever it is.
 *
 *      0                           1.5 GiB               2 GiB                     4 GiB
 *      |------- plain heap ---------|-- slots: guard, ... --|                          sampled
 *      |---------------- slots: guard, page, guard, guard, page, guard ... ------------|   every block guarded
 */
import {
  type Allocator,
  type AllocatorStats,
  ArgumentError,
  type FreeExplanation,
  HeapError,
  type HeapSnapshot,
  isPowerOfTwo,
  type MemoryFault,
  type Pointer,
  PosixError,
  requireInteger,
  type Violation,
} from '../core/index.ts';
import type { GuardedBlocks } from './blocks.ts';
import type { FaultListener, FaultLog } from './fault-log.ts';
import { countSlots, takeSnapshot } from './look.ts';
import { explainFree, requireLive } from './misuse.ts';
import type { GuardedHeapOptions, GuardedSettings, InnerHeap } from './options.ts';
import { openParts } from './parts.ts';
import type { Sampler } from './sampler.ts';
import { BLOCK_START, SIZE_BYTES } from './slot-table.ts';

/** An allocator whose blocks lie against guard pages. */
export class GuardedHeap implements Allocator {
  readonly name: string = 'guarded';
  readonly #blocks: GuardedBlocks;
  readonly #log: FaultLog;
  readonly #inner: Allocator | null;
  readonly #sampler: Sampler;
  readonly #slotsStart: number;
  readonly #settings: GuardedSettings;
  readonly #leaveExit: () => void;
  /** Allocations until the next one is guarded. */
  #countdown = 1;
  #isOpen = true;

  protected constructor(options: GuardedHeapOptions, makeInner?: InnerHeap) {
    const { settings, blocks, log, sampler, inner, leaveExit } = openParts(options, makeInner);
    this.#settings = settings;
    this.#blocks = blocks;
    this.#log = log;
    this.#sampler = sampler;
    this.#inner = inner;
    this.#leaveExit = leaveExit;
    // Without a plain heap no pointer is below.
    this.#slotsStart = inner === null ? Number.NEGATIVE_INFINITY : settings.slotsStart;
    this.#countdown = this.#sampler.next();
  }

  /**
   * Makes an empty heap.
   * @param options all have defaults
   * @param makeInner the plain heap for allocations that are not guarded; needed with `sampleRate` or `maxSlots`
   * @throws ArgumentError; PosixError when the system refuses the address space, ENOTSUP for a policy it lacks
   */
  static create(options: GuardedHeapOptions = {}, makeInner?: InnerHeap): GuardedHeap {
    return new GuardedHeap(options, makeInner);
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
    const { slots, quarantine, freeSlots } = this.#blocks.pool;
    return { live: slots - quarantine.slots - freeSlots, quarantined: quarantine.slots, free: freeSlots };
  }

  malloc(sizeBytes: number): Pointer | null {
    // The plain way is kept short, and the other one out of it: the engine builds it into its callers.
    if (--this.#countdown !== 0) return this.#inner!.malloc(sizeBytes);
    return this.#mallocGuarded(sizeBytes);
  }

  calloc(count: number, sizeBytes: number): Pointer | null {
    if (--this.#countdown !== 0) return this.#inner!.calloc(count, sizeBytes);
    this.#countdown = this.#sampler.next();
    const total = requireInteger('count', count) * requireInteger('sizeBytes', sizeBytes);
    return Number.isSafeInteger(total) ? this.#guarded(total, this.#settings.alignment, true) : null;
  }

  memalign(alignment: number, sizeBytes: number): Pointer | null {
    if (--this.#countdown !== 0) return this.#inner!.memalign(alignment, sizeBytes);
    this.#countdown = this.#sampler.next();
    const size = requireInteger('sizeBytes', sizeBytes);
    if (!isPowerOfTwo(requireInteger('alignment', alignment))) {
      throw new ArgumentError('ERR_OUT_OF_RANGE', 'alignment', 'a power of two', alignment);
    }
    return this.#guarded(size, Math.max(alignment, this.#settings.alignment), false);
  }

  /** Moves the block always, so that an old pointer to it is found out; a plain heap's block stays in that heap. */
  realloc(pointer: Pointer | null, sizeBytes: number): Pointer | null {
    if (pointer === null) return this.malloc(sizeBytes);
    if (pointer < this.#slotsStart) return this.#inner!.realloc(pointer, sizeBytes);
    const size = requireInteger('sizeBytes', sizeBytes);
    const slot = this.#live(pointer, 'realloc()');
    if (size === 0) {
      this.free(pointer);
      return null;
    }
    this.#log.requireWhole(slot);
    const moved = this.malloc(size);
    if (moved === null) return null;
    const kept = Math.min(size, this.#blocks.table.get(slot, SIZE_BYTES));
    this.#blocks.bytes.copyWithin(moved, pointer, pointer + kept);
    this.#blocks.release(slot, this.#blocks.sites.catch());
    return moved;
  }

  free(pointer: Pointer | null): void {
    // Null is below, too: the plain heap's free takes it.
    if (pointer! < this.#slotsStart) this.#inner!.free(pointer);
    else this.#freeGuarded(pointer);
  }

  usableSize(pointer: Pointer): number {
    if (pointer < this.#slotsStart) return this.#inner!.usableSize(pointer);
    return this.#blocks.table.get(this.#live(pointer, 'usableSize()'), SIZE_BYTES);
  }

  view(pointer: Pointer): Uint8Array {
    if (pointer < this.#slotsStart) return this.#inner!.view(pointer);
    return this.#blocks.pages.view(
      pointer,
      this.#blocks.table.get(this.#live(pointer, 'view()'), SIZE_BYTES),
    );
  }

  /** As `view`, as a Node Buffer. */
  buffer(pointer: Pointer): Buffer {
    const { buffer, byteOffset, byteLength } = this.view(pointer);
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  }

  address(pointer: Pointer): bigint {
    this.#requireOpen();
    return this.#blocks.pages.address + BigInt(requireInteger('pointer', pointer));
  }

  /** @returns true when a live block is guarded, false for one of the plain heap */
  isGuarded(pointer: Pointer): boolean {
    return pointer >= this.#slotsStart && this.#live(pointer, 'isGuarded()') >= 0;
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

  /** @returns a violation for each live block whose slack was written to, each once; and those of the plain heap */
  check(): Violation[] {
    this.#requireOpen();
    const found = this.#inner?.check() ?? [];
    for (const { slot, pointer, error } of this.#log.damaged()) {
      this.#log.report(slot, error.fault);
      found.push({ rule: 'slack-untouched', chunk: pointer, message: error.message });
    }
    return found;
  }

  /** Slots, and the plain heap where there is one. */
  stats(): AllocatorStats {
    this.#requireOpen();
    const stats = countSlots(this.#blocks);
    if (this.#inner === null) return stats;
    const { largestFreeBytes, ...inner } = this.#inner.stats();
    for (const key of Object.keys(inner) as (keyof typeof inner)[]) {
      if (key in stats) stats[key] += inner[key];
    }
    stats.largestFreeBytes = Math.max(stats.largestFreeBytes, largestFreeBytes);
    return stats;
  }

  explainFree(pointer: Pointer): FreeExplanation {
    this.#requireOpen();
    const p = requireInteger('pointer', pointer);
    if (p < this.#slotsStart) return this.#inner!.explainFree(p);
    return explainFree(this.#blocks, this.#log, p);
  }

  /** The slots as plain data; closed pages read as zero. */
  snapshot(): HeapSnapshot {
    this.#requireOpen();
    return takeSnapshot(this.#blocks, this.name);
  }

  destroy(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#countdown = 1;
    this.#leaveExit();
    this.#log.close();
    this.#inner?.destroy();
    this.#blocks.pages.release();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  #mallocGuarded(sizeBytes: number): Pointer | null {
    this.#countdown = this.#sampler.next();
    return this.#guarded(requireInteger('sizeBytes', sizeBytes), this.#settings.alignment, false);
  }

  #freeGuarded(pointer: Pointer | null): void {
    this.#requireOpen();
    if (pointer === null) return;
    const start = this.#sampler.start();
    const slot = this.#live(pointer, 'free()');
    this.#log.requireWhole(slot);
    this.#blocks.release(slot, this.#blocks.sites.catch());
    this.#sampler.charge(start);
  }

  /** A guarded block where there is room, else one of the plain heap. */
  #guarded(sizeBytes: number, alignment: number, isZeroed: boolean): Pointer | null {
    this.#requireOpen();
    this.#rearm();
    const inner = this.#inner;
    if (inner === null) return this.#inSlot(sizeBytes, alignment, isZeroed);
    const pointer = this.#sampler.accepts(sizeBytes) ? this.#sampled(sizeBytes, alignment, isZeroed) : null;
    // Below 2^31 beside a plain heap: pointers of one kind for the engine.
    if (pointer !== null) return pointer | 0;
    if (isZeroed) return inner.calloc(1, sizeBytes);
    return alignment > 16 ? inner.memalign(alignment, sizeBytes) : inner.malloc(sizeBytes);
  }

  /** A guarded block beside a plain heap, its time counted; null when there is no slot for it. */
  #sampled(sizeBytes: number, alignment: number, isZeroed: boolean): Pointer | null {
    const start = this.#sampler.start();
    try {
      return this.#inSlot(sizeBytes, alignment, isZeroed);
    } catch (error) {
      // The budget is used up: in production a block without a guard is better than none.
      if (error instanceof PosixError) return null;
      throw error;
    } finally {
      this.#sampler.charge(start);
    }
  }

  #inSlot(sizeBytes: number, alignment: number, isZeroed: boolean): Pointer | null {
    const site = this.#blocks.sites.catch();
    const slot = this.#blocks.allocate(sizeBytes, alignment, isZeroed, site);
    return slot < 0 ? null : this.#blocks.table.get(slot, BLOCK_START);
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
