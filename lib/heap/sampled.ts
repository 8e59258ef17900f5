/**
 * A heap that offers one of many allocations to somebody else (core/sampled-blocks.ts) and takes those blocks back.
 * Blocks that stay here lie where they would lie if the others had never been asked for.
 *
 * It counts in the fast paths of malloc and free themselves: a wrapper around the heap costs as much as the heap. So
 * these two are those of `CountedCache`, word for word, but for one more condition each; both lead to a slow path that
 * is called anyway, because one more call in the fast path, even if it is never made, is 2 % (docs/decisions/0008).
 */
import { isPowerOfTwo, requireInteger, type SampledBlocks } from '../core/index.ts';
import type { EngineSetup } from './state.ts';
import { GlibcHeap } from './variants.ts';

/** malloc and free of glibc 2.32 to 2.41, sampled. @internal */
export class SampledHeap extends GlibcHeap {
  declare readonly sampled: SampledBlocks;
  /** Pointers from here on are not this heap's. */
  declare readonly sampledStart: number;
  /** Allocations until the next one that is offered; at least 1 between calls. */
  declare untilSample: number;

  constructor(setup: EngineSetup) {
    super(setup);
    this.sampled = setup.sampled!;
    this.sampledStart = this.sampled.startBytes;
    this.untilSample = this.sampled.next();
  }

  override malloc(sizeBytes: number): number | null {
    const n = sizeBytes >>> 0;
    if (n !== sizeBytes) return this.mallocUnusual(sizeBytes);
    if (--this.untilSample > 0 && n <= this.cacheMaxRequest) {
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
    }
    return this.mallocSlow(n);
  }

  override free(pointer: number | null): void {
    if (pointer === null) {
      this.requireOpen();
      return;
    }
    const p = pointer >>> 0;
    if (p === pointer && p < this.sampledStart) {
      const w = this.w;
      const k = p >>> 2;
      const raw = w[k - 2];
      const t = this.tcache;
      if (
        (raw & this.slowFreeFlags) === 0 &&
        w[k - 1] === 0 &&
        raw >= 32 &&
        raw < this.cacheMaxChunk + 8 &&
        (p & 15) === 0 &&
        t !== 0
      ) {
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
    if (typeof pointer === 'number' && pointer >= this.sampledStart) this.sampled.free(pointer);
    else super.freeUnusual(pointer);
  }

  override calloc(count: number, sizeBytes: number): number | null {
    if (--this.untilSample > 0) return super.calloc(count, sizeBytes);
    const bytes = requireInteger('count', count) * requireInteger('sizeBytes', sizeBytes);
    return this.offer(bytes, 1, true) ?? super.calloc(count, sizeBytes);
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
    if (pointer! < this.sampledStart) return super.realloc(pointer, sizeBytes);
    return this.sampled.realloc(pointer!, sizeBytes, (bytes) => this.malloc(bytes));
  }

  /** Offers an allocation whose turn it is. @returns a block, null when this heap serves it */
  offer(bytes: number, alignment: number, isZeroed: boolean): number | null {
    this.untilSample = this.sampled.next();
    return Number.isSafeInteger(bytes) ? this.sampled.allocate(bytes, alignment, isZeroed) : null;
  }
}
