/**
 * Strict mode: catches at the call what glibc lets pass. A subclass of any variant, so that nobody else pays.
 * It remembers every live block and the bytes of its header; whatever differs at the next call about that block
 * is an error, and the heap stays as it was.
 */
import { type FreeExplanation, HeapError } from '../core/index.ts';
import type { CountedCache } from './counted-cache.ts';

/** A class that can be made strict. @internal */
// biome-ignore lint/suspicious/noExplicitAny: what TypeScript demands of a class that is extended by a function
export type HeapClass = new (...setup: any[]) => CountedCache;

/** A live block as strict mode remembers it. */
interface LiveBlock {
  /** Size word when the block was handed out, without P. */
  header: number;
  /** What the caller asked for. */
  requestBytes: number;
}

/**
 * Makes the strict variant of a heap class.
 * @param base the variant
 * @returns a class with the same constructor
 */
export function strict<T extends HeapClass>(base: T): T {
  class Strict extends base {
    readonly #live = new Map<number, LiveBlock>();
    readonly #freed = new Set<number>();

    #remember(pointer: number | null, requestBytes: number): number | null {
      if (pointer === null) return null;
      this.#live.set(pointer, { header: this.w[(pointer >>> 2) - 2] & ~1, requestBytes });
      this.#freed.delete(pointer);
      return pointer;
    }

    #forget(pointer: number): void {
      this.#live.delete(pointer);
      this.#freed.add(pointer);
    }

    /** Throws unless `pointer` is a live block whose header nobody has written to. */
    #require(pointer: number, call: string): void {
      this.requireOpen();
      const block = this.#live.get(pointer);
      if (block === undefined) {
        this.requirePointerArgument(pointer);
        const wasFreed = this.#freed.has(pointer);
        const code = wasFreed ? 'ERR_HEAP_DOUBLE_FREE' : 'ERR_HEAP_INVALID_POINTER';
        const message = wasFreed ? `${call}: the block is already free` : `${call}: no block begins there`;
        throw new HeapError(code, message, { pointer, rule: 'only a live block may be freed or resized' });
      }
      const header = this.w[(pointer >>> 2) - 2] & ~1;
      const high = this.w[(pointer >>> 2) - 1];
      if (header !== block.header || high !== 0) {
        throw new HeapError('ERR_HEAP_CORRUPTED', `${call}: the header of the block was overwritten`, {
          pointer,
          rule: 'nobody writes to a header but the heap',
          expected: block.header >>> 0,
          actual: header >>> 0,
        });
      }
    }

    override malloc(sizeBytes: number): number | null {
      return this.#remember(super.malloc(sizeBytes), sizeBytes);
    }

    override calloc(count: number, sizeBytes: number): number | null {
      return this.#remember(super.calloc(count, sizeBytes), count * sizeBytes);
    }

    override memalign(alignment: number, sizeBytes: number): number | null {
      return this.#remember(super.memalign(alignment, sizeBytes), sizeBytes);
    }

    override realloc(pointer: number | null, sizeBytes: number): number | null {
      if (pointer === null) return this.malloc(sizeBytes);
      this.#require(pointer, 'realloc()');
      if (sizeBytes === 0) {
        this.free(pointer);
        return null;
      }
      const moved = super.realloc(pointer, sizeBytes);
      if (moved !== null) {
        if (moved !== pointer) this.#forget(pointer);
        this.#remember(moved, sizeBytes);
      }
      return moved;
    }

    override free(pointer: number | null): void {
      if (pointer !== null) this.#require(pointer, 'free()');
      super.free(pointer);
      if (pointer !== null) this.#forget(pointer);
    }

    override explainFree(pointer: number): FreeExplanation {
      this.requirePointerArgument(pointer);
      const step = 'strict: a live block with an untouched header';
      try {
        this.#require(pointer, 'free()');
      } catch (error) {
        const { message } = error as Error;
        if ((error as HeapError).code === 'ERR_HEAP_CLOSED') throw error;
        return { pointer, ok: false, steps: [{ step, ok: false, detail: message }], message };
      }
      const explanation = super.explainFree(pointer);
      const detail = `${this.#live.get(pointer)?.requestBytes} bytes were asked for`;
      return { ...explanation, steps: [{ step, ok: true, detail }, ...explanation.steps] };
    }

    override usableSize(pointer: number): number {
      this.#require(pointer, 'malloc_usable_size()');
      return super.usableSize(pointer);
    }
  }
  return Strict;
}
