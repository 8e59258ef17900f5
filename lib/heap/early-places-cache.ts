/**
 * The cache of 2.42: free places are counted as later, the struct is made by malloc, calloc and memalign, for a request
 * that it could hold; never by free, nor by the allocator itself.
 */
import { MIN_CHUNK_BYTES } from './layout.ts';
import { PlacesCache } from './places-cache.ts';

/** malloc and free of glibc 2.42. @internal */
export abstract class EarlyPlacesCache extends PlacesCache {
  override ensureCacheFor(request: number): void {
    if (request <= this.cacheMaxRequest && !this.cacheDisabled) {
      this.createCache(this.profile.cacheStructBytes);
    }
  }

  override mallocUncached(request: number): number | null {
    if (this.tcache === 0) this.ensureCacheFor(request);
    return super.mallocUncached(request);
  }

  override ensureCacheInAlign(nb: number): void {
    if (this.tcache === 0) this.ensureCacheFor(nb - 8);
  }

  /** Here the end of a thread tests sizes as every free does. */
  override freeAtExit(p: number): void {
    const k = p >>> 2;
    if (this.w[k - 1] !== 0 || (this.w[k - 2] & ~7) >>> 0 < MIN_CHUNK_BYTES) this.examineWrap(p - 16);
    super.freeAtExit(p);
  }

  /** This version still has fastbins. */
  override freePast(av: number, c: number, size: number): void {
    this.freeToBins(av, c, size, false);
  }

  override ensureCacheInFree(_size: number): void {}

  override ensureCacheInAlloc(_av: number): void {}
}
