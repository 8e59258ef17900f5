/**
 * Every eighth small block gets pages of its own, against an inaccessible page, with another one before them:
 *
 *      | no access | ........ header | block | no access |
 *
 * They are mappings of this heap; the header is that of an own mapping, so that looking at one works as ever.
 */
import { alignUp, type FreeExplanation, requireInteger } from '../../core/index.ts';
import type { HeapClass } from '../strict.ts';

/** One of so many blocks is guarded. */
export const sampleEvery = 8;

/** Larger blocks are left alone. */
const mostBytes = 16 * 1024;
const isMapped = 2;

/**
 * @param base a variant
 * @returns the same with every eighth block guarded
 */
export function sampledGuards<T extends HeapClass>(base: T): T {
  class SampledGuards extends base {
    /** First page with access and its bytes, by pointer. */
    readonly #guarded = new Map<number, [start: number, bytes: number]>();
    #countdown: number = 1 + (this.keyLo & (sampleEvery - 1));

    /** @returns a guarded block, 0 when it is not this one's turn or there is no room */
    #sample(sizeBytes: number): number {
      this.requireOpen();
      if (requireInteger('sizeBytes', sizeBytes) > mostBytes || --this.#countdown > 0) return 0;
      this.#countdown = sampleEvery;
      const page = this.space.pageBytes;
      const user = Math.max(16, alignUp(sizeBytes, 16));
      const bytes = alignUp(user + 16, page);
      const start = this.space.map(bytes + 2 * page);
      if (start === 0) return 0;
      this.space.unmap(start, page);
      this.space.unmap(start + page + bytes, page);
      const pointer = start + page + bytes - user;
      this.setWord(pointer - 16, pointer - 16 - start - page);
      this.setWord(pointer - 8, user + this.profile.mappingOverheadBytes + isMapped);
      this.#guarded.set(pointer, [start + page, bytes]);
      return pointer;
    }

    override malloc(sizeBytes: number): number | null {
      return this.#sample(sizeBytes) || super.malloc(sizeBytes);
    }

    override calloc(count: number, sizeBytes: number): number | null {
      const bytes = requireInteger('count', count) * requireInteger('sizeBytes', sizeBytes);
      const sampled = bytes > mostBytes ? 0 : this.#sample(bytes);
      return sampled || super.calloc(count, sizeBytes);
    }

    override realloc(pointer: number | null, sizeBytes: number): number | null {
      const guarded = pointer === null ? undefined : this.#guarded.get(pointer);
      if (pointer === null || guarded === undefined) return super.realloc(pointer, sizeBytes);
      requireInteger('sizeBytes', sizeBytes);
      const moved = sizeBytes === 0 ? null : super.malloc(sizeBytes);
      if (moved === null && sizeBytes > 0) return null;
      const end = Math.min(pointer + sizeBytes, guarded[0] + guarded[1]);
      if (moved !== null) this.b.copyWithin(moved, pointer, end);
      this.free(pointer);
      return moved;
    }

    override free(pointer: number | null): void {
      const guarded = pointer === null ? undefined : this.#guarded.get(pointer);
      if (pointer === null || guarded === undefined) {
        super.free(pointer);
        return;
      }
      this.#guarded.delete(pointer);
      this.space.unmap(...guarded);
    }

    override explainFree(pointer: number): FreeExplanation {
      const guarded = this.#guarded.get(pointer);
      if (guarded === undefined) return super.explainFree(pointer);
      const step = { step: 'sampled guards', ok: true, detail: `its ${guarded[1]} bytes of pages go back` };
      return { pointer, ok: true, steps: [step] };
    }
  }
  return SampledGuards;
}
