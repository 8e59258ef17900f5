/** The counting cache before safe-linking (2.30, 2.31): links are plain pointers, and nobody tests them. */
import { CountedCache } from './counted-cache.ts';

/** malloc and free of glibc 2.30 and 2.31. @internal */
export abstract class PlainCache extends CountedCache {
  override malloc(sizeBytes: number): number | null {
    const n = sizeBytes >>> 0;
    if (n !== sizeBytes) return this.mallocUnusual(sizeBytes);
    if (n <= this.cacheMaxRequest) {
      const w = this.w;
      const h = this.h;
      const hi = this.hi;
      const t = this.tcache;
      const index = n < 9 ? 0 : ((n + 7) >>> 4) - 1;
      const count = h[(t >>> 1) + index];
      if (count !== 0) {
        const s = (t >>> 2) + 32 + (index << 1);
        const p = w[s];
        const k = p >>> 2;
        const nextHi = w[k + 1];
        if (w[s + 1] === hi && (nextHi === hi || (nextHi === 0 && w[k + 3] === hi)) && (p & 3) === 0) {
          w[s] = w[k];
          w[s + 1] = nextHi;
          h[(t >>> 1) + index] = count - 1;
          w[k + 2] = 0;
          w[k + 3] = 0;
          return p;
        }
      } else if (t !== 0) {
        return this.mallocUncached(n);
      }
    } else if (this.tcache !== 0) {
      return this.mallocUncached(n);
    }
    return this.mallocSlow(n);
  }

  override free(pointer: number | null): void {
    if (pointer === null) {
      if (this.w.length === 0) this.requireOpen();
      return;
    }
    const p = pointer >>> 0;
    if (p === pointer && p !== 0) {
      const w = this.w;
      const k = p >>> 2;
      const raw = w[k - 2];
      const t = this.tcache;
      if ((raw & this.slowFreeFlags) === 0 && w[k - 1] === 0 && raw >= 32 && (p & 15) === 0 && t !== 0) {
        if (raw >= this.cacheEndRaw) {
          this.freeUncached(p, raw);
          return;
        }
        const index = (raw >>> 4) - 2;
        const h = this.h;
        const count = h[(t >>> 1) + index];
        if ((w[k + 2] | 0) !== this.keyLo || (w[k + 3] | 0) !== this.keyHi) {
          if (count >= this.cacheLength) {
            this.freeUncached(p, raw);
            return;
          }
          const s = (t >>> 2) + 32 + (index << 1);
          w[k + 2] = this.keyLo;
          w[k + 3] = this.keyHi;
          w[k] = w[s];
          w[k + 1] = w[s + 1];
          w[s] = p;
          w[s + 1] = this.hi;
          h[(t >>> 1) + index] = count + 1;
          return;
        }
      }
      this.freeSlow(p);
      return;
    }
    this.freeUnusual(pointer);
  }
}
