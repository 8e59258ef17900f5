/**
 * Large bins: sorted by size, with a ring over the distinct sizes.
 *
 *      head -> 2048 -> 2048 -> 1536 -> 1040 -> head        fd, largest first
 *              ring:  2048 <-> 1536 <-> 1040 (<-> 2048)    fd_nextsize goes down, bk_nextsize up
 *
 * Only the first chunk of each size stands in the ring; the others have null there.
 */
import { LargeChecks } from './large-checks.ts';
import { MAIN_ARENA, MIN_CHUNK_BYTES, NON_MAIN_ARENA } from './layout.ts';
import { loopLimit } from './state.ts';

/** @returns the bin of a chunk size of 1024 bytes or more */
export function largeBinIndex(size: number): number {
  if (size >>> 6 <= 48) return 48 + (size >>> 6);
  if (size >>> 9 <= 20) return 91 + (size >>> 9);
  if (size >>> 12 <= 10) return 110 + (size >>> 12);
  if (size >>> 15 <= 4) return 119 + (size >>> 15);
  if (size >>> 18 <= 2) return 124 + (size >>> 18);
  return 126;
}

/** Large bins. @internal */
export abstract class LargeBins extends LargeChecks {
  /** Puts a chunk of 1024 bytes or more at its place in its bin, and marks the bin. */
  insertLarge(av: number, chunk: number, size: number): void {
    const w = this.w;
    const v = chunk >>> 0;
    const hi = this.hi >>> 0;
    const index = largeBinIndex(size);
    const head = (av + this.headsAt + (index << 4)) >>> 0;
    const i = v >>> 2;
    const h = head >>> 2;
    w[(av + this.binmapAt + ((index >>> 5) << 2)) >>> 2] |= 1 << (index & 31);
    let forward = w[h + 4];
    let back = head;
    if (forward === head) {
      w[h + 5] = hi;
      w[h + 7] = hi;
      w[i + 8] = v;
      w[i + 9] = hi;
      w[i + 10] = v;
      w[i + 11] = hi;
    } else {
      const last = w[h + 6];
      const lastRaw = w[(last >>> 2) + 2];
      if (w[h + 7] !== hi || w[h + 5] !== hi || ((lastRaw & 4) | (last & 3)) !== 0 || lastRaw === 0) {
        this.examineLast(head);
      }
      if ((size | 1) >>> 0 < lastRaw || w[(last >>> 2) + 3] !== 0) {
        this.insertSmallest(v, forward);
        forward = head;
        back = last;
        w[h + 7] = hi;
        w[(last >>> 2) + 5] = hi;
      } else {
        forward = this.insertRing(v, size, forward) >>> 0;
        back = w[(forward >>> 2) + 6];
        const b = back >>> 2;
        if (w[b + 4] !== forward || w[b + 5] !== hi || w[(forward >>> 2) + 7] !== hi)
          this.examineBack(forward);
      }
    }
    // High halves: those of the chunk's links were tested by the scan, its neighbours' above.
    w[i + 4] = forward;
    w[i + 6] = back;
    w[(forward >>> 2) + 6] = v;
    w[(back >>> 2) + 4] = v;
  }

  /** Links a chunk into the ring between the largest (`first`) and the old smallest. */
  insertSmallest(v: number, first: number): void {
    const w = this.w;
    const hi = this.hi >>> 0;
    const i = v >>> 2;
    const f = first >>> 2;
    const smallest = w[f + 10];
    const s = smallest >>> 2;
    if (((w[f + 11] ^ hi) | (w[s + 8] ^ first) | (w[s + 9] ^ hi) | (smallest & 3)) !== 0) {
      this.examineSmallest(first);
    }
    w[i + 8] = first;
    w[i + 9] = hi;
    w[i + 10] = smallest;
    w[i + 11] = hi;
    w[f + 10] = v;
    w[f + 11] = hi;
    w[s + 8] = v;
    w[s + 9] = hi;
  }

  /**
   * Walks down the ring to the place of `size`; links a new size in.
   * @returns the chunk before which `v` goes in the list
   */
  insertRing(v: number, size: number, first: number): number {
    const w = this.w;
    const hi = this.hi >>> 0;
    const raw = (size | 1) >>> 0;
    let at = first >>> 0;
    let a = at >>> 2;
    let found = w[a + 2];
    if ((found & 4) !== 0 || found === 0) this.examineRing(at);
    for (let steps = 0; raw < found || w[a + 3] !== 0; steps++) {
      if (steps > loopLimit) this.hang(at);
      at = w[a + 8];
      const nextHi = w[a + 9];
      a = at >>> 2;
      found = w[a + 2];
      if (nextHi !== hi || ((found & 4) | (at & 3)) !== 0 || found === 0) {
        this.reach(BigInt(nextHi) * 2n ** 32n + BigInt(at) + 8n);
        this.examineRing(at);
      }
    }
    if (found === raw) {
      if (w[a + 5] !== hi) this.fault(BigInt(w[a + 5]) * 2n ** 32n + BigInt(w[a + 4]));
      return w[a + 4];
    }
    const i = v >>> 2;
    const larger = w[a + 10];
    const l = larger >>> 2;
    if (w[l + 8] !== at || w[l + 9] !== hi || w[a + 11] !== hi || (larger & 3) !== 0)
      this.examineNextsize(at);
    w[i + 8] = at;
    w[i + 9] = hi;
    w[i + 10] = larger;
    w[i + 11] = hi;
    w[a + 10] = v;
    w[l + 8] = v;
    return at;
  }

  /**
   * Finds the best chunk of a request's own bin.
   * @returns the chunk, 0 when even the largest is too small
   */
  bestFit(head: number, wanted: number): number {
    const w = this.w;
    const nb = wanted >>> 0;
    const hi = this.hi >>> 0;
    const first = w[(head >>> 2) + 4];
    if (first === head >>> 0 && w[(head >>> 2) + 5] === hi) return 0;
    if (w[(head >>> 2) + 5] !== hi) this.fault(this.peek(this.real(head) + 16n));
    let i = first >>> 2;
    let raw = w[i + 2];
    if (raw < nb && w[i + 3] === 0) {
      if (raw === 0) this.reach(this.real(first) + 8n);
      return 0;
    }
    let v = first;
    for (let steps = 0; steps < loopLimit; steps++) {
      v = w[i + 10];
      if (w[i + 11] !== hi || (v & 3) !== 0) this.examineRingStep((i << 2) >>> 0);
      i = v >>> 2;
      raw = w[i + 2];
      if ((raw & ~7) >>> 0 >= nb || w[i + 3] !== 0) return this.preferSecond(head, v);
      if (raw === 0) this.reach(this.real(v) + 8n);
    }
    return this.hang(v);
  }

  /** Takes the next chunk of the same size, if any, so that the ring is not disturbed. */
  preferSecond(head: number, chunk: number): number {
    const w = this.w;
    const v = chunk >>> 0;
    const i = v >>> 2;
    if (w[(head >>> 2) + 6] === v) return v;
    const next = w[i + 4];
    if (w[i + 5] !== this.hi) this.fault(this.peek(this.real(v) + 16n));
    const n = next >>> 2;
    const nextRaw = w[n + 2];
    if (nextRaw === 0) this.reach(this.real(next) + 8n);
    return nextRaw === w[i + 2] && w[n + 3] === w[i + 3] ? next : v;
  }

  /**
   * Takes a chunk out of its bin and cuts it to `nb` bytes; the rest goes to the front of unsorted.
   * @param isFromMap the chunk's bin was found in the binmap: the rest of a small request is the last remainder
   * @returns the block
   */
  takeOut(av: number, chunk: number, nb: number, isFromMap: boolean): number {
    const w = this.w;
    const v = chunk >>> 0;
    const hi = this.hi >>> 0;
    const i = v >>> 2;
    const raw = w[i + 2];
    const end = i + ((raw >>> 3) << 1);
    // unlink(v), written out: a call that V8 does not inline costs about 3 ns.
    const fd = w[i + 4];
    const bk = w[i + 6];
    const forward = fd >>> 2;
    const b = bk >>> 2;
    if (
      w[end] !== (raw & ~7) >>> 0 ||
      (w[end + 1] | w[i + 3]) !== 0 ||
      w[forward + 6] !== v ||
      w[forward + 7] !== hi ||
      w[b + 4] !== v ||
      w[b + 5] !== hi ||
      w[i + 5] !== hi ||
      w[i + 7] !== hi ||
      ((fd | bk) & 3) !== 0
    ) {
      this.examineTaken(v);
    }
    w[forward + 6] = bk;
    w[b + 4] = fd;
    if (raw >= 1024) this.unlinkSize(v, fd);
    const restSize = ((raw & ~7) >>> 0) - nb;
    const flag = av === MAIN_ARENA ? 0 : NON_MAIN_ARENA;
    if (restSize < MIN_CHUNK_BYTES) {
      w[end + 2] |= 1;
      w[i + 2] |= flag;
      return (v + 16) >>> 0;
    }
    const r = i + (nb >>> 2);
    const rest = (v + nb) >>> 0;
    const head = (av + this.unsortedAt) >>> 0;
    const h = head >>> 2;
    const first = w[h + 4];
    const f = first >>> 2;
    if (w[f + 6] !== head || w[f + 7] !== hi || w[h + 5] !== hi) {
      this.examineFront(head, `malloc(): corrupted unsorted chunks${isFromMap ? ' 2' : ''}`);
    }
    w[r + 6] = head;
    w[r + 7] = hi;
    w[r + 4] = first;
    w[r + 5] = hi;
    w[h + 4] = rest;
    w[f + 6] = rest;
    if (isFromMap && nb < 1024) {
      const l = (av + this.lastRemainderAt) >>> 2;
      w[l] = rest;
      w[l + 1] = hi;
    }
    if (restSize >= 1024) {
      w[r + 8] = 0;
      w[r + 9] = 0;
      w[r + 10] = 0;
      w[r + 11] = 0;
    }
    // The high halves of this size and of the footer were just found to be 0.
    w[i + 2] = nb | 1 | flag;
    w[r + 2] = restSize | 1;
    w[r + 3] = 0;
    w[end] = restSize;
    return (v + 16) >>> 0;
  }
}
