/**
 * The guarded blocks of a sampled heap, as the plain heap beside them sees them: which allocations they may be, and
 * the time that they take.
 */
import { type Pointer, PosixError, type SampledBlocks } from '../core/index.ts';
import type { Sampler } from './sampler.ts';
import type { SlotHeap } from './slot-heap.ts';

/** Guarded blocks beside a plain heap. */
export class Guests implements SampledBlocks {
  readonly startBytes: number;
  /** Where they lie. */
  readonly slotHeap: SlotHeap;
  readonly #sampler: Sampler;

  constructor(slotHeap: SlotHeap, sampler: Sampler, startBytes: number) {
    this.slotHeap = slotHeap;
    this.#sampler = sampler;
    this.startBytes = startBytes;
  }

  next(): number {
    return this.#sampler.next();
  }

  allocate(sizeBytes: number, alignment: number, isZeroed: boolean): Pointer | null {
    if (!this.#sampler.accepts(sizeBytes)) return null;
    const start = this.#sampler.start();
    try {
      const pointer = this.slotHeap.allocate(sizeBytes, alignment, isZeroed);
      // Below 2^31 beside a plain heap: pointers of one kind for the engine.
      return pointer === null ? null : pointer | 0;
    } catch (error) {
      // The budget is used up: in production a block without a guard is better than none.
      if (error instanceof PosixError) return null;
      throw error;
    } finally {
      this.#sampler.charge(start);
    }
  }

  realloc(
    pointer: Pointer,
    sizeBytes: number,
    malloc: (sizeBytes: number) => Pointer | null,
  ): Pointer | null {
    const start = this.#sampler.start();
    try {
      return this.slotHeap.move(pointer, sizeBytes, malloc);
    } finally {
      this.#sampler.charge(start);
    }
  }

  free(pointer: Pointer): void {
    const start = this.#sampler.start();
    this.slotHeap.free(pointer);
    this.#sampler.charge(start);
  }
}
