/**
 * The long way of free: a chunk that neither cache nor fastbin takes is merged and goes to unsorted or top.
 *
 * `freeNormal` handles the sound case in one method: merge, unlink and the insertion are written out in it, as
 * V8's budget for inlining would leave each as a call of about 3 ns (pairs: 3 % less in all). What looks wrong
 * goes to the methods it repeats (merging.ts, unlink.ts) or to an `examine...`.
 *
 * Comparisons here are between numbers known as unsigned (`>>> 0`): V8 then compares with memory in one
 * instruction, without the registers that combining them by XOR and OR needs (2 to 3 % less).
 */
import { MAIN_ARENA, TOP_PAD, TRIM_THRESHOLD } from './layout.ts';
import { Merging } from './merging.ts';

/** Freed chunks that reach this size make free tidy up. */
const consolidationThreshold = 65536;
const backwardMessage = 'corrupted size vs. prev_size while consolidating';

/** Freeing into the bins. @internal */
export abstract class FreeingNormal extends Merging {
  /** Merges a chunk into unsorted or top, and trims when it became large. */
  freeNormal(av: number, c: number, size: number): void {
    const w = this.w;
    const hi = this.hi >>> 0;
    const t = (av + this.topAt) >>> 2;
    const top = w[t] >>> 2;
    let i = c >>> 2;
    const n = i + (size >>> 2);
    const nextRaw = w[n + 2];
    if (
      (((nextRaw & 1) ^ 1) | w[n + 3]) !== 0 ||
      nextRaw <= 16 ||
      nextRaw >= w[(av + this.systemMemAt) >>> 2] ||
      i === top ||
      (n >= top && (w[(av >>> 2) + 1] & 2) === 0 && n >= top + ((w[top + 2] >>> 3) << 1))
    ) {
      this.examineFreeNormal(av, c, size);
    }
    if (w[this.perturbWord] !== 0) this.perturbFreed(c, size);
    let merged = size;
    if ((w[i + 2] & 1) === 0) {
      const prev = w[i];
      const k = i - (prev >>> 2);
      const raw = w[k + 2];
      if (k < 0 || (w[i + 1] | (prev & 15) | ((raw & ~7) ^ prev) | w[k + 3]) !== 0) {
        if (this.merge(av, c, size, backwardMessage, true) >= consolidationThreshold) this.tidy(av);
        return;
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
    }
    if (w[t] >>> 2 === n) {
      if (this.mergeIntoTop(t, i, merged, 0, n) >= consolidationThreshold) this.tidy(av);
      return;
    }
    const after = n + ((nextRaw >>> 3) << 1);
    if ((w[after + 2] & 1) === 0) {
      // unlink(n)
      const p = (n << 2) >>> 0;
      const raw = w[n + 2];
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
    if (merged < this.directBelow) {
      this.insertSmall(av, i, merged);
    } else {
      // insertUnsorted(av, i, merged, true)
      const head = (av + this.unsortedAt) >>> 0;
      const h = head >>> 2;
      const first = w[h + 4];
      const f = first >>> 2;
      if (w[h + 5] !== hi || w[f + 6] !== head || w[f + 7] !== hi) {
        this.examineFront(head, 'free(): corrupted unsorted chunks');
        w[f + 7] = hi;
      }
      w[i + 4] = first;
      w[i + 5] = hi;
      w[i + 6] = head;
      w[i + 7] = hi;
      if (merged >= 1024) {
        w[i + 8] = 0;
        w[i + 9] = 0;
        w[i + 10] = 0;
        w[i + 11] = 0;
      }
      w[h + 4] = i << 2;
      w[f + 6] = i << 2;
    }
    const end = i + (merged >>> 2);
    // The size's high half is 0: all that call tested it, or the backward merge did.
    w[i + 2] = merged | 1;
    w[end] = merged;
    w[end + 1] = 0;
    if (merged >= consolidationThreshold) this.tidy(av);
  }

  /** After a large free: consolidate, and give memory back when the top is large. */
  tidy(av: number): void {
    if (this.fastbinsAt >= 0 && (this.w[(av + this.haveFastAt) >>> 2] & this.fastMask) !== this.noFast) {
      this.consolidate(av);
    }
    if (av !== MAIN_ARENA) {
      this.heapTrim(this.word(TOP_PAD), av);
    } else if (this.topSize(av) >= this.word(TRIM_THRESHOLD)) {
      this.systrim(av, this.word(TOP_PAD));
    }
  }

  /** Fills freed bytes when the perturb byte is set. */
  perturbFreed(c: number, size: number): void {
    const byte = this.w[this.perturbWord];
    if (byte !== 0) this.b.fill(byte, c + 16, c + size);
  }

  /** The tests before a merge, in their order. */
  examineFreeNormal(av: number, c: number, exactSize: number | bigint): void {
    const size = BigInt(exactSize);
    const chunk = this.real(c);
    const arena = this.real(av);
    const top = this.peek(arena + BigInt(this.topAt));
    if (chunk === top) this.abort('double free or corruption (top)', c + 16);
    const next = this.wrap(chunk + size);
    const isContiguous = (this.peek(arena) & (2n << 32n)) === 0n;
    if (isContiguous && next >= this.wrap(top + (this.peek(top + 8n) & ~7n))) {
      this.abort('double free or corruption (out)', c + 16);
    }
    const nextRaw = this.peek(next + 8n);
    if ((nextRaw & 1n) === 0n) this.abort('double free or corruption (!prev)', c + 16);
    const systemMem = this.peek(arena + BigInt(this.systemMemAt));
    if (nextRaw <= 16n || (nextRaw & ~7n) >= systemMem) {
      this.abort('free(): invalid next size (normal)', c + 16, systemMem, nextRaw);
    }
    this.requireAligned(next);
  }
}
