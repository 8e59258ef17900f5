/** realloc: in place, into top, into the free neighbour, or by moving. */
import { Arenas } from './arenas.ts';
import { MAIN_ARENA, MIN_CHUNK_BYTES, NON_MAIN_ARENA } from './layout.ts';

/** Resizing. @internal */
export abstract class Resizing extends Arenas {
  /** malloc and free as callers see them. */
  abstract malloc(sizeBytes: number): number | null;
  abstract free(pointer: number | null): void;

  /**
   * Resizes a block.
   * @param p the block
   * @param request bytes, > 0
   * @returns the block, moved or not; 0 when there is no memory
   */
  resize(p: number, request: number): number {
    const w = this.w;
    const c = (p - 16) >>> 0;
    const i = c >>> 2;
    const raw = w[i + 2];
    if (p < 16 || (p & 3) !== 0 || (raw === 0 && w[i + 3] === 0)) this.examineOld(p);
    const size = (raw & ~7) >>> 0;
    const nb = request > 0xfffe_0000 ? 0xffff_0000 : request < 25 ? 32 : ((request + 23) & ~15) >>> 0;
    if (size - nb >= 0 && size - nb < MIN_CHUNK_BYTES && this.isSoundAndStays(p, raw, size)) return p;
    if (this.profile.reallocKeepsSpare) {
      const usable = this.usable(p);
      if (request <= usable && (usable - request < 16 || this.keepsPage(raw, usable))) return p;
    }
    const isMapping = (raw & 2) !== 0;
    if (!isMapping && this.tcache === 0) this.ensureCacheInResize();
    const av = isMapping ? 0 : this.arenaOfChunk(c, raw);
    if (w[i + 3] !== 0 || size === 0 || (p & 15) !== 0) this.examineOldSize(p);
    if (isMapping) return this.resizeMapping(c, size, nb, request);
    // With a second thread the arena is locked before anything is looked at.
    if (av === 0 && this.threaded) this.peek(this.real(0));
    const q = this.resizeChunk(av, c, size, nb);
    if (q !== 0 && this.isSuspect(q)) this.examineResult(q, av, 'realloc');
    if (q !== 0 || !this.threaded) return q;
    const moved = this.malloc(request);
    if (moved === null) return 0;
    this.copy(moved, p, size - 8);
    this.freeMoved(av, p);
    return moved;
  }

  /**
   * A chunk of the main arena that has the right size already: nothing is written, so nothing is locked either.
   * @returns true when every test of realloc passes; false decides nothing
   */
  isSoundAndStays(p: number, raw: number, size: number): boolean {
    const w = this.w;
    const k = p >>> 2;
    const after = (p + size) >>> 0;
    const n = after >>> 2;
    const nextRaw = w[n - 2];
    const systemMem = w[(MAIN_ARENA + this.systemMemAt) >>> 2];
    return (
      ((raw & 6) | (p & 15) | w[k - 1] | w[n - 1]) === 0 &&
      (nextRaw & 1) === 1 &&
      nextRaw > 16 &&
      nextRaw < systemMem &&
      size < systemMem &&
      after > p &&
      this.tcache !== 0 &&
      !this.threaded
    );
  }

  /** 2.38 to 2.42 keep an own mapping that shrinks when it is at most a page. */
  keepsPage(raw: number, usable: number): boolean {
    return this.profile.reallocKeepsPage && (raw & 2) !== 0 && usable <= this.space.pageBytes;
  }

  /** Makes the cache, where realloc does so. */
  ensureCacheInResize(): void {
    if (!this.profile.cacheCountsPlaces) this.ensureCacheFor(0);
  }

  /** The free at the end of a realloc that moved between arenas: past the cache where internal frees are. */
  freeMoved(av: number, p: number): void {
    if (this.profile.internalFreeToCache) this.freeSlow(p);
    else this.freeInternally(av, p - 16);
  }

  /** Resizes a block that is a mapping of its own. */
  resizeMapping(c: number, size: number, nb: number, request: number): number {
    const chunk = this.remapChunk(c, nb);
    if (chunk !== 0) return chunk + 16;
    if (size - 8 >= nb) return c + 16;
    const moved = this.malloc(request);
    if (moved === null) return 0;
    this.copy(moved, c + 16, size - 16);
    this.unmapChunk(c);
    return moved;
  }

  /** Resizes a chunk of a heap. @returns the block, 0 when there is no memory */
  resizeChunk(av: number, c: number, oldSize: number, nb: number): number {
    const w = this.w;
    const i = c >>> 2;
    const systemMem = w[(av + this.systemMemAt) >>> 2];
    const next = (c + oldSize) >>> 0;
    const nextRaw = w[(next >>> 2) + 2];
    const nextSize = (nextRaw & ~7) >>> 0;
    if (
      w[i + 2] <= 16 ||
      w[i + 3] !== 0 ||
      oldSize >= systemMem ||
      next < c ||
      nextRaw <= 16 ||
      nextSize >= systemMem ||
      w[(next >>> 2) + 3] !== 0
    ) {
      this.examineResize(av, c);
    }
    let size = oldSize;
    if (size < nb) {
      const top = w[(av + this.topAt) >>> 2];
      if (next === top && size + nextSize >= nb + MIN_CHUNK_BYTES)
        return this.resizeIntoTop(av, c, nb, size + nextSize);
      if (next !== top && size + nextSize >= nb && (w[((next + nextSize) >>> 2) + 2] & 1) === 0) {
        this.unlink(next);
        size = (size + nextSize) >>> 0;
      } else {
        if (next !== top && w[((next + nextSize) >>> 2) + 2] === 0)
          this.reach(this.real(next) + BigInt(nextSize) + 8n);
        const q = this.alloc(av, nb - 15);
        if (q === 0) return 0;
        if ((q - 16) >>> 0 !== next) {
          this.copy(q, c + 16, oldSize - 8);
          this.freeInternally(av, c);
          return q;
        }
        size = (size + (w[(next >>> 2) + 2] & ~7)) >>> 0;
      }
    }
    this.shrink(av, c, size, nb);
    return (c + 16) >>> 0;
  }

  /** Grows the last chunk before top exactly to `nb`. */
  resizeIntoTop(av: number, c: number, nb: number, total: number): number {
    const w = this.w;
    const flag = av === MAIN_ARENA ? 0 : NON_MAIN_ARENA;
    w[(c >>> 2) + 2] = nb | flag | (w[(c >>> 2) + 2] & 7);
    w[(c >>> 2) + 3] = 0;
    const top = (c + nb) >>> 0;
    this.setPointer(av + this.topAt, top);
    w[(top >>> 2) + 2] = (total - nb) | 1;
    w[(top >>> 2) + 3] = 0;
    return (c + 16) >>> 0;
  }

  /** Cuts a used chunk of `size` bytes to `nb`; the tail is freed when it can be a chunk. */
  shrink(av: number, c: number, size: number, nb: number): void {
    const w = this.w;
    const i = c >>> 2;
    const flag = av === MAIN_ARENA ? 0 : NON_MAIN_ARENA;
    const rest = size - nb;
    if (rest < MIN_CHUNK_BYTES) {
      w[i + 2] = size | flag | (w[i + 2] & 7);
      w[i + 3] = 0;
      w[((c + size) >>> 2) + 2] |= 1;
      return;
    }
    const tail = (c + nb) >>> 0;
    w[i + 2] = nb | flag | (w[i + 2] & 7);
    w[i + 3] = 0;
    w[(tail >>> 2) + 2] = rest | 1 | flag;
    w[(tail >>> 2) + 3] = 0;
    w[((tail + rest) >>> 2) + 2] |= 1;
    this.freeInternally(av, tail);
  }

  /** Copies the contents of a block. */
  copy(to: number, from: number, bytes: number): void {
    // The built-in takes 14 ns for any small number of bytes, a word in the loop 1 ns.
    if (bytes > 56) {
      this.b.copyWithin(to, from, from + bytes);
      return;
    }
    const w = this.w;
    const d = to >>> 2;
    const s = from >>> 2;
    const words = bytes >>> 2;
    for (let k = 0; k < words; k++) w[d + k] = w[s + k];
  }

  /** Reads of realloc at a pointer that looks like nothing. */
  examineOld(p: number): void {
    this.peek(this.wrap(this.real(p) - 8n));
    if ((p & 15) !== 0) this.abort('realloc(): invalid pointer', p);
  }

  /** The first test of realloc. */
  examineOldSize(p: number): void {
    const chunk = this.real(p) - 16n;
    const size = this.peek(chunk + 8n) & ~7n;
    if (chunk > this.wrap(-size) || (p & 15) !== 0) this.abort('realloc(): invalid pointer', p);
  }

  /** The tests of the old chunk and of the next one. */
  examineResize(av: number, c: number): void {
    const chunk = this.real(c);
    const raw = this.peek(chunk + 8n);
    const size = raw & ~7n;
    const message = 'realloc(): invalid old size';
    if (raw <= 16n) this.abort(message, c + 16, MIN_CHUNK_BYTES, raw);
    const systemMem = this.peek(this.real(av + this.systemMemAt));
    if (size >= systemMem) this.abort(message, c + 16, systemMem, raw);
    const nextRaw = this.peek(chunk + size + 8n);
    if (nextRaw <= 16n || (nextRaw & ~7n) >= systemMem) {
      this.abort('realloc(): invalid next size', c + 16, systemMem, nextRaw);
    }
  }
}
