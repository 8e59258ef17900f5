/** The allocator behind the cache: fastbins, small bins, unsorted, large bins, top, in glibc's order. */

import { largeBinIndex } from './large-bin.ts';
import { MAIN_ARENA, NON_MAIN_ARENA } from './layout.ts';
import { Scanning } from './scan.ts';
import { loopLimit } from './state.ts';

/** Largest chunk size that is computed with; larger requests meet the same fate. */
const hugeChunk = 0xffff_0000;

/** Allocating. @internal */
export abstract class Allocating extends Scanning {
  /**
   * Allocates from an arena.
   * @param request bytes, an integer >= 0
   * @returns the block, 0 when there is no memory
   */
  alloc(av: number, request: number): number {
    const nb = request > hugeChunk - 24 ? hugeChunk : request < 25 ? 32 : ((request + 23) & ~15) >>> 0;
    const p = this.allocChunk(av, nb);
    if (this.w[this.perturbWord] !== 0) this.perturbAllocated(p, request);
    return p;
  }

  /** Allocates a chunk of exactly `nb` bytes (or a little more). @returns the block, 0 when there is no memory */
  allocChunk(av: number, nb: number): number {
    const w = this.w;
    if (nb < 1024) {
      if (nb <= w[this.maxFastWord]) {
        const s = (av + this.fastbinsAt + (nb >>> 1) - 16) >>> 2;
        if ((w[s] | w[s + 1]) !== 0) return this.takeFast(s, nb);
      }
      const head = (av + this.headsAt + nb) >>> 0;
      if (w[(head >>> 2) + 6] !== head) return this.takeSmall(av, nb);
    } else if (this.fastbinsAt >= 0 && (w[(av + this.haveFastAt) >>> 2] & this.fastMask) !== this.noFast) {
      this.consolidate(av);
    }
    for (;;) {
      const p = this.scan(av, nb);
      if (p !== 0) return p;
      let index = nb >>> 4;
      if (nb >= 1024) {
        index = largeBinIndex(nb);
        const v = this.bestFit((av + this.headsAt + (index << 4)) >>> 0, nb);
        if (v !== 0) return this.takeOut(av, v, nb, false);
      }
      const v = this.findInMap(av, nb, index + 1);
      if (v !== 0) return this.takeOut(av, v, nb, true);
      const top = w[(av + this.topAt) >>> 2];
      const t = top >>> 2;
      const topSize = (w[t + 2] & ~7) >>> 0;
      if (topSize > w[(av + this.systemMemAt) >>> 2] || w[t + 3] !== 0) {
        const p = this.examineTop(av, nb);
        if (p !== 0) return p;
      }
      if (topSize >= nb + 32) return (this.cutTop(av, top, topSize, nb) + 16) >>> 0;
      if (this.fastbinsAt < 0 || (w[(av + this.haveFastAt) >>> 2] & this.fastMask) === this.noFast) break;
      this.consolidate(av);
    }
    const chunk = this.grow(av, nb);
    return chunk === 0 ? 0 : (chunk + 16) >>> 0;
  }

  /** Searches the binmap from bin `from` up. @returns the last chunk of the first bin that has one, 0 when none */
  findInMap(av: number, nb: number, from: number): number {
    const w = this.w;
    const m = (av + this.binmapAt) >>> 2;
    let block = from >>> 5;
    let bits = block < 4 ? w[m + block] & -(1 << (from & 31)) : 0;
    for (;;) {
      while (bits === 0) {
        if (++block >= 4) return 0;
        bits = w[m + block] | 0;
      }
      const low = bits & -bits;
      const index = (block << 5) + 31 - Math.clz32(low);
      const head = (av + this.headsAt + (index << 4)) >>> 0;
      const v = w[(head >>> 2) + 6];
      if (v !== head) {
        const i = v >>> 2;
        if (w[(head >>> 2) + 7] !== this.hi) this.fault(this.peek(this.real(head) + 24n));
        if ((w[i + 2] & ~7) >>> 0 < nb && w[i + 3] === 0) this.examineBinned(v);
        return v;
      }
      w[m + block] &= ~low;
      bits &= ~low;
    }
  }

  /** A chunk smaller than its bin. */
  examineBinned(v: number): void {
    this.peek(this.real(v) + 8n);
    this.abort(this.profile.assertion('_int_malloc', '(unsigned long) (size) >= (unsigned long) (nb)'), v);
  }

  /**
   * Top is larger than all memory of the arena. Until 2.28 that is believed.
   * @returns the block cut from such a top, 0 when top is to be treated as usual
   */
  examineTop(av: number, nb: number): number {
    const top = this.peek(this.real(av + this.topAt));
    const size = this.peek(top + 8n) & ~7n;
    const systemMem = this.peek(this.real(av + this.systemMemAt));
    if (size <= systemMem) return 0;
    if (this.profile.testsOf229) {
      this.abort('malloc(): corrupted top size', this.offsetOf(top), systemMem, size);
    }
    this.requireAligned(top);
    if (size < BigInt(nb + 32)) return 0;
    const rest = top + BigInt(nb);
    this.poke(this.real(av + this.topAt), rest);
    this.poke(top + 8n, BigInt((nb | 1 | this.arenaFlag(av)) >>> 0));
    this.poke(rest + 8n, (size - BigInt(nb)) | 1n);
    return this.offsetOf(top) + 16;
  }

  /** Takes the oldest chunk of a small bin that is not empty, and caches others of its size. */
  takeSmall(av: number, nb: number): number {
    const w = this.w;
    const hi = this.hi;
    const head = (av + this.headsAt + nb) >>> 0;
    const h = head >>> 2;
    const v = w[h + 6];
    const i = v >>> 2;
    const back = w[i + 6];
    const b = back >>> 2;
    if (((w[b + 4] ^ v) | (w[b + 5] ^ hi) | (w[i + 7] ^ hi) | (w[h + 7] ^ hi) | ((v | back) & 3)) !== 0) {
      this.examineSmall(head);
    }
    w[((v + nb) >>> 2) + 2] |= 1;
    w[h + 6] = back;
    w[b + 4] = head;
    if (av !== MAIN_ARENA) w[i + 2] |= NON_MAIN_ARENA;
    if (this.tcache === 0) this.ensureCacheInAlloc(av);
    if (nb <= this.cacheMaxChunk && this.tcache !== 0 && w[h + 6] !== head) this.stashSmall(av, head, nb);
    return (v + 16) >>> 0;
  }

  /** Moves chunks from the back of a small bin to the cache. */
  stashSmall(av: number, head: number, nb: number): void {
    const w = this.w;
    const hi = this.hi;
    const h = head >>> 2;
    const index = (nb >>> 4) - 2;
    for (let steps = 0; this.cacheRoom(index) > 0; steps++) {
      const v = w[h + 6];
      if (v === head && w[h + 7] === hi) return;
      const i = v >>> 2;
      const back = w[i + 6];
      const b = back >>> 2;
      if (w[h + 7] !== hi || w[i + 7] !== hi || w[b + 4] !== v || steps > loopLimit) {
        this.examineStash(head, nb);
      }
      w[((v + nb) >>> 2) + 2] |= 1;
      if (av !== MAIN_ARENA) w[i + 2] |= NON_MAIN_ARENA;
      w[h + 6] = back;
      w[h + 7] = hi;
      w[b + 4] = head;
      w[b + 5] = hi;
      this.cachePut(index, v + 16);
    }
  }

  /** The stash step tests nothing; it only faults where the machine would. */
  examineStash(head: number, nb: number): void {
    const chunk = this.peek(this.real(head) + 24n);
    if (chunk === 0n) this.hang(head);
    const back = this.peek(chunk + 24n);
    this.reach(chunk + BigInt(nb) + 8n);
    this.reach(back + 16n);
    this.requireAligned(chunk, back);
  }

  /** The test of the oldest chunk of a small bin. */
  examineSmall(head: number): void {
    const chunk = this.peek(this.real(head) + 24n);
    const back = this.peek(chunk + 24n);
    const forward = this.peek(back + 16n);
    if (forward !== chunk) {
      const at = Number(chunk & 0xffff_ffffn);
      this.abort('malloc(): smallbin double linked list corrupted', at, chunk, forward);
    }
    this.requireAligned(chunk, back);
  }

  /** Takes the head of a fastbin (slot at word `s`) and caches the others. */
  takeFast(s: number, nb: number): number {
    const w = this.w;
    const v = this.popFast(s, nb, true);
    if (nb <= this.cacheMaxChunk && this.tcache !== 0) {
      const index = (nb >>> 4) - 2;
      while (this.cacheRoom(index) > 0 && (w[s] | w[s + 1]) !== 0) {
        this.cachePut(index, this.popFast(s, nb, false) + 16);
      }
    }
    return (v + 16) >>> 0;
  }

  /** Pops a fastbin chunk; only the first of a call has its size tested. */
  popFast(s: number, nb: number, isFirst: boolean): number {
    const w = this.w;
    const v = w[s];
    const i = v >>> 2;
    const low = (w[i + 4] ^ ((((v + 16) >>> 12) | this.mangleLo) & this.linkMask)) >>> 0;
    const high = (w[i + 5] ^ this.mangleHi) >>> 0;
    if (
      w[s + 1] !== this.hi ||
      (v & 15) !== 0 ||
      (w[i + 2] >>> 4) << 4 !== nb ||
      (low & 15) !== 0 ||
      (high !== this.hi && high !== 0)
    ) {
      this.examineFastHead(v, w[s + 1], nb, isFirst);
    }
    w[s] = low;
    w[s + 1] = high;
    return v;
  }

  /** The tests of a fastbin's head; returns when they pass. */
  examineFastHead(v: number, high: number, nb: number, isFirst: boolean): void {
    const chunk = (BigInt(high) << 32n) | BigInt(v);
    const align = BigInt(this.linkAlign);
    if ((chunk & align) !== 0n) {
      this.abort(`malloc(): unaligned fastbin chunk detected ${isFirst ? 2 : 3}`, v);
    }
    const link = this.peek(chunk + 16n);
    const next = this.profile.safeLinking ? link ^ ((chunk + 16n) >> 12n) : link;
    if (this.threaded && (next & align) !== 0n) this.abort('malloc(): unaligned fastbin chunk detected', v);
    const size = Number(this.peek(chunk + 8n) & 0xffff_fff8n);
    if (size >>> 4 !== nb >>> 4) {
      if (isFirst) this.abort('malloc(): memory corruption (fast)', v, nb, size);
      if (this.profile.stashTestsSize) this.abort('malloc(): chunk size mismatch in fastbin', v, nb, size);
    }
    this.requireAligned(chunk);
  }

  /** Fills a new block when the perturb byte is set; a fit that went through the cache is handed out as it is. */
  perturbAllocated(p: number, request: number): void {
    if (p !== 0 && !this.isStashed) this.b.fill(~this.w[this.perturbWord] & 0xff, p, p + request);
    this.isStashed = false;
  }
}
