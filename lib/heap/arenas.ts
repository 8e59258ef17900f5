/** Which arena serves a call, the retry in another one, and the making of the per-thread cache. */
import { Allocating } from './alloc.ts';
import { IS_MAPPED, MAIN_ARENA, MIN_CHUNK_BYTES, NON_MAIN_ARENA } from './layout.ts';

/** Arena choice. @internal */
export abstract class Arenas extends Allocating {
  /** Makes the cache where malloc, calloc and realloc do so before anything else. */
  abstract ensureCacheFor(request: number): void;

  override setThreadArena(av: number): void {
    this.arena = av;
    this.setPointer(this.threadWords + 8, av);
  }

  /**
   * Chooses this thread's arena, made now when it is the first call.
   * @param hintBytes what the first heap must at least hold
   */
  thisArena(hintBytes: number): number {
    if (this.arena === 0 && !this.createArena(hintBytes)) this.setThreadArena(MAIN_ARENA);
    return this.arena;
  }

  /**
   * Allocates from this thread's arena, or from the main one when that fails.
   * @param caller of the C library: it asserts that the block is of the arena that was asked
   */
  allocAny(request: number, caller: 'malloc' | 'calloc' = 'malloc'): number {
    const av = this.arena !== 0 ? this.arena : this.thisArena(request);
    const p = this.alloc(av, request);
    if (p !== 0) {
      if (this.isSuspect(p)) this.examineResult(p, av, caller);
      return p;
    }
    return this.threaded ? this.retryInMain(av, request) : 0;
  }

  /** The second try of a thread whose own arena has no memory. */
  retryInMain(av: number, request: number): number {
    return av === MAIN_ARENA ? 0 : this.alloc(this.mainArenaInUse(), request);
  }

  /** @returns true when a block's flag A is not what this thread's arena gives */
  isSuspect(p: number): boolean {
    const flags = this.w[(p >>> 2) - 2] & (IS_MAPPED | NON_MAIN_ARENA);
    return this.threaded ? flags === 0 : flags === NON_MAIN_ARENA;
  }

  /** The assertion that ends an allocation. */
  examineResult(p: number, av: number, caller: 'malloc' | 'calloc' | 'realloc'): void {
    const raw = Number(this.peek(this.real(p) - 8n) & 7n);
    if ((raw & IS_MAPPED) !== 0 || this.arenaOfChunk(p - 16, raw) === av) return;
    const block = { malloc: 'victim', calloc: 'mem', realloc: 'newp' }[caller];
    const malloced = this.threaded ? 'ar_ptr' : '&main_arena';
    const asked = { malloc: malloced, calloc: 'av', realloc: 'ar_ptr' }[caller];
    const isMapped = `chunk_is_mmapped (mem2chunk (${block}))`;
    const condition = `!${block} || ${isMapped} || ${asked} == arena_for_chunk (mem2chunk (${block}))`;
    // From 2.42 on the slow part of malloc is a function of its own.
    const part = caller === 'malloc' && this.profile.cacheCountsPlaces ? '2' : '';
    this.abort(this.profile.assertion(`__libc_${caller}${part}`, condition), p);
  }

  /** @returns the main arena, in which the main thread has already made its cache and this thread's table */
  override mainArenaInUse(): number {
    if (this.w[(MAIN_ARENA + this.topAt) >>> 2] === MAIN_ARENA + this.unsortedAt) {
      for (const request of this.profile.mainThreadRequests) this.alloc(MAIN_ARENA, request);
    }
    return MAIN_ARENA;
  }

  /** Allocates the cache struct as an ordinary block and clears it. */
  createCache(request: number, fixedArena = 0): void {
    const bytes = this.profile.cacheStructBytes;
    this.cacheDisabled = true;
    const p = fixedArena === 0 ? this.allocAny(request) : this.alloc(fixedArena, request);
    this.cacheDisabled = false;
    if (p === 0) return;
    this.b.fill(0, p, p + bytes);
    this.tcache = p;
    this.setPointer(this.threadWords, p);
    if (this.profile.cacheKey === 'address') {
      this.keyLo = p | 0;
      this.keyHi = this.hi;
    }
    this.prepareCache(p);
  }

  /** Writes what a fresh cache struct holds besides zeros. */
  abstract prepareCache(struct: number): void;

  /** @returns usable bytes of a block, as malloc_usable_size */
  usable(p: number): number {
    const w = this.w;
    const c = p - 16;
    const raw = w[(c >>> 2) + 2];
    const size = (raw & ~7) >>> 0;
    if (w[(c >>> 2) + 3] !== 0 || raw < MIN_CHUNK_BYTES || (p & 3) !== 0) return this.usableExactly(p);
    if ((raw & 2) !== 0) return size - this.profile.mappingOverheadBytes;
    const next = (c + size) >>> 0;
    if (c + size > 0xffffffff || !this.space.isAccessible(next, 16)) return this.usableExactly(p);
    return (w[(next >>> 2) + 2] & 1) !== 0 ? size - 8 : 0;
  }

  /** The same in 64-bit arithmetic, with faults; not exact above 2^53. */
  usableExactly(p: number): number {
    return Number(this.usableWord(p));
  }

  /** @returns what malloc_usable_size says, whatever the header holds, as a 64-bit word */
  usableWord(p: number): bigint {
    const chunk = this.wrap(this.real(p) - 16n);
    const raw = this.peek(chunk + 8n);
    const size = raw & ~7n;
    if ((raw & 2n) !== 0n) return this.wrap(size - BigInt(this.profile.mappingOverheadBytes));
    return (this.peek(chunk + size + 8n) & 1n) !== 0n ? this.wrap(size - 8n) : 0n;
  }
}
