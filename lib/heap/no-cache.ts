/** glibc before the per-thread cache (until 2.25): every call goes to an arena. */
import { CountedCache } from './counted-cache.ts';

/** malloc and free of glibc 2.23. @internal */
export abstract class NoCache extends CountedCache {
  override malloc(sizeBytes: number): number | null {
    const n = sizeBytes >>> 0;
    if (n !== sizeBytes) return this.mallocUnusual(sizeBytes);
    return this.mallocSlow(n);
  }

  override free(pointer: number | null): void {
    if (pointer === null) {
      if (this.w.length === 0) this.requireOpen();
      return;
    }
    const p = pointer >>> 0;
    if (p === pointer && p !== 0) this.freeSlow(p);
    else this.freeUnusual(pointer);
  }

  override cacheRoom(_index: number): number {
    return 0;
  }

  override ensureCacheFor(_request: number): void {}
}
