/**
 * A heap that offers one of many allocations to somebody else (core/sampled-blocks.ts) and takes those blocks back.
 * Blocks that stay here lie where they would lie if the others had never been asked for.
 *
 * It counts in the fast paths of malloc and free themselves: a wrapper around the heap costs as much as the heap. So
 * these methods are those of `CountedCache` and `Calls`, word for word, but for one more condition each, which leads to the
 * slow path that is called there anyway: calling the plain one by `super` costs 3 % (docs/decisions/0008).
 */
import { isPowerOfTwo, requireInteger, SAMPLED_START, type SampledBlocks } from '../core/index.ts';
import type { EngineSetup } from './state.ts';
import { GlibcHeap } from './variants.ts';

/** malloc and free of glibc 2.32 to 2.41, sampled. @internal */
export class SampledHeap extends GlibcHeap {
  declare readonly sampled: SampledBlocks;
  /** Allocations until the next one that is offered; at least 1 between calls. */
  declare untilSample: number;

  constructor(setup: EngineSetup) {
    super(setup);
    this.sampled = setup.sampled!;
    this.untilSample = this.sampled.next();
  }

  override malloc(sizeBytes: number): number | null {
    const n = sizeBytes >>> 0;
    if (n !== sizeBytes) return this.mallocUnusual(sizeBytes);
    if (--this.untilSample <= 0) return this.mallocSlow(n);
    if (n <= this.cacheMaxRequest) {
      const w = this.w;
      const h = this.h;
      const hi = this.hi;
      const t = this.tcache;
      const index = n < 9 ? 0 : ((n + 7) >>> 4) - 1;
      const count = h[(t >>> 1) + index];
      if (count !== 0) {
        const s = (t >>> 2) + 32 + (index << 1);
        const p = w[s];
        const k = p >>> 2;
        const nextHi = w[k + 1] ^ this.mangleHi;
        if ((p & 15) === 0 && w[s + 1] === hi && (nextHi === hi || nextHi === 0)) {
          w[s] = w[k] ^ ((p >>> 12) | this.mangleLo);
          w[s + 1] = nextHi;
          h[(t >>> 1) + index] = count - 1;
          w[k + 2] = 0;
          w[k + 3] = 0;
          return p;
        }
      } else if (t !== 0) {
        return this.mallocUncached(n);
      }
    } else if (this.tcache !== 0) {
      return this.mallocUncached(n);
    }
    return this.mallocSlow(n);
  }

  override free(pointer: number | null): void {
    if (pointer === null) {
      if (this.w.length === 0) this.requireOpen();
      return;
    }
    const p = pointer >>> 0;
    // SAMPLED_START: a name would be looked up each time, 2 or 3 % of a program that only allocates.
    if (p === pointer && p < 0x6000_0000) {
      const w = this.w;
      const k = p >>> 2;
      const raw = w[k - 2];
      const t = this.tcache;
      if ((raw & this.slowFreeFlags) === 0 && w[k - 1] === 0 && raw >= 32 && (p & 15) === 0 && t !== 0) {
        if (raw >= this.cacheEndRaw) {
          this.freeUncached(p, raw);
          return;
        }
        const index = (raw >>> 4) - 2;
        const h = this.h;
        const count = h[(t >>> 1) + index];
        if ((w[k + 2] | 0) !== this.keyLo || (w[k + 3] | 0) !== this.keyHi) {
          if (count >= this.cacheLength) {
            this.freeUncached(p, raw);
            return;
          }
          const s = (t >>> 2) + 32 + (index << 1);
          w[k + 2] = this.keyLo;
          w[k + 3] = this.keyHi;
          w[k] = w[s] ^ ((p >>> 12) | this.mangleLo);
          w[k + 1] = w[s + 1] ^ this.mangleHi;
          w[s] = p;
          w[s + 1] = this.hi;
          h[(t >>> 1) + index] = count + 1;
          return;
        }
      }
      if (p !== 0) {
        this.freeSlow(p);
        return;
      }
    }
    this.freeUnusual(pointer);
  }

  override mallocSlow(request: number): number | null {
    if (this.untilSample > 0) return super.mallocSlow(request);
    return this.offer(request, 1, false) ?? super.mallocSlow(request);
  }

  override freeUnusual(pointer: unknown): void {
    if (typeof pointer === 'number' && pointer >= SAMPLED_START) this.sampled.free(pointer);
    else super.freeUnusual(pointer);
  }

  override calloc(count: number, sizeBytes: number): number | null {
    const bytes = count * sizeBytes;
    const isUsual = bytes >>> 0 === bytes && count >>> 0 === count && sizeBytes >>> 0 === sizeBytes;
    if (!isUsual || --this.untilSample <= 0) return this.callocUnusual(count, sizeBytes);
    return this.callocBytes(bytes);
  }

  override callocUnusual(count: number, sizeBytes: number): number | null {
    if (this.untilSample > 0) return super.callocUnusual(count, sizeBytes);
    return this.offer(count * sizeBytes, 1, true) ?? super.callocUnusual(count, sizeBytes);
  }

  override memalign(alignment: number, sizeBytes: number): number | null {
    const isSmall = alignment <= 16 && isPowerOfTwo(requireInteger('alignment', alignment));
    if (--this.untilSample <= 0 && isPowerOfTwo(requireInteger('alignment', alignment))) {
      const offered = this.offer(requireInteger('sizeBytes', sizeBytes), alignment, false);
      if (offered !== null) return offered;
    }
    // Not by way of this class's malloc, which would count once more.
    return isSmall ? super.malloc(sizeBytes) : super.memalign(alignment, sizeBytes);
  }

  override realloc(pointer: number | null, sizeBytes: number): number | null {
    if (pointer === null) return this.reallocUnusual(pointer, sizeBytes);
    const p = pointer >>> 0;
    const request = sizeBytes >>> 0;
    if (p !== pointer || request !== sizeBytes || request === 0 || p >= 0x6000_0000) {
      return this.reallocUnusual(pointer, sizeBytes);
    }
    if (this.w.length === 0) this.requireOpen();
    const q = this.resize(p, request);
    return q === 0 ? null : q;
  }

  override reallocUnusual(pointer: number | null, sizeBytes: number): number | null {
    if (pointer! < SAMPLED_START) return super.reallocUnusual(pointer, sizeBytes);
    return this.sampled.realloc(pointer!, sizeBytes, (bytes) => this.malloc(bytes));
  }

  /** Offers an allocation whose turn it is. @returns a block, null when this heap serves it */
  offer(bytes: number, alignment: number, isZeroed: boolean): number | null {
    const pointer = Number.isSafeInteger(bytes) ? this.sampled.allocate(bytes, alignment, isZeroed) : null;
    this.untilSample = this.sampled.next();
    return pointer;
  }
}
