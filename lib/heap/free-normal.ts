/** The long way of free: a chunk that neither cache nor fastbin takes is tested, merged, and goes to unsorted or top. */
import { MAIN_ARENA, TOP_PAD, TRIM_THRESHOLD } from './layout.ts';
import { Merging } from './merging.ts';

/** Freed chunks that reach this size make free tidy up. */
const consolidationThreshold = 65536;

/** Freeing into the bins. @internal */
export abstract class FreeingNormal extends Merging {
  /** Tests a chunk, merges it into unsorted or top, and trims when it became large. */
  freeNormal(av: number, c: number, size: number): void {
    const w = this.w;
    const top = w[(av + this.topAt) >>> 2] >>> 2;
    const i = c >>> 2;
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
    if (
      this.merge(av, c, size, nextRaw, 'corrupted size vs. prev_size while consolidating', true) >=
      consolidationThreshold
    )
      this.tidy(av);
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
