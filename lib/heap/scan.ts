/**
 * Sorting the unsorted list, oldest chunk first: an exact fit is taken (or cached), the last remainder is cut
 * for small requests, everything else goes to its bin.
 */
import { LargeBins } from './large-bin.ts';
import { MAIN_ARENA, MIN_CHUNK_BYTES, NON_MAIN_ARENA } from './layout.ts';
import { loopLimit } from './state.ts';

/** Binned chunks after which a scan gives up. */
const scanLimit = 10_000;

/** The unsorted scan. @internal */
export abstract class Scanning extends LargeBins {
  /** Takes the head of a cache list that is not empty. */
  abstract cacheTake(index: number): number;
  /** Makes the cache at a stash step, where the version does so. */
  abstract ensureCacheInAlloc(av: number): void;

  /**
   * Scans unsorted.
   * @param nb chunk size wanted
   * @returns the user pointer of a block found, 0 when none was
   */
  scan(av: number, wanted: number): number {
    const w = this.w;
    const nb = wanted >>> 0;
    const hi = this.hi >>> 0;
    const head = (av + this.unsortedAt) >>> 0;
    const h = head >>> 2;
    const systemMem = w[(av + this.systemMemAt) >>> 2];
    const index = (nb >>> 4) - 2;
    let cached = 0;
    let binned = 0;
    for (let steps = 0; ; steps++) {
      const v = w[h + 6];
      if (v === head && w[h + 7] === hi) break;
      const i = v >>> 2;
      const size = (w[i + 2] & ~7) >>> 0;
      const n = i + (size >>> 2);
      const nextRaw = w[n + 2];
      const back = w[i + 6];
      const b = back >>> 2;
      if (
        (w[i + 3] | w[n + 3] | w[n + 1] | (nextRaw & 1) | ((v | back) & 3)) !== 0 ||
        (w[n] & ~7) >>> 0 !== size ||
        w[b + 4] !== v ||
        w[b + 5] !== hi ||
        w[h + 7] !== hi ||
        w[i + 7] !== hi ||
        w[i + 4] !== head ||
        w[i + 5] !== hi ||
        size <= 16 ||
        size > systemMem ||
        nextRaw < 16 ||
        nextRaw > systemMem
      ) {
        this.examineUnsorted(av, head, nb);
      }
      if (nb < 1024 && back === head && size > nb + 32) {
        const l = (av + this.lastRemainderAt) >>> 2;
        if (w[l] === v && w[l + 1] === hi) return this.cutLastRemainder(av, v, size, nb);
      }
      // The high halves were just found to be right.
      w[h + 6] = back;
      w[b + 4] = head;
      if (size === nb) {
        w[n + 2] = nextRaw | 1;
        if (av !== MAIN_ARENA) w[i + 2] |= NON_MAIN_ARENA;
        if (this.tcache === 0) this.ensureCacheInAlloc(av);
        if (nb > this.cacheMaxChunk || this.tcache === 0 || this.cacheRoom(index) <= 0) return (v + 16) >>> 0;
        this.cachePut(index, v + 16);
        cached++;
        if (steps > loopLimit) this.hang(v);
        continue;
      }
      if (size < 1024) this.binSmall(av, v, size);
      else this.insertLarge(av, v, size);
      if (cached !== 0 && this.cacheUnsortedLimit > 0 && binned + 1 > this.cacheUnsortedLimit) {
        return this.takeStashed(index);
      }
      if (++binned >= scanLimit) break;
    }
    return cached !== 0 ? this.takeStashed(index) : 0;
  }

  /** Takes an exact fit that the scan has just cached. */
  takeStashed(index: number): number {
    this.isStashed = true;
    return this.cacheTake(index);
  }

  /** Puts a small chunk at the front of its bin. */
  binSmall(av: number, v: number, size: number): void {
    const w = this.w;
    const hi = this.hi;
    const index = size >>> 4;
    const head = (av + this.headsAt + (index << 4)) >>> 0;
    const h = head >>> 2;
    const i = v >>> 2;
    const first = w[h + 4];
    const f = first >>> 2;
    if (w[h + 5] !== hi || w[f + 7] !== hi) {
      this.reach(this.peek(this.real(head) + 16n) + 24n);
      w[h + 5] = hi;
      w[f + 7] = hi;
    }
    w[(av + this.binmapAt + ((index >>> 5) << 2)) >>> 2] |= 1 << (index & 31);
    // The high halves of the chunk's own links were tested by the scan.
    w[i + 4] = first;
    w[i + 6] = head;
    w[f + 6] = v;
    w[h + 4] = v;
  }

  /** Cuts the last remainder, which is alone in unsorted; the rest stays there. */
  cutLastRemainder(av: number, v: number, size: number, nb: number): number {
    const w = this.w;
    const hi = this.hi;
    const head = (av + this.unsortedAt) >>> 0;
    const h = head >>> 2;
    const i = v >>> 2;
    const rest = (v + nb) >>> 0;
    const restSize = size - nb;
    const r = rest >>> 2;
    const l = (av + this.lastRemainderAt) >>> 2;
    // High halves that are not written were just found to be right.
    w[h + 4] = rest;
    w[h + 6] = rest;
    w[l] = rest;
    w[r + 4] = head;
    w[r + 5] = hi;
    w[r + 6] = head;
    w[r + 7] = hi;
    if (restSize >= 1024) {
      w[r + 8] = 0;
      w[r + 9] = 0;
      w[r + 10] = 0;
      w[r + 11] = 0;
    }
    w[i + 2] = nb | 1 | (av === MAIN_ARENA ? 0 : NON_MAIN_ARENA);
    w[r + 2] = restSize | 1;
    w[r + 3] = 0;
    w[(v + size) >>> 2] = restSize;
    return (v + 16) >>> 0;
  }

  /** The tests of an unsorted chunk before 2.29: its size, and nothing else. Then what is written must be there. */
  examineUnsortedSize(av: number, head: number, nb: number): void {
    const list = this.real(head);
    const chunk = this.peek(list + 24n);
    const back = this.peek(chunk + 24n);
    const size = this.peek(chunk + 8n) & ~7n;
    const systemMem = this.peek(this.real(av + this.systemMemAt));
    if (size <= 16n || size > systemMem) {
      this.abort('malloc(): memory corruption', this.offsetOf(chunk), systemMem, size);
    }
    this.requireAligned(chunk, back);
    const isAlone = nb < 1024 && back === list && size > BigInt(nb + MIN_CHUNK_BYTES);
    if (isAlone && chunk === this.peek(this.real(av + this.lastRemainderAt))) {
      this.reach(chunk + size);
      return;
    }
    // The word that is about to become a link may have held anything.
    this.poke(back + 16n, list);
    if (size === BigInt(nb)) this.reach(chunk + size + 8n);
  }

  /** The five tests of an unsorted chunk, in their order; returns when all pass. */
  examineUnsorted(av: number, head: number, nb: number): void {
    if (!this.profile.testsOf229) {
      this.examineUnsortedSize(av, head, nb);
      return;
    }
    const list = this.real(head);
    const chunk = this.peek(list + 24n);
    const back = this.peek(chunk + 24n);
    const size = this.peek(chunk + 8n) & ~7n;
    const next = chunk + size;
    const systemMem = this.peek(this.real(av + this.systemMemAt));
    const at = Number(chunk & 0xffff_ffffn);
    if (size <= 16n || size > systemMem) this.abort('malloc(): invalid size (unsorted)', at, systemMem, size);
    const nextRaw = this.peek(next + 8n);
    if (nextRaw < 16n || nextRaw > systemMem) {
      this.abort('malloc(): invalid next size (unsorted)', at, systemMem, nextRaw);
    }
    const footer = this.peek(next) & ~7n;
    if (footer !== size) this.abort('malloc(): mismatching next->prev_size (unsorted)', at, size, footer);
    const listMessage = 'malloc(): unsorted double linked list corrupted';
    const backForward = this.peek(back + 16n);
    if (backForward !== chunk) this.abort(listMessage, at, chunk, backForward);
    const forward = this.peek(chunk + 16n);
    if (forward !== list) this.abort(listMessage, at, list, forward);
    if ((nextRaw & 1n) !== 0n) this.abort('malloc(): invalid next->prev_inuse (unsorted)', at, 0, 1);
    this.requireAligned(chunk, back);
  }
}
