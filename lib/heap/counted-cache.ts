/**
 * The per-thread cache that counts its entries (2.30 to 2.41), with safe-linking (2.32 and later).
 *
 *      struct (a block of 640 bytes):   count[64] 16-bit each | head[64] 64-bit each
 *      an entry (a user pointer p):     p + 0: link, mangled with p >> 12 | p + 8: key
 */
import { loopLimit } from './state.ts';
import { Surface } from './surface.ts';

const headsAt = 128;

/** Cache of counted entries; malloc and free of glibc 2.32 to 2.41. @internal */
export abstract class CountedCache extends Surface {
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
        const nextHi = w[k + 1] ^ this.mangleHi;
        if ((p & 15) === 0 && w[s + 1] === hi && (nextHi === hi || nextHi === 0)) {
          w[s] = w[k] ^ ((p >>> 12) | this.mangleLo);
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
    if (p === pointer) {
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
          w[k] = w[s] ^ ((p >>> 12) | this.mangleLo);
          w[k + 1] = w[s + 1] ^ this.mangleHi;
          w[s] = p;
          w[s + 1] = this.hi;
          h[(t >>> 1) + index] = count + 1;
          return;
        }
      }
      if (p !== 0) {
        this.freeSlow(p);
        return;
      }
    }
    this.freeUnusual(pointer);
  }

  /** Allocates a size whose list in the cache was just seen empty. */
  mallocUncached(request: number): number | null {
    const p = this.allocAny(request);
    return p === 0 ? null : p;
  }

  /** Frees a block of sound header whose list in the cache was just seen full. */
  freeUncached(p: number, raw: number): void {
    const c = (p - 16) >>> 0;
    const size = (raw & ~7) >>> 0;
    const av = this.arenaOfChunk(c, raw);
    if (size <= this.w[this.maxFastWord]) this.freeFast(av, c, size, false);
    else this.freeNormal(av, c, size);
  }

  override cacheRoom(index: number): number {
    return this.cacheLength - this.h[(this.tcache >>> 1) + index];
  }

  override cacheHas(index: number): boolean {
    return this.h[(this.tcache >>> 1) + index] !== 0;
  }

  override cacheHeadAt(index: number): number {
    return this.tcache + headsAt + 8 * index;
  }

  override cachePut(index: number, p: number): void {
    const w = this.w;
    const t = this.tcache;
    const s = (t >>> 2) + 32 + (index << 1);
    const k = p >>> 2;
    w[k + 2] = this.keyLo;
    w[k + 3] = this.keyHi;
    w[k] = w[s] ^ (((p >>> 12) | this.mangleLo) & this.linkMask);
    w[k + 1] = w[s + 1] ^ this.mangleHi;
    w[s] = p;
    w[s + 1] = this.hi;
    this.h[(t >>> 1) + index]++;
  }

  override cacheTake(index: number): number {
    const w = this.w;
    const s = this.cacheHeadAt(index) >>> 2;
    const p = w[s];
    const k = p >>> 2;
    const nextHi = w[k + 1] ^ this.mangleHi;
    if ((p & 15) !== 0 || w[s + 1] !== this.hi || (nextHi !== this.hi && nextHi !== 0))
      return this.cacheTakeExactly(index);
    w[s] = w[k] ^ (((p >>> 12) | this.mangleLo) & this.linkMask);
    w[s + 1] = nextHi;
    this.countTaken(index);
    w[k + 2] = 0;
    w[k + 3] = 0;
    return p;
  }

  /** The same with every test, in 64-bit arithmetic; also for the last entry, whose link is null. */
  cacheTakeExactly(index: number): number {
    const slot = this.real(this.cacheHeadAt(index));
    const entry = this.peek(slot);
    if ((entry & BigInt(this.linkAlign)) !== 0n) {
      this.abort('malloc(): unaligned tcache chunk detected', Number(entry & 0xffff_ffffn), 0n, entry & 15n);
    }
    this.poke(slot, this.unmangle(entry));
    this.countTaken(index);
    this.poke(entry + 8n, 0n);
    return this.offsetOf(entry);
  }

  /** Accounts for an entry taken. */
  countTaken(index: number): void {
    this.h[(this.tcache >>> 1) + index]--;
  }

  /** @returns the entry that another one links to; faults as the machine would */
  unmangle(entry: bigint): bigint {
    const link = this.peek(entry);
    return this.profile.safeLinking ? link ^ (entry >> 12n) : link;
  }

  override cacheTakeAligned(index: number, alignment: number): number {
    if (!this.cacheHas(index)) return 0;
    let place = this.real(this.cacheHeadAt(index));
    let entry = this.peek(place);
    for (let steps = 0; entry !== 0n; steps++) {
      const verdict = this.judgeEntry(entry, index, alignment);
      if (verdict === 'take') break;
      if (verdict === 'none') return 0;
      if (steps > loopLimit) this.hang(this.offsetOf(entry));
      place = entry;
      entry = this.unmangle(entry);
    }
    if (entry === 0n) return 0;
    if (place === this.real(this.cacheHeadAt(index))) return this.cacheTake(index);
    const next = this.unmangle(entry);
    this.poke(place, this.profile.safeLinking ? next ^ (place >> 12n) : next);
    this.countTaken(index);
    this.poke(entry + 8n, 0n);
    return this.offsetOf(entry);
  }

  /** @returns what memalign does about an entry: takes it, looks at the next one, or finds none */
  judgeEntry(entry: bigint, _index: number, alignment: number): 'take' | 'next' | 'none' {
    return entry % BigInt(alignment) === 0n ? 'take' : 'next';
  }

  override ensureCacheFor(_request: number): void {
    if (!this.cacheDisabled) this.createCache(this.profile.cacheStructBytes);
  }

  override ensureCacheInFree(_size: number): void {
    this.ensureCacheFor(0);
  }

  override ensureCacheInAlloc(_av: number): void {}

  override prepareCache(_struct: number): void {}
}
