/**
 * Blocks that somebody else keeps beside a heap, in the same window: one of many allocations is offered to them. The
 * heap counts allocations itself, so that those it serves cost no call; what it gets back from here it never looks
 * into, because its pages may be closed.
 *
 *      0                      SAMPLED_START                 end of the window
 *      |------- the heap --------|------- these blocks -------|
 */
import type { Pointer } from './allocator.ts';

/** Pointers from here on are theirs; every block of the heap lies below. 1.5 GiB. */
export const SAMPLED_START = 0x6000_0000;

/** Who keeps such blocks. */
export interface SampledBlocks {
  /** @returns allocations until the next one that is offered, that one included: 1 to 2^31 - 1 */
  next(): number;
  /**
   * Offers an allocation.
   * @param sizeBytes a safe integer >= 0
   * @param alignment a power of two; 1: whatever malloc has
   * @param isZeroed calloc
   * @returns a block, or null: the heap serves it
   */
  allocate(sizeBytes: number, alignment: number, isZeroed: boolean): Pointer | null;
  /**
   * Moves one of their blocks, as realloc.
   * @param pointer not below `SAMPLED_START`, otherwise unchecked
   * @param malloc makes the new block, here or in the heap
   */
  realloc(pointer: Pointer, sizeBytes: number, malloc: (sizeBytes: number) => Pointer | null): Pointer | null;
  /** @param pointer not below `SAMPLED_START`, otherwise unchecked */
  free(pointer: Pointer): void;
}
