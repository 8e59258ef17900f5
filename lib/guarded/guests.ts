/**
 * The guarded blocks of a sampled heap, as the plain heap beside them sees them. As long as guarding has taken no more
 * than its share of the time a block gets all there is: stacks, and a slot of its own that is closed when it is freed.
 * Beyond that it gets a slot of a rack, which costs next to nothing (racks.ts); where there are no racks, it is not
 * guarded.
 */
import { type Pointer, PosixError, type SampledBlocks } from '../core/index.ts';
import type { GuardedBlocks } from './blocks.ts';
import type { Racks } from './racks.ts';
import type { Sampler } from './sampler.ts';
import type { SlotHeap } from './slot-heap.ts';

/** Guarded blocks beside a plain heap. */
export class Guests implements SampledBlocks {
  /** Where they lie. */
  readonly slotHeap: SlotHeap;
  readonly #racks: Racks | null;
  readonly #bytes: Uint8Array;
  readonly #sampler: Sampler;
  readonly #mostBytes: number;
  readonly #mostRackAlignment: number;

  constructor(slotHeap: SlotHeap, blocks: GuardedBlocks, sampler: Sampler) {
    this.slotHeap = slotHeap;
    this.#racks = blocks.racks;
    this.#bytes = blocks.bytes;
    this.#sampler = sampler;
    this.#mostBytes = blocks.settings.sampleBytes;
    this.#mostRackAlignment = blocks.pages.pageSizeBytes;
  }

  next(): number {
    return this.#sampler.next();
  }

  allocate(sizeBytes: number, alignment: number, isZeroed: boolean): Pointer | null {
    if (sizeBytes > this.#mostBytes) {
      this.#sampler.passOn();
      return null;
    }
    try {
      const affords = this.#sampler.affords();
      if (!affords && this.#racks !== null && alignment <= this.#mostRackAlignment) {
        const pointer = this.#racks.allocate(sizeBytes, alignment, isZeroed, this.#sampler.lookedMs);
        if (pointer >= 0) return pointer | 0;
      }
      return this.#allocateOtherwise(affords, sizeBytes, alignment, isZeroed);
    } catch (error) {
      // The budget is used up: in production a block without a guard is better than none.
      if (error instanceof PosixError) return null;
      throw error;
    }
  }

  realloc(
    pointer: Pointer,
    sizeBytes: number,
    malloc: (sizeBytes: number) => Pointer | null,
  ): Pointer | null {
    const slot = sizeBytes > 0 && this.#racks !== null ? this.#racks.find(pointer) : -1;
    if (slot >= 0) return this.#moveOut(slot, pointer, sizeBytes, malloc);
    const start = this.#sampler.start();
    try {
      return this.slotHeap.move(pointer, sizeBytes, malloc);
    } finally {
      this.#sampler.charge(start);
    }
  }

  free(pointer: Pointer): void {
    if (this.#racks?.free(pointer, this.#sampler.lookedMs)) return;
    const start = this.#sampler.start();
    this.slotHeap.free(pointer);
    this.#sampler.charge(start);
  }

  /** What is rarer than a slot of the open rack. */
  #allocateOtherwise(
    affords: boolean,
    sizeBytes: number,
    alignment: number,
    isZeroed: boolean,
  ): Pointer | null {
    const whole = affords ? this.#allocateWhole(sizeBytes, alignment, isZeroed) : null;
    const racks = this.#racks;
    if (whole !== null || racks === null || alignment > this.#mostRackAlignment) return whole;
    const { lookedMs } = this.#sampler;
    let pointer = racks.allocate(sizeBytes, alignment, isZeroed, lookedMs);
    if (pointer < 0 && racks.openNext()) pointer = racks.allocate(sizeBytes, alignment, isZeroed, lookedMs);
    return pointer < 0 ? null : pointer | 0;
  }

  #allocateWhole(sizeBytes: number, alignment: number, isZeroed: boolean): Pointer | null {
    const start = this.#sampler.start();
    try {
      const pointer = this.slotHeap.allocate(sizeBytes, alignment, isZeroed);
      // Below 2^31 beside a plain heap: pointers of one kind for the engine.
      return pointer === null ? null : pointer | 0;
    } finally {
      this.#sampler.charge(start);
    }
  }

  #moveOut(
    slot: number,
    pointer: number,
    sizeBytes: number,
    malloc: (sizeBytes: number) => number | null,
  ): number | null {
    const moved = malloc(sizeBytes);
    if (moved === null) return null;
    const kept = Math.min(sizeBytes, this.#racks!.sizeOf(slot));
    this.#bytes.copyWithin(moved, pointer, pointer + kept);
    this.#racks!.release(slot, this.#sampler.lookedMs);
    return moved;
  }
}
