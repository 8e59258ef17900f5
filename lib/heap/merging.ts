/**
 * Merging a chunk with its free neighbours, and consolidating the fastbins.
 *
 * `merge` handles the sound case in one method: the unlinks are written out in it, as V8's budget for inlining would
 * leave each as a call of about 3 ns (pairs: 3 % less in all). What looks wrong goes to the method it repeats (unlink.ts)
 * or to an `examine...`. Comparisons here are between numbers known as unsigned (`>>> 0`): V8 then compares with memory
 * in one instruction, without the registers that combining them by XOR and OR needs (2 to 3 % less).
 */
import { PREV_INUSE } from './layout.ts';
import { loopLimit } from './state.ts';
import { Trimming } from './trim.ts';

/** Merging. @internal */
export abstract class Merging extends Trimming {
  /**
   * Puts a chunk that is about to be free together with its free neighbours and into unsorted (or its small
   * bin, where the version does so), or into top.
   * @param c offset of the chunk
   * @param size its size
   * @param nextRaw header word of the chunk behind it
   * @param message abort message of the backward test: free's, or the consolidation's
   * @param isFree false for the consolidation, which tests nothing when it inserts
   * @returns size of what it became, top included
   */
  merge(av: number, c: number, size: number, nextRaw: number, message: string, isFree: boolean): number {
    const w = this.w;
    const hi = this.hi >>> 0;
    const t = (av + this.topAt) >>> 2;
    let i = c >>> 2;
    const n = i + (size >>> 2);
    let merged = size;
    // What it is now: taking the chunk before out of its list may have written there, in a damaged heap.
    let nextNow = nextRaw;
    if ((w[i + 2] & 1) === 0) {
      const prev = w[i];
      const k = i - (prev >>> 2);
      const raw = w[k + 2];
      if (k < 0 || (w[i + 1] | (prev & 15) | ((raw & ~7) ^ prev) | w[k + 3]) !== 0) {
        return this.mergeForged(av, c, size, nextRaw, message, isFree);
      }
      // unlink(k); its test of the size was just made.
      const p = (k << 2) >>> 0;
      const fd = w[k + 4];
      const bk = w[k + 6];
      const f = fd >>> 2;
      const b = bk >>> 2;
      if (
        w[f + 6] !== p ||
        w[f + 7] !== hi ||
        w[b + 4] !== p ||
        w[b + 5] !== hi ||
        w[k + 5] !== hi ||
        w[k + 7] !== hi ||
        ((fd | bk) & 3) !== 0
      ) {
        this.examineUnlink(p);
      }
      w[f + 6] = bk;
      w[b + 4] = fd;
      if (raw >= 1024) this.unlinkSize(p, fd);
      i = k;
      merged = (size + prev) >>> 0;
      nextNow = w[n + 2];
    }
    if (w[t] >>> 2 === n) {
      return this.mergeIntoTop(t, i, merged, 0, n);
    }
    const after = n + ((nextRaw >>> 3) << 1);
    if ((w[after + 2] & 1) === 0) {
      // unlink(n)
      const p = (n << 2) >>> 0;
      const raw = nextNow;
      const j = n + ((raw >>> 3) << 1);
      const fd = w[n + 4];
      const bk = w[n + 6];
      const f = fd >>> 2;
      const b = bk >>> 2;
      if (
        w[j] !== (raw & ~7) >>> 0 ||
        (w[j + 1] | w[n + 3]) !== 0 ||
        w[f + 6] !== p ||
        w[f + 7] !== hi ||
        w[b + 4] !== p ||
        w[b + 5] !== hi ||
        w[n + 5] !== hi ||
        w[n + 7] !== hi ||
        ((fd | bk) & 3) !== 0
      ) {
        this.examineUnlink(p);
      }
      w[f + 6] = bk;
      w[b + 4] = fd;
      if (raw >= 1024) this.unlinkSize(p, fd);
      merged = (merged + (nextRaw & ~7)) >>> 0;
    } else {
      w[n + 2] = nextRaw & ~1;
    }
    if (isFree && merged < this.directBelow) this.insertSmall(av, i, merged);
    else this.insertUnsorted(av, i, merged, isFree);
    const end = i + (merged >>> 2);
    // The size's high half is 0: all that call tested it, or the test above did.
    w[i + 2] = merged | 1;
    w[end] = merged;
    w[end + 1] = 0;
    return merged;
  }

  /** The same where prev_size is not what the chunk before has as its size, in 64-bit arithmetic. */
  mergeForged(
    av: number,
    c: number,
    size: number,
    nextRaw: number,
    message: string,
    isFree: boolean,
  ): number {
    const w = this.w;
    const n = (c >>> 2) + (size >>> 2);
    const i = this.mergeExactly(c, message) >>> 2;
    let merged = ((n - i) << 2) >>> 0;
    // High half of the merged size: not 0 when prev_size led forward.
    let high = i > n ? -1 : 0;
    this.unlink((i << 2) >>> 0);
    const t = (av + this.topAt) >>> 2;
    if (w[t] >>> 2 === n) return this.mergeIntoTop(t, i, merged, high, n);
    const after = n + ((nextRaw >>> 3) << 1);
    if ((w[after + 2] & 1) === 0) {
      this.unlink((n << 2) >>> 0);
      const nextSize = (nextRaw & ~7) >>> 0;
      if (high !== 0 && merged + nextSize > 0xffffffff) high = 0;
      merged = (merged + nextSize) >>> 0;
    } else {
      w[n + 2] = nextRaw & ~1;
    }
    if (isFree && merged < this.directBelow) this.insertSmall(av, i, merged);
    else this.insertUnsorted(av, i, merged, isFree);
    const end = i + (merged >>> 2);
    w[i + 2] = merged | 1;
    w[i + 3] = high;
    w[end] = merged;
    w[end + 1] = high;
    return high === 0 ? merged : 0xffffffff;
  }

  /** Makes a chunk that borders top the new top (words: top field, chunk, old top). @returns its size */
  mergeIntoTop(t: number, i: number, merged: number, high: number, n: number): number {
    const w = this.w;
    const total = merged + ((w[n + 2] & ~7) >>> 0);
    const size = total >>> 0;
    w[i + 2] = size | 1;
    w[i + 3] = high + w[n + 3] + (total > 0xffffffff ? 1 : 0);
    w[t] = i << 2;
    w[t + 1] = this.hi;
    return size;
  }

  /** Puts the free chunk at word `i` at the front of unsorted. */
  insertUnsorted(av: number, i: number, size: number, isTested: boolean): void {
    const w = this.w;
    const hi = this.hi >>> 0;
    const head = (av + this.unsortedAt) >>> 0;
    const h = head >>> 2;
    const first = w[h + 4];
    const f = first >>> 2;
    if (w[h + 5] !== hi || w[f + 6] !== head || w[f + 7] !== hi) {
      if (isTested) this.examineFront(head, 'free(): corrupted unsorted chunks');
      else this.reach(this.peek(this.real(head) + 16n) + 24n);
      w[f + 7] = hi;
    }
    w[i + 4] = first;
    w[i + 5] = hi;
    w[i + 6] = head;
    w[i + 7] = hi;
    if (size >= 1024) {
      w[i + 8] = 0;
      w[i + 9] = 0;
      w[i + 10] = 0;
      w[i + 11] = 0;
    }
    // The high halves of these two are right: the test above, or the line in it.
    w[h + 4] = i << 2;
    w[f + 6] = i << 2;
  }

  /** Puts the small free chunk at word `i` straight into its bin (2.41+). */
  insertSmall(av: number, i: number, size: number): void {
    const w = this.w;
    const hi = this.hi;
    const index = size >>> 4;
    const head = (av + this.headsAt + (index << 4)) >>> 0;
    const h = head >>> 2;
    const first = w[h + 4];
    const f = first >>> 2;
    if (((w[h + 5] ^ hi) | (w[f + 6] ^ head) | (w[f + 7] ^ hi)) !== 0) {
      this.examineFront(head, 'free(): chunks in smallbin corrupted');
    }
    w[(av + this.binmapAt + ((index >>> 5) << 2)) >>> 2] |= 1 << (index & 31);
    w[i + 4] = first;
    w[i + 5] = hi;
    w[i + 6] = head;
    w[i + 7] = hi;
    w[h + 4] = i << 2;
    w[f + 6] = i << 2;
  }

  /** The exact test before an insertion at a list's front. */
  examineFront(head: number, message: string): void {
    const address = this.real(head);
    const first = this.peek(address + 16n);
    const back = this.peek(first + 24n);
    if (back !== address) this.abort(message, head, address, back);
  }

  /** The backward merge in 64-bit arithmetic. @returns the chunk before, wherever prev_size leads */
  mergeExactly(c: number, message: string): number {
    const chunk = this.real(c);
    const previousSize = this.peek(chunk);
    const previous = this.wrap(chunk - previousSize);
    const size = this.peek(previous + 8n) & ~7n;
    if (size !== previousSize && this.profile.testsOf229) this.abort(message, c, previousSize, size);
    if ((previous & 3n) !== 0n) this.examineUnlink(this.offsetOf(previous));
    this.requireAligned(previous);
    return this.offsetOf(previous);
  }

  /** Empties every fastbin into unsorted or top. */
  consolidate(av: number): void {
    if (this.fastbinsAt < 0) return;
    const w = this.w;
    const f = (av + this.haveFastAt) >>> 2;
    w[f] = (w[f] & ~this.fastMask) | this.noFast;
    for (let slot = 0; slot < 10; slot++) {
      const s = (av + this.fastbinsAt + 8 * slot) >>> 2;
      const head = w[s];
      const headHi = w[s + 1];
      if ((head | headHi) === 0) continue;
      w[s] = 0;
      w[s + 1] = 0;
      this.consolidateSlot(av, slot, head, headHi);
    }
  }

  /** Merges every chunk of a fastbin that was just emptied. */
  consolidateSlot(av: number, slot: number, head: number, headHi: number): void {
    const w = this.w;
    let c = head;
    let high = headHi;
    for (let steps = 0; (c | high) !== 0; steps++) {
      if (steps > loopLimit) this.hang(c);
      const i = c >>> 2;
      const raw = w[i + 2];
      const size = (raw & ~7) >>> 0;
      const n = i + (size >>> 2);
      if (((high ^ this.hi) | (c & 15) | w[i + 3] | ((raw >>> 4) ^ (slot + 2)) | w[n + 3]) !== 0) {
        this.examineFast(c, high, slot);
      }
      const link = (w[i + 4] ^ ((((c + 16) >>> 12) | this.mangleLo) & this.linkMask)) >>> 0;
      const linkHi = (w[i + 5] ^ this.mangleHi) >>> 0;
      this.merge(av, c, size, w[n + 2], 'corrupted size vs. prev_size in fastbins', false);
      c = link;
      high = linkHi;
    }
  }

  /** The exact tests of a fastbin chunk during consolidation. */
  examineFast(c: number, high: number, slot: number): void {
    if ((c & this.linkAlign) !== 0) {
      this.abort('malloc_consolidate(): unaligned fastbin chunk detected', c);
    }
    const chunk = (BigInt(high >>> 0) << 32n) | BigInt(c);
    const size = this.peek(chunk + 8n) & ~7n;
    // The slot is computed from the low 32 bits of the size.
    const found = (Number(size & 0xffff_ffffn) >>> 4) - 2;
    if (found !== slot && this.profile.consolidationTestsSize)
      this.abort('malloc_consolidate(): invalid chunk size', c, slot, found);
    this.peek(chunk + 16n);
    this.peek(chunk + size + 8n);
    this.requireAligned(chunk);
  }

  /** Marks the chunk at `offset` as having a used chunk before it. */
  markUsedBefore(offset: number): void {
    this.w[(offset >>> 2) + 2] |= PREV_INUSE;
  }
}
