/**
 * An allocator that shows overflows, underflows, uses after free, double and invalid frees: every block lies against
 * a page without access, freed blocks are closed, the slack around a block is filled and looked at.
 *
 * It may stay on in production: with `sampleRate` only one allocation in so many is guarded, and the others go to a
 * plain heap in the lower part of the same window. A pointer is an offset in the window whichever it is.
 *
 *      0                           1.5 GiB               2 GiB                     4 GiB
 *      |------- plain heap ---------|-- slots: guard, ... --|                          sampled: sampled-heap.ts
 *      |---------------- slots: guard, page, guard, guard, page, guard ... ------------|   every block: slot-heap.ts
 */
import type { Allocator, MemoryFault, Pointer } from '../core/index.ts';
import type { FaultListener } from './fault-log.ts';
import type { GuardedHeapOptions, InnerHeap } from './options.ts';
import { openHeap } from './parts.ts';
import { SlotHeap } from './slot-heap.ts';

/** An allocator whose blocks lie against guard pages. */
export interface GuardedHeap extends Allocator {
  /** The whole window, index = pointer: a load or store outside of a block may be a hit. Empty after `destroy`. */
  readonly bytes: Uint8Array;
  /** How pages are closed: `lightweight` costs no mapping, `mprotect` up to two for each live block. */
  readonly method: 'lightweight' | 'mprotect';
  /** Blocks guarded now: live, in quarantine, and closed ones that wait. */
  readonly slots: { live: number; quarantined: number; free: number };
  /** Blocks that were ever guarded: with `sampleRate` and a share of the time, how many of the allocations really. */
  readonly guardedCount: number;
  /** As `view`, as a Node Buffer. */
  buffer(pointer: Pointer): Buffer;
  /** @returns true when a live block is guarded, false for one of the plain heap */
  isGuarded(pointer: Pointer): boolean;
  /** @returns every hit of this heap so far, oldest first; writes found in the slack have `signal: null` */
  faults(): MemoryFault[];
  /** Tells of every hit, after the fact. The listener alone does not keep the process alive. */
  on(event: 'fault', listener: FaultListener): this;
  /** Takes a listener off. */
  off(event: 'fault', listener: FaultListener): this;
}

/** Sampled heaps, which are of the plain heap's class. */
const sampledHeaps = new WeakSet<object>();

/** Makes guarded heaps, and tells them apart: `GuardedHeap.create()`, `x instanceof GuardedHeap`. */
export const GuardedHeap: {
  create(options?: GuardedHeapOptions, makeInner?: InnerHeap): GuardedHeap;
  [Symbol.hasInstance](value: unknown): value is GuardedHeap;
} = {
  /**
   * Makes an empty heap.
   * @param options all have defaults
   * @param makeInner the plain heap for allocations that are not guarded; needed with `sampleRate` or `maxSlots`
   * @throws ArgumentError; PosixError when the system refuses the address space, ENOTSUP for a policy it lacks
   */
  create(options: GuardedHeapOptions = {}, makeInner?: InnerHeap): GuardedHeap {
    const heap = openHeap(options, makeInner);
    if (!(heap instanceof SlotHeap)) sampledHeaps.add(heap);
    return heap;
  },
  [Symbol.hasInstance]: (value: unknown): value is GuardedHeap =>
    value instanceof SlotHeap || (typeof value === 'object' && value !== null && sampledHeaps.has(value)),
};
