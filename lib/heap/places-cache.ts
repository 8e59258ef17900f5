/**
 * The per-thread cache that counts free places (2.42 and later).
 *
 *      struct (a block of 760 bytes):   places[76] 16-bit each | head[76] 64-bit each
 *
 * A list with a head is not empty, whatever its count says. The struct is made at the first free of a block
 * that fits, or by the allocator itself at its first stash.
 */
import { CountedCache } from './counted-cache.ts';
import { MIN_CHUNK_BYTES } from './layout.ts';

const headsAt = 152;

/** malloc and free of glibc 2.43. @internal */
export abstract class PlacesCache extends CountedCache {
  override malloc(sizeBytes: number): number | null {
    const n = sizeBytes >>> 0;
    if (n !== sizeBytes) return this.mallocUnusual(sizeBytes);
    if (n <= this.cacheMaxRequest) {
      const w = this.w;
      const hi = this.hi;
      const t = this.tcache;
      const index = n < 9 ? 0 : ((n + 7) >>> 4) - 1;
      const s = (t >>> 2) + 38 + (index << 1);
      const p = w[s];
      if (p !== 0) {
        const k = p >>> 2;
        const nextHi = w[k + 1] ^ this.mangleHi;
        if ((p & 15) === 0 && w[s + 1] === hi && (nextHi === hi || nextHi === 0)) {
          w[s] = w[k] ^ ((p >>> 12) | this.mangleLo);
          w[s + 1] = nextHi;
          this.h[(t >>> 1) + index]++;
          w[k + 2] = 0;
          w[k + 3] = 0;
          return p;
        }
      } else {
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
        const places = h[(t >>> 1) + index];
        if ((w[k + 2] | 0) !== this.keyLo || (w[k + 3] | 0) !== this.keyHi) {
          if (places === 0) {
            this.freeUncached(p, raw);
            return;
          }
          const s = (t >>> 2) + 38 + (index << 1);
          w[k + 2] = this.keyLo;
          w[k + 3] = this.keyHi;
          w[k] = w[s] ^ ((p >>> 12) | this.mangleLo);
          w[k + 1] = w[s + 1] ^ this.mangleHi;
          w[s] = p;
          w[s + 1] = this.hi;
          h[(t >>> 1) + index] = places - 1;
          return;
        }
      }
      this.freeSlow(p);
      return;
    }
    this.freeUnusual(pointer);
  }

  /** From 2.42 on the cache comes before every test but the alignment. */
  override freeSlow(p: number): void {
    const w = this.w;
    const k = p >>> 2;
    const raw = w[k - 2];
    if (raw === 0 || raw === undefined || (p & 15) !== 0) this.examineFreed(p);
    const size = (raw & ~7) >>> 0;
    const high = w[k - 1];
    if (high === 0 && size >= MIN_CHUNK_BYTES && size <= this.cacheMaxChunk && !this.cacheDisabled) {
      if (this.tcache === 0) this.ensureCacheInFree(size);
      const index = (size >>> 4) - 2;
      if (this.tcache !== 0) {
        if (((w[k + 2] ^ this.keyLo) | (w[k + 3] ^ this.keyHi)) === 0) this.examineDoubleFree(p, index);
        if (this.cacheRoom(index) > 0) {
          this.cachePut(index, p);
          return;
        }
      }
    }
    if (high !== 0 || size < MIN_CHUNK_BYTES) this.examineWrap(p - 16);
    this.freeAtExit(p);
  }

  override freeUncached(p: number, _raw: number): void {
    this.freeAtExit(p);
  }

  /** The end of a thread frees without a test of the size. */
  override freeAtExit(p: number): void {
    const c = p - 16;
    const raw = this.w[(c >>> 2) + 2];
    const high = this.w[(c >>> 2) + 3];
    if ((raw & 2) !== 0) {
      this.freeMapping(c);
      return;
    }
    const av = this.arenaOfChunk(c, raw);
    if (high !== 0) this.examineFreeNormal(av, c, this.peek(this.real(c) + 8n) & ~7n);
    this.freePast(av, c, (raw & ~7) >>> 0);
  }

  /** Frees a chunk that the cache did not take. */
  freePast(av: number, c: number, size: number): void {
    this.freeNormal(av, c, size);
  }

  /** What is left of the tests of the size: not too small, and no wrap around. */
  examineWrap(c: number): void {
    const chunk = this.real(c);
    const size = this.peek(chunk + 8n) & ~7n;
    if (size < 32n || chunk > this.wrap(-size))
      this.abort('free(): invalid size', c + 16, MIN_CHUNK_BYTES, size);
  }

  override examineFreed(p: number): void {
    this.requireOpen();
    this.peek(this.wrap(this.real(p) - 8n));
    if ((p & 15) !== 0) this.abort('free(): invalid pointer', p);
  }

  /** Every list is searched, from the smallest class up. */
  override examineDoubleFree(p: number, _index: number): void {
    for (let index = 0; index < this.profile.cacheClasses; index++) super.examineDoubleFree(p, index);
  }

  override cacheRoom(index: number): number {
    return this.tcache === 0 ? 0 : this.h[(this.tcache >>> 1) + index];
  }

  override cacheHas(index: number): boolean {
    const s = (this.tcache + headsAt + 8 * index) >>> 2;
    return (this.w[s] | this.w[s + 1]) !== 0;
  }

  /** From 2.42 on the lists count as sorted by size: a larger entry ends the search, a smaller one is passed by. */
  override judgeEntry(entry: bigint, index: number, alignment: number): 'take' | 'next' | 'none' {
    const size = this.peek(entry - 8n) & ~7n;
    const wanted = BigInt(MIN_CHUNK_BYTES + 16 * index);
    if (size !== wanted) return size < wanted ? 'next' : 'none';
    return super.judgeEntry(entry, index, alignment);
  }

  override cacheHeadAt(index: number): number {
    return this.tcache + headsAt + 8 * index;
  }

  override cachePut(index: number, p: number): void {
    const w = this.w;
    const t = this.tcache;
    const s = (t >>> 2) + 38 + (index << 1);
    const k = p >>> 2;
    w[k + 2] = this.keyLo;
    w[k + 3] = this.keyHi;
    w[k] = w[s] ^ ((p >>> 12) | this.mangleLo);
    w[k + 1] = w[s + 1] ^ this.mangleHi;
    w[s] = p;
    w[s + 1] = this.hi;
    this.h[(t >>> 1) + index]--;
  }

  override countTaken(index: number): void {
    this.h[(this.tcache >>> 1) + index]++;
  }

  override ensureCacheFor(_request: number): void {}

  override ensureCacheInFree(size: number): void {
    if (size >= 32 && size <= this.cacheMaxChunk && !this.cacheDisabled) {
      this.createCache(this.profile.cacheStructBytes);
    }
  }

  /** Inside the allocator the padded size is padded once more. */
  override ensureCacheInAlloc(av: number): void {
    if (!this.cacheDisabled) this.createCache(this.profile.cacheStructBytes + 8, av);
  }

  override prepareCache(struct: number): void {
    for (let index = 0; index < this.profile.cacheClasses; index++)
      this.h[(struct >>> 1) + index] = this.cacheLength;
  }
}
