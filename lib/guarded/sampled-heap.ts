/**
 * A plain heap that offers one of many allocations to guarded slots, as a guarded heap: malloc and free are the plain
 * heap's own methods, nothing stands between it and the caller. Here is what else it must know of guarded blocks.
 */
import {
  type Allocator,
  type AllocatorStats,
  type FreeExplanation,
  type HeapSnapshot,
  type MemoryFault,
  type Pointer,
  SAMPLED_START,
  type SampledBlocks,
  type Violation,
} from '../core/index.ts';
import type { FaultListener } from './fault-log.ts';
import type { GuardedHeap } from './guarded-heap.ts';
import type { Guests } from './guests.ts';
import type { SlotHeap } from './slot-heap.ts';

/** A heap that is sampled. */
interface SampledAllocator extends Allocator {
  readonly sampled: SampledBlocks;
}

/** Its class. */
// biome-ignore lint/suspicious/noExplicitAny: what TypeScript demands of a class that is extended by a function
export type SampledClass = new (...setup: any[]) => SampledAllocator;

/**
 * Makes a guarded heap of a class.
 * @param base of a heap that is sampled
 * @returns a class with the same constructor; `sampled` must be `Guests`
 */
export function guardedSampled<T extends SampledClass>(
  base: T,
): T & (new (...setup: unknown[]) => GuardedHeap) {
  class GuardedSampled extends (base as SampledClass) implements GuardedHeap {
    get #slots(): SlotHeap {
      return (this.sampled as Guests).slotHeap;
    }

    override get name(): string {
      return this.#slots.name;
    }

    override get bytes(): Uint8Array {
      return this.#slots.bytes;
    }

    get method(): 'lightweight' | 'mprotect' {
      return this.#slots.method;
    }

    get slots(): GuardedHeap['slots'] {
      return this.#slots.slots;
    }

    get guardedCount(): number {
      return this.#slots.guardedCount;
    }

    override usableSize(pointer: Pointer): number {
      return pointer < SAMPLED_START ? super.usableSize(pointer) : this.#slots.usableSize(pointer);
    }

    override view(pointer: Pointer): Uint8Array {
      return pointer < SAMPLED_START ? super.view(pointer) : this.#slots.view(pointer);
    }

    buffer(pointer: Pointer): Buffer {
      const { buffer, byteOffset, byteLength } = this.view(pointer);
      return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    }

    override address(pointer: Pointer): bigint {
      return this.#slots.address(pointer);
    }

    isGuarded(pointer: Pointer): boolean {
      return pointer >= SAMPLED_START && this.#slots.isGuarded(pointer);
    }

    faults(): MemoryFault[] {
      return this.#slots.faults();
    }

    on(event: 'fault', listener: FaultListener): this {
      this.#slots.on(event, listener);
      return this;
    }

    off(event: 'fault', listener: FaultListener): this {
      this.#slots.off(event, listener);
      return this;
    }

    /** Of both. */
    override check(): Violation[] {
      return [...super.check(), ...this.#slots.check()];
    }

    /** Of both. */
    override stats(): AllocatorStats {
      const stats = this.#slots.stats();
      const { largestFreeBytes, ...plain } = super.stats();
      for (const key of Object.keys(plain) as (keyof typeof plain)[]) {
        if (key in stats) stats[key] += plain[key];
      }
      stats.largestFreeBytes = Math.max(stats.largestFreeBytes, largestFreeBytes);
      return stats;
    }

    override explainFree(pointer: Pointer): FreeExplanation {
      return pointer >= SAMPLED_START ? this.#slots.explainFree(pointer) : super.explainFree(pointer);
    }

    /** The slots. */
    override snapshot(): HeapSnapshot {
      return this.#slots.snapshot();
    }

    override destroy(): void {
      super.destroy();
      this.#slots.destroy();
    }
  }
  return GuardedSampled as unknown as T & (new (...setup: unknown[]) => GuardedHeap);
}
