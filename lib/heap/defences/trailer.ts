/**
 * Eight bytes at the end of every block that free and realloc look at: a canary, or a checksum of the header.
 *
 *      user's pointer            asked for      usable end
 *      | user bytes ............ | pad ........ | trailer 8 |      pad: 0 to 15 bytes, more in a mapping
 *
 * Both ask for eight bytes more, and find the trailer by the header: a header that lies leads to a wrong trailer.
 */
import { type FreeExplanation, HeapError, requireInteger } from '../../core/index.ts';
import type { HeapClass } from '../strict.ts';
import { explainFirst } from './explain-first.ts';

/** Bytes that each block loses. */
export const trailerBytes = 8;

/** What distinguishes the two. */
export interface TrailerKind {
  /** Begins the message. */
  name: string;
  message: string;
  /** The trailer depends on the block's size and place, not on the process alone. */
  coversHeader: boolean;
}

/** The same eight bytes behind every block of the process. */
export const canary: TrailerKind = {
  name: 'canary',
  message: 'the bytes behind the block were overwritten',
  coversHeader: false,
};

/** A keyed checksum of size and address. */
export const headerChecksum: TrailerKind = {
  name: 'header checksum',
  message: 'the size of the block is not the one it was given',
  coversHeader: true,
};

/**
 * @param base a variant
 * @param kind canary or checksum
 * @returns the same with a trailer behind every block
 */
export function trailed<T extends HeapClass>(base: T, kind: TrailerKind): T {
  class Trailed extends base {
    readonly #secretLo: number = Math.floor(Math.random() * 2 ** 32);
    readonly #secretHi: number = Math.floor(Math.random() * 2 ** 32);

    /** @returns the two words that belong behind a block */
    #trailerOf(p: number): [number, number] {
      if (!kind.coversHeader) return [this.#secretLo, this.#secretHi];
      const size = this.w[(p >>> 2) - 2] & ~1;
      const mixed =
        Math.imul(size ^ this.#secretLo, 0x9e37_79b1) ^ Math.imul(p ^ this.#secretHi, 0x85eb_ca6b);
      return [mixed >>> 0, Math.imul(mixed ^ (mixed >>> 15), 0xc2b2_ae35) >>> 0];
    }

    #seal(pointer: number | null): number | null {
      if (pointer === null) return null;
      const i = (pointer + super.usableSize(pointer) - trailerBytes) >>> 2;
      [this.w[i], this.w[i + 1]] = this.#trailerOf(pointer);
      return pointer;
    }

    #require(pointer: number, call: string): void {
      this.requireOpen();
      const p = this.requirePointer(pointer, `${call}: invalid pointer`);
      const isReadable = (p & 15) === 0 && this.space.isAccessible(p - 16, 16);
      const i = isReadable ? (p + super.usableSize(p) - trailerBytes) >>> 2 : 0;
      const [low, high] = this.#trailerOf(p);
      if (this.w[i] === low && this.w[i + 1] === high) return;
      throw new HeapError('ERR_HEAP_CORRUPTED', `${kind.name}: ${kind.message}`, {
        pointer: p,
        rule: `${call} finds the trailer as it was written`,
        expected: low,
        actual: this.w[i] ?? 0,
      });
    }

    override malloc(sizeBytes: number): number | null {
      return this.#seal(super.malloc(withTrailer(sizeBytes)));
    }

    override calloc(count: number, sizeBytes: number): number | null {
      const bytes = requireInteger('count', count) * requireInteger('sizeBytes', sizeBytes);
      return bytes > mostBytes ? null : this.#seal(super.calloc(1, withTrailer(bytes)));
    }

    override memalign(alignment: number, sizeBytes: number): number | null {
      // malloc, which memalign may call, adds the trailer itself.
      if (alignment <= 16) return super.memalign(alignment, sizeBytes);
      return this.#seal(super.memalign(alignment, withTrailer(sizeBytes)));
    }

    override realloc(pointer: number | null, sizeBytes: number): number | null {
      if (pointer === null) return this.malloc(sizeBytes);
      const bytes = withTrailer(sizeBytes);
      this.#require(pointer, 'realloc');
      if (sizeBytes > 0) return this.#seal(super.realloc(pointer, bytes));
      super.free(pointer);
      return null;
    }

    override free(pointer: number | null): void {
      if (pointer !== null) this.#require(pointer, 'free');
      super.free(pointer);
    }

    override explainFree(pointer: number): FreeExplanation {
      const test = (): void => this.#require(pointer, 'free');
      return explainFirst(pointer, kind.name, test, () => super.explainFree(pointer));
    }

    override usableSize(pointer: number): number {
      return super.usableSize(pointer) - trailerBytes;
    }

    override blockBytes(pointer: number): number {
      return super.blockBytes(pointer) - trailerBytes;
    }
  }
  return Trailed;
}

const mostBytes = Number.MAX_SAFE_INTEGER - trailerBytes;

/** @returns bytes to ask for; what cannot be had stays so */
function withTrailer(sizeBytes: number): number {
  return Math.min(requireInteger('sizeBytes', sizeBytes), mostBytes) + trailerBytes;
}
