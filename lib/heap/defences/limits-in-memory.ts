/**
 * The cache's limit, read from the library's data before each call, as the C library reads it. Otherwise it is a
 * constant of the heap, which no wild write reaches; a technique needs it where a process has it.
 */
import { TCACHE_BINS } from '../layout.ts';
import type { HeapClass } from '../strict.ts';

/** Largest chunk that the engine's arithmetic takes. */
const mostBytes = 0x7fff_fff0;

/**
 * @param base a variant
 * @returns the same, asking memory for `tcache_bins`
 */
export function limitsInMemory<T extends HeapClass>(base: T): T {
  class LimitsInMemory extends base {
    // biome-ignore lint/suspicious/noExplicitAny: what TypeScript demands of a mixin
    constructor(...setup: any[]) {
      super(...setup);
      this.setWord(TCACHE_BINS, this.profile.cacheClasses);
    }

    #readLimit(): void {
      const most = Math.min(mostBytes, 16 * (this.word(TCACHE_BINS) + 1));
      const isPlain = this.word(TCACHE_BINS) === this.profile.cacheClasses;
      const cacheMaxChunk = isPlain ? this.profile.cacheMaxChunk : most;
      Object.assign(this, {
        cacheMaxChunk,
        cacheMaxRequest: cacheMaxChunk - 8,
        cacheEndRaw: cacheMaxChunk + 8,
      });
    }

    override malloc(sizeBytes: number): number | null {
      this.#readLimit();
      return super.malloc(sizeBytes);
    }

    override calloc(count: number, sizeBytes: number): number | null {
      this.#readLimit();
      return super.calloc(count, sizeBytes);
    }

    override realloc(pointer: number | null, sizeBytes: number): number | null {
      this.#readLimit();
      return super.realloc(pointer, sizeBytes);
    }

    override free(pointer: number | null): void {
      this.#readLimit();
      super.free(pointer);
    }
  }
  return LimitsInMemory;
}
