/**
 * free behind the fast path: cache with its double-free test, fastbins, merging, and the trims that follow.
 */
import { heapSpanBytes } from './address-space.ts';
import { FreeingNormal } from './free-normal.ts';
import { MAIN_ARENA } from './layout.ts';
import { loopLimit } from './state.ts';

/** Freeing. @internal */
export abstract class Freeing extends FreeingNormal {
  /** @returns how many more blocks the cache takes in class `index` */
  abstract cacheRoom(index: number): number;
  /** Puts the block `mem` into class `index`, which must have room. */
  abstract cachePut(index: number, mem: number): void;
  /** @returns head of a cache list as its low and high half: the low one; `cacheHeadHi` the other */
  abstract cacheHeadAt(index: number): number;
  /** Makes the cache on the first free, where the version does so. */
  abstract ensureCacheInFree(size: number): void;
  /** Takes an own mapping back. */
  abstract freeMapping(chunk: number): void;

  /**
   * Frees a block the slow way: everything that the fast path does not do.
   * @param p the block, an offset in the window
   */
  freeSlow(p: number): void {
    const w = this.w;
    const k = p >>> 2;
    const raw = w[k - 2];
    if (raw === 0 || raw === undefined || (p & 3) !== 0) this.examineFreed(p);
    const c = (p - 16) >>> 0;
    if ((raw & 2) !== 0) {
      this.freeMapping(c);
      return;
    }
    const size = (raw & ~7) >>> 0;
    const av = this.arenaOfChunk(c, raw);
    if (this.tcache === 0) this.ensureCacheInFree(size);
    if ((w[k - 1] | (p & 15) | (size & 8)) !== 0 || size < 32) this.examineSize(av, c);
    if (size <= this.cacheMaxChunk && this.tcache !== 0) {
      const index = (size >>> 4) - 2;
      if (((w[k + 2] ^ this.keyLo) | (w[k + 3] ^ this.keyHi)) === 0) this.examineDoubleFree(p, index);
      if (this.cacheRoom(index) > 0) {
        this.cachePut(index, p);
        return;
      }
    }
    if (size <= w[this.maxFastWord]) this.freeFast(av, c, size, false);
    else this.freeNormal(av, c, size);
  }

  /** @returns the main arena, in which the main thread has already made its cache and this thread's table */
  abstract mainArenaInUse(): number;

  /** @returns the arena that a chunk belongs to: the main one, or with flag A what its heap says */
  arenaOfChunk(c: number, raw: number): number {
    if ((raw & 4) !== 0) return this.arenaOfHeap(c);
    return this.mainArena();
  }

  /** @returns the main arena; while a second thread runs, it is in use */
  mainArena(): number {
    return this.threaded ? this.mainArenaInUse() : MAIN_ARENA;
  }

  /**
   * Reads the arena of a chunk with flag A from its heap.
   * @returns its offset; 0, where nothing is accessible, for one outside the window: it faults when it is used
   */
  arenaOfHeap(c: number): number {
    const i = (c - (c % heapSpanBytes)) >>> 2;
    if (this.w[i + 1] === this.hi) return this.w[i];
    const arena = this.peek(this.real((i << 2) >>> 0));
    return Number(arena >> 32n) === this.hi ? Number(arena & 0xffff_ffffn) : 0;
  }

  /**
   * A free made by the allocator itself: a remainder, or the old place of a moved block.
   * @param av its arena, locked
   */
  freeInternally(av: number, c: number): void {
    const raw = this.w[(c >>> 2) + 2];
    const size = (raw & ~7) >>> 0;
    if (this.w[(c >>> 2) + 3] !== 0 || (c & 15) !== 0 || size < 32 || (size & 8) !== 0)
      this.examineSize(av, c);
    if (size <= this.cacheMaxChunk && this.tcache !== 0 && this.profile.internalFreeToCache) {
      const index = (size >>> 4) - 2;
      const k = (c + 16) >>> 2;
      if ((this.w[k + 2] | 0) === this.keyLo && (this.w[k + 3] | 0) === this.keyHi)
        this.examineDoubleFree(c + 16, index);
      if (this.cacheRoom(index) > 0) {
        this.cachePut(index, c + 16);
        return;
      }
    }
    this.freeToBins(av, c, size, true);
  }

  /** Puts a chunk of sound size into a fastbin, or merges it. */
  freeToBins(av: number, c: number, size: number, isLocked: boolean): void {
    if (size <= this.w[this.maxFastWord]) this.freeFast(av, c, size, isLocked);
    else if ((this.w[(c >>> 2) + 2] & 2) !== 0) this.freeMapping(c);
    else this.freeNormal(av, c, size);
  }

  /** Pushes a chunk on its fastbin. */
  freeFast(av: number, c: number, size: number, isLocked: boolean): void {
    const w = this.w;
    const n = (c + size) >>> 2;
    const nextRaw = w[n + 2];
    if (nextRaw <= 16 || nextRaw >= w[(av + this.systemMemAt) >>> 2] || w[n + 3] !== 0) {
      this.examineNextFast(av, c, size);
    }
    if (w[this.perturbWord] !== 0) this.perturbFreed(c, size);
    const f = (av + this.haveFastAt) >>> 2;
    w[f] = (w[f] & ~this.fastMask) | (this.noFast ^ 1);
    const s = (av + this.fastbinsAt + (size >>> 1) - 16) >>> 2;
    const old = w[s];
    const oldHi = w[s + 1];
    if (old === c && oldHi === this.hi) this.abort('double free or corruption (fasttop)', c);
    const k = (c + 16) >>> 2;
    w[k] = old ^ ((((c + 16) >>> 12) | this.mangleLo) & this.linkMask);
    w[k + 1] = oldHi ^ this.mangleHi;
    w[s] = c;
    w[s + 1] = this.hi;
    if (isLocked && (old | oldHi) !== 0) {
      const o = old >>> 2;
      // The old head must be of this class; a look at the low halves, exactly where it fails.
      if (oldHi !== this.hi || (old & 3) !== 0 || (w[o + 2] >>> 4) << 4 !== size || w[o + 3] !== 0) {
        this.examineOldHead(old, oldHi, size);
      }
    }
  }

  /** @returns system_mem, or Infinity when its high half is damaged */
  systemMem(av: number): number {
    const i = (av + this.systemMemAt) >>> 2;
    return this.w[i + 1] === 0 ? this.w[i] : Number.POSITIVE_INFINITY;
  }

  /** Reads of free at a pointer that looks like nothing. */
  examineFreed(p: number): void {
    this.requireOpen();
    const size = this.peek(this.wrap(this.real(p) - 8n));
    if ((p & 15) === 0) return;
    // A misaligned block: no cache, no bin, only the first test can follow (or an own mapping's).
    const message = (size & 2n) === 0n ? 'free(): invalid pointer' : 'munmap_chunk(): invalid pointer';
    this.abort(message, p);
  }

  /** The tests of a chunk's size and place; throws unless the size is sound. */
  examineSize(av: number, c: number): void {
    const chunk = this.real(c);
    const size = this.peek(chunk + 8n) & ~7n;
    if (chunk > this.wrap(-size) || (c & 15) !== 0) this.abort('free(): invalid pointer', c + 16);
    if (size < 32n || (size & 8n) !== 0n) this.abort('free(): invalid size', c + 16, 32, size);
    if (size <= 0xffff_ffffn) return;
    // Larger than the window: never cached, never fast; the next chunk is outside.
    this.examineFreeNormal(av, c, size);
  }

  /** Looks for a block in its cache list; returns when its key is there by chance. */
  examineDoubleFree(p: number, index: number): void {
    const block = this.real(p);
    const slot = this.real(this.cacheHeadAt(index));
    let entry = this.peek(slot);
    const limit = this.profile.cacheLengthCheck ? this.cacheLength : loopLimit;
    for (let count = 0; entry !== 0n; count++) {
      if (count >= limit) {
        if (!this.profile.cacheLengthCheck) this.hang(p);
        this.abort('free(): too many chunks detected in tcache', p, this.cacheLength, count);
      }
      if ((entry & BigInt(this.linkAlign)) !== 0n) {
        this.abort('free(): unaligned chunk detected in tcache 2', p, 0n, entry & 15n);
      }
      if (entry === block) this.abort('free(): double free detected in tcache 2', p);
      const link = this.peek(entry);
      entry = this.profile.safeLinking ? link ^ (entry >> 12n) : link;
    }
  }

  /** The test of the chunk behind a fast one. */
  examineNextFast(av: number, c: number, size: number): void {
    const nextRaw = this.peek(this.real(c) + BigInt(size) + 8n);
    const systemMem = nextRaw <= 16n ? 0n : this.peek(this.real(av + this.systemMemAt));
    if (nextRaw <= 16n || (nextRaw & ~7n) >= systemMem) {
      this.abort('free(): invalid next size (fast)', c + 16, systemMem, nextRaw);
    }
  }

  /** The old head of a fastbin must be of its class. */
  examineOldHead(old: number, oldHi: number, size: number): void {
    const head = (BigInt(oldHi) << 32n) | BigInt(old);
    const found = Number(this.peek(head + 8n) & 0xffff_fff8n);
    if (found >>> 4 !== size >>> 4) this.abort('invalid fastbin entry (free)', old, size, found);
  }
}
