/** The cache of 2.27 with what came later: mangled links (2.32), a random key (2.34). The long way only. */
import { Freeing } from '../free.ts';
import type { HeapClass } from '../strict.ts';

/**
 * @param base the variant of 2.27
 * @returns the same, doing with links and keys what its profile says
 */
export function hardenedByteCache<T extends HeapClass>(base: T): T {
  class HardenedByteCache extends base {
    override malloc(sizeBytes: number): number | null {
      return sizeBytes >>> 0 === sizeBytes ? this.mallocSlow(sizeBytes) : this.mallocUnusual(sizeBytes);
    }

    override free(pointer: number | null): void {
      if (pointer !== null && pointer >>> 0 === pointer && pointer !== 0) this.freeSlow(pointer);
      else super.free(pointer);
    }

    override examineDoubleFree(p: number, index: number): void {
      if (this.profile.cacheKey === 'random') Freeing.prototype.examineDoubleFree.call(this, p, index);
    }

    override cachePut(index: number, p: number): void {
      const place = this.real(p);
      const slot = this.real(this.cacheHeadAt(index));
      const mangling = this.profile.safeLinking ? place >> 12n : 0n;
      if (this.profile.cacheKey === 'random') {
        this.w[(p >>> 2) + 2] = this.keyLo;
        this.w[(p >>> 2) + 3] = this.keyHi;
      }
      this.poke(place, this.peek(slot) ^ mangling);
      this.poke(slot, place);
      this.b[this.tcache + index]++;
    }

    override cacheTake(index: number): number {
      const slot = this.real(this.cacheHeadAt(index));
      const entry = this.peek(slot);
      if (this.profile.safeLinking && (entry & 15n) !== 0n)
        this.abort(
          'malloc(): unaligned tcache chunk detected',
          Number(entry & 0xffff_ffffn),
          0n,
          entry & 15n,
        );
      this.poke(slot, this.unmangle(entry));
      this.b[this.tcache + index]--;
      if (this.profile.cacheKey === 'random') this.poke(entry + 8n, 0n);
      return this.offsetOf(entry);
    }
  }
  return HardenedByteCache;
}
