/** memalign: a larger chunk is taken, and what lies before and behind the aligned part is given back. */
import { MAIN_ARENA, MIN_CHUNK_BYTES, NON_MAIN_ARENA } from './layout.ts';
import { Resizing } from './resize.ts';

/** Aligning. @internal */
export abstract class Aligning extends Resizing {
  /** Takes an aligned block of exactly this class from the cache (2.38+). @returns it, or 0 */
  abstract cacheTakeAligned(index: number, alignment: number): number;

  /**
   * Allocates an aligned block.
   * @param alignment a power of two, >= 32
   * @param request bytes
   * @returns the block, 0 when there is no memory
   */
  alignedAny(alignment: number, request: number): number {
    const nb = request > 0xfffe_0000 ? 0xffff_0000 : request < 25 ? 32 : ((request + 23) & ~15) >>> 0;
    this.ensureCacheInAlign(nb);
    if (this.profile.memalignFromCache && this.tcache !== 0 && nb <= this.cacheMaxChunk) {
      const cached = this.cacheTakeAligned((nb >>> 4) - 2, alignment);
      if (cached !== 0) return cached;
    }
    const av = this.arena !== 0 ? this.arena : this.thisArena(request + alignment + MIN_CHUNK_BYTES);
    const p = this.aligned(av, alignment, nb);
    if (p !== 0 || !this.threaded || av === MAIN_ARENA) return p;
    return this.aligned(this.mainArenaInUse(), alignment, nb);
  }

  /** Makes the cache, where memalign does so. */
  ensureCacheInAlign(_nb: number): void {}

  /** Allocates an aligned chunk from one arena. */
  aligned(av: number, alignment: number, nb: number): number {
    const p = this.alloc(av, nb + alignment + MIN_CHUNK_BYTES);
    if (p === 0) return 0;
    const w = this.w;
    let c = p - 16;
    if (p % alignment !== 0) {
      const from = c;
      c = this.alignedChunk(p, alignment, (w[(from >>> 2) + 2] & 2) !== 0);
      const lead = c - from;
      const raw = w[(from >>> 2) + 2];
      const size = ((raw & ~7) >>> 0) - lead;
      if ((raw & 2) !== 0) {
        this.setWord(c, this.word(from) + lead);
        this.setWord(c + 8, size + 2);
        return c + 16;
      }
      const flag = av === MAIN_ARENA ? 0 : NON_MAIN_ARENA;
      w[(c >>> 2) + 2] = size | 1 | flag;
      w[(c >>> 2) + 3] = 0;
      w[((c + size) >>> 2) + 2] |= 1;
      w[(from >>> 2) + 2] = lead | (raw & 7);
      w[(from >>> 2) + 3] = 0;
      this.giveBack(av, from);
    }
    if ((w[(c >>> 2) + 2] & 2) === 0) this.cutTail(av, c, nb);
    return c + 16;
  }

  /** @returns where the aligned chunk starts: 32 bytes or more behind the block's own chunk */
  alignedChunk(p: number, alignment: number, isMapping: boolean): number {
    if (this.profile.memalignRoundsPast) {
      const least = isMapping ? p : p + MIN_CHUNK_BYTES;
      return Math.ceil(least / alignment) * alignment - 16;
    }
    const c = Math.ceil(p / alignment) * alignment - 16;
    return c - (p - 16) < MIN_CHUNK_BYTES ? c + alignment : c;
  }

  /** Gives the bytes behind an aligned block back. */
  cutTail(av: number, c: number, nb: number): void {
    const w = this.w;
    const raw = w[(c >>> 2) + 2];
    const size = (raw & ~7) >>> 0;
    const rest = size - nb;
    if (this.profile.memalignMerges) {
      if (rest <= 0 || !this.isTailWorthwhile(av, c, size, rest)) return;
    } else if (size <= nb + MIN_CHUNK_BYTES) {
      return;
    }
    const tail = c + nb;
    const flag = av === MAIN_ARENA ? 0 : NON_MAIN_ARENA;
    w[(tail >>> 2) + 2] = rest | 1 | flag;
    w[(tail >>> 2) + 3] = 0;
    w[(c >>> 2) + 2] = nb | (raw & 7);
    w[(c >>> 2) + 3] = 0;
    this.giveBack(av, tail);
  }

  /** From 2.39 on a tail goes back when it can be a chunk, or (before 2.43) can join what lies behind. */
  isTailWorthwhile(av: number, c: number, size: number, rest: number): boolean {
    if (rest >= MIN_CHUNK_BYTES) return true;
    if (this.profile.memalignRoundsPast) return false;
    const w = this.w;
    const next = c + size;
    if (next === w[(av + this.topAt) >>> 2]) return true;
    const nextSize = (w[(next >>> 2) + 2] & ~7) >>> 0;
    return (w[((next + nextSize) >>> 2) + 2] & 1) === 0;
  }

  /** Frees a lead or tail: as any internal free, or (2.39+) straight into the bins. */
  giveBack(av: number, c: number): void {
    if (!this.profile.memalignMerges) {
      this.freeInternally(av, c);
      return;
    }
    const size = (this.w[(c >>> 2) + 2] & ~7) >>> 0;
    this.freeNormal(av, c, size);
  }
}
