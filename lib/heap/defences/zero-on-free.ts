/**
 * free clears a block; malloc looks whether what comes from the cache is still clear. What the allocator itself
 * writes into free chunks stays out of the test, and the first 16 bytes are not cleared: a key in them tells of a
 * second free.
 *
 *      pointer + 0   16         32      40                            size - 16
 *      | link, key   | zero     | tag   | zero ...................... | footer |
 *
 * The tag says that this very chunk waits in the cache, where it is neither merged nor cut. Chunks in bins are: they
 * are cleared, but nobody can tell their old headers from a late write.
 */
import { HeapError } from '../../core/index.ts';
import type { HeapClass } from '../strict.ts';

const tagAt = 32;
/** Chunks below have no room for a tag. */
const leastChunk = 64;

/**
 * @param base a variant
 * @returns the same, clearing on free and testing on reuse
 */
export function zeroOnFree<T extends HeapClass>(base: T): T {
  class ZeroOnFree extends base {
    readonly #secret: number = Math.floor(Math.random() * 2 ** 32);

    #tagOf(p: number, chunk: number): number {
      return (Math.imul(p ^ this.#secret, 0x9e37_79b1) ^ chunk) >>> 0;
    }

    /** @returns size of the chunk of a block if it is one of the heap, with a header that can be believed */
    #chunkOf(p: number): number {
      if ((p & 15) !== 0 || !this.space.isAccessible(p - 16, 32)) return 0;
      const raw = this.w[(p >>> 2) - 2];
      const chunk = (raw & ~7) >>> 0;
      const isOwnMapping = (raw & 2) !== 0;
      return isOwnMapping || !this.space.isAccessible(p - 16, chunk) ? 0 : chunk;
    }

    /** Tests a block that may have waited in the cache, and takes its tag away. */
    #reused(pointer: number | null): number | null {
      if (pointer === null) return null;
      const chunk = this.#chunkOf(pointer);
      const i = (pointer + tagAt) >>> 2;
      if (chunk < leastChunk || this.w[i] !== this.#tagOf(pointer, chunk)) return pointer;
      this.w[i] = 0;
      const end = (pointer + chunk - 16) >>> 2;
      for (let at = (pointer + 16) >>> 2; at < end; at++)
        if (this.w[at] !== 0) this.#refuse(pointer, at << 2);
      return pointer;
    }

    /** @returns true when a chunk is the last that its list in the cache took */
    #isCached(p: number, chunk: number): boolean {
      if (this.tcache === 0 || chunk > this.cacheMaxChunk) return false;
      return this.w[this.cacheHeadAt(chunk / 16 - 2) >>> 2] === p;
    }

    #refuse(pointer: number, at: number): never {
      throw new HeapError('ERR_HEAP_CORRUPTED', 'zero on free: a free block was written to', {
        pointer,
        rule: `byte ${at - pointer} is as free left it`,
        expected: 0,
        actual: this.w[at >>> 2],
      });
    }

    override malloc(sizeBytes: number): number | null {
      return this.#reused(super.malloc(sizeBytes));
    }

    override memalign(alignment: number, sizeBytes: number): number | null {
      return this.#reused(super.memalign(alignment, sizeBytes));
    }

    override free(pointer: number | null): void {
      const chunk = pointer === null ? 0 : this.#chunkOf(pointer);
      if (pointer === null || chunk === 0) {
        super.free(pointer);
        return;
      }
      this.b.fill(0, pointer + 16, pointer + chunk - 8);
      super.free(pointer);
      if (chunk >= leastChunk && this.#isCached(pointer, chunk))
        this.w[(pointer + tagAt) >>> 2] = this.#tagOf(pointer, chunk);
    }
  }
  return ZeroOnFree;
}
