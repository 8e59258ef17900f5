/**
 * The first per-thread cache (2.26 to 2.28): 8-bit counts, plain links, no key, so nobody looks for a double free.
 *
 *      struct (a block of 576 bytes):   count[64] 8-bit each | head[64] 64-bit each
 *      an entry (a user pointer p):     p + 0: link
 *
 * A list with a head is not empty, whatever its count says; a count that is too high or has run below 0 keeps
 * blocks out.
 */
import { PlainCache } from './plain-cache.ts';

const headsAt = 64;

/** malloc and free of glibc 2.27. @internal */
export abstract class ByteCache extends PlainCache {
  override malloc(sizeBytes: number): number | null {
    const n = sizeBytes >>> 0;
    if (n !== sizeBytes) return this.mallocUnusual(sizeBytes);
    if (n <= this.cacheMaxRequest) {
      const w = this.w;
      const hi = this.hi;
      const t = this.tcache;
      const index = n < 9 ? 0 : ((n + 7) >>> 4) - 1;
      const s = (t >>> 2) + 16 + (index << 1);
      const p = w[s];
      const k = p >>> 2;
      const nextHi = w[k + 1];
      // The header of the last entry tells that it is there: its link is 0, as inaccessible memory is.
      const isThere = nextHi === hi || (nextHi === 0 && w[k - 2] !== 0 && (p & 4095) !== 0);
      if (p !== 0 && isThere && w[s + 1] === hi && (p & 3) === 0) {
        w[s] = w[k];
        w[s + 1] = nextHi;
        this.b[t + index]--;
        return p;
      }
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
      const isPlain = (raw & this.slowFreeFlags) === 0 && w[k - 1] === 0 && (p & 15) === 0 && t !== 0;
      if (isPlain && raw >= 32 && raw < this.cacheEndRaw) {
        const index = (raw >>> 4) - 2;
        const b = this.b;
        const count = b[t + index];
        if (count < this.cacheLength) {
          const s = (t >>> 2) + 16 + (index << 1);
          w[k] = w[s];
          w[k + 1] = w[s + 1];
          w[s] = p;
          w[s + 1] = this.hi;
          b[t + index] = count + 1;
          return;
        }
      }
      this.freeSlow(p);
      return;
    }
    this.freeUnusual(pointer);
  }

  /** There is no key to find a block by. */
  override examineDoubleFree(_p: number, _index: number): void {}

  override cacheRoom(index: number): number {
    return this.cacheLength - this.b[this.tcache + index];
  }

  override cacheHas(index: number): boolean {
    const s = this.cacheHeadAt(index) >>> 2;
    return (this.w[s] | this.w[s + 1]) !== 0;
  }

  override cacheHeadAt(index: number): number {
    return this.tcache + headsAt + 8 * index;
  }

  override cachePut(index: number, p: number): void {
    const w = this.w;
    const s = this.cacheHeadAt(index) >>> 2;
    const k = p >>> 2;
    w[k] = w[s];
    w[k + 1] = w[s + 1];
    w[s] = p;
    w[s + 1] = this.hi;
    this.b[this.tcache + index]++;
  }

  override cacheTake(index: number): number {
    const slot = this.real(this.cacheHeadAt(index));
    const entry = this.peek(slot);
    this.poke(slot, this.peek(entry));
    this.b[this.tcache + index]--;
    return this.offsetOf(entry);
  }
}
