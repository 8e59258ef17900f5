/**
 * Freed blocks wait before they are free: a second free meets them there, and what was written to them meanwhile
 * is noticed when they leave.
 */
import { type FreeExplanation, HeapError } from '../../core/index.ts';
import type { HeapClass } from '../strict.ts';
import { explainFirst } from './explain-first.ts';

/** Most that waits, blocks and bytes; a block above a sixteenth of that does not. */
export const quarantineLimits: { blocks: number; bytes: number } = { blocks: 256, bytes: 1 << 20 };

const filling = 0xf5;
const filledWord = 0xf5f5_f5f5;

/**
 * @param base a variant
 * @returns the same with a quarantine of 256 blocks or 1 MiB
 */
export function quarantined<T extends HeapClass>(base: T): T {
  class Quarantined extends base {
    readonly #waiting = new Map<number, number>();
    #bytes = 0;

    override free(pointer: number | null): void {
      if (pointer === null) {
        super.free(pointer);
        return;
      }
      this.#requireElsewhere(pointer);
      const bytes = this.#usableOf(pointer);
      if (bytes === 0 || bytes > quarantineLimits.bytes / 16) {
        super.free(pointer);
        return;
      }
      this.b.fill(filling, pointer, pointer + bytes);
      this.#waiting.set(pointer, bytes);
      this.#bytes += bytes;
      while (this.#waiting.size > quarantineLimits.blocks || this.#bytes > quarantineLimits.bytes)
        this.#letGo();
    }

    override realloc(pointer: number | null, sizeBytes: number): number | null {
      if (pointer === null || sizeBytes === 0) return super.realloc(pointer, sizeBytes);
      this.#requireElsewhere(pointer);
      const bytes = this.#usableOf(pointer);
      if (bytes === 0) return super.realloc(pointer, sizeBytes);
      if (sizeBytes <= bytes && 2 * sizeBytes >= bytes) return pointer;
      const moved = this.malloc(sizeBytes);
      if (moved === null) return null;
      this.b.copyWithin(moved, pointer, pointer + Math.min(bytes, sizeBytes));
      this.free(pointer);
      return moved;
    }

    override explainFree(pointer: number): FreeExplanation {
      const test = (): void => this.#requireElsewhere(pointer);
      return explainFirst(pointer, 'quarantine', test, () => super.explainFree(pointer));
    }

    override usableSize(pointer: number): number {
      this.#requireElsewhere(pointer);
      return super.usableSize(pointer);
    }

    #requireElsewhere(pointer: number): void {
      if (!this.#waiting.has(pointer)) return;
      throw new HeapError('ERR_HEAP_DOUBLE_FREE', 'quarantine: the block is already free', {
        pointer,
        rule: 'a block is freed once',
      });
    }

    /** Frees the one that has waited longest. */
    #letGo(): void {
      const [pointer, bytes] = this.#waiting.entries().next().value!;
      this.#waiting.delete(pointer);
      this.#bytes -= bytes;
      const end = (pointer + bytes) >>> 2;
      for (let at = pointer >>> 2; at < end; at++) {
        if (this.w[at] === filledWord) continue;
        throw new HeapError('ERR_HEAP_CORRUPTED', 'quarantine: a free block was written to', {
          pointer,
          rule: `the word at byte ${4 * at - pointer} is as free left it`,
          expected: filledWord,
          actual: this.w[at],
        });
      }
      super.free(pointer);
    }

    /** @returns usable bytes of a block with a sound header; 0 for what must be judged by the heap at once */
    #usableOf(p: number): number {
      if (p >>> 0 !== p || (p & 15) !== 0 || !this.space.isAccessible(p - 16, 32)) return 0;
      const raw = this.w[(p >>> 2) - 2];
      const size = (raw & ~7) >>> 0;
      if (size < 32 || (raw & 2) !== 0 || this.w[(p >>> 2) - 1] !== 0) return 0;
      return this.space.isAccessible(p - 16, size + 16) ? this.usableSize(p) : 0;
    }
  }
  return Quarantined;
}
