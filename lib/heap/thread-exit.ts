/** The end of a thread: its cache goes back to the arenas, its arena may be taken over by another thread. */
import { MAIN_ARENA } from './layout.ts';
import { loopLimit } from './state.ts';
import { TrimCall } from './trim-all.ts';

/** Thread end. @internal */
export abstract class ThreadExit extends TrimCall {
  /**
   * Does what the C library does when the thread of this heap ends: frees every cached block, then the cache
   * itself. Blocks still live stay; the heap goes on without a cache.
   * @throws HeapError for damage that is found on the way
   */
  exitThread(): void {
    this.requireOpen();
    const cache = this.tcache;
    this.cacheDisabled = true;
    if (cache !== 0) {
      this.tcache = 0;
      this.setPointer(this.threadWords, 0);
      this.freeCachedBlocks(cache);
      this.freeAtExit(cache);
    }
    const { attachedThreads } = this.profile.state;
    if (this.arena === 0 || this.arena === MAIN_ARENA) return;
    this.setWord(this.arena + attachedThreads, this.word(this.arena + attachedThreads) - 1);
  }

  /** Frees a block that was cached. */
  freeAtExit(p: number): void {
    this.freeSlow(p);
  }

  /** Frees the blocks of every list. */
  freeCachedBlocks(cache: number): void {
    const { cacheCountsPlaces, cacheClasses, cacheCountBytes } = this.profile;
    const heads = cache + cacheCountBytes * cacheClasses;
    for (let index = 0; index < cacheClasses; index++) {
      const slot = this.real(heads + 8 * index);
      for (let steps = 0; this.peek(slot) !== 0n; steps++) {
        if (steps > loopLimit) this.hang(cache);
        const entry = this.peek(slot);
        if ((entry & BigInt(this.linkAlign)) !== 0n) {
          this.abort('tcache_thread_shutdown(): unaligned tcache chunk detected', cache, 0n, entry & 15n);
        }
        const link = this.peek(entry);
        this.poke(slot, this.profile.safeLinking ? link ^ (entry >> 12n) : link);
        if (cacheCountsPlaces) this.h[(cache >>> 1) + index]++;
        this.freeAtExit(this.offsetOf(entry));
      }
    }
  }
}
