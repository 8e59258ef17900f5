/** The form of what differs between C library versions. The versions themselves stand in profiles.ts. */

/** Versions that a heap can be. */
export type GlibcVersion =
  | '2.23'
  | '2.27'
  | '2.31'
  | '2.32'
  | '2.34'
  | '2.36'
  | '2.39'
  | '2.41'
  | '2.42'
  | '2.43';

/**
 * Where the fields of an arena's state struct stand, in bytes from its start.
 *
 *     mutex 4 | flags 4 | have_fast 4 + pad 4 | fastbins 10 x 8 | top | last_remainder | bins 254 x 8 |
 *     binmap 16 | next | next_free | attached_threads | system_mem | max_system_mem
 *
 * have_fast came with 2.27; before, bit 0 of flags tells that there are *no* fast chunks. have_fast and fastbins
 * went with 2.43.
 */
export interface StateLayout {
  /** -1 when the version has none; that of flags where they tell the opposite. */
  haveFast: number;
  /** True where bit 0 of flags means that there are no fast chunks (until 2.26). */
  isNoFastBit: boolean;
  /** -1 when the version has none. */
  fastbins: number;
  top: number;
  lastRemainder: number;
  bins: number;
  binmap: number;
  next: number;
  attachedThreads: number;
  systemMem: number;
  maxSystemMem: number;
  sizeBytes: number;
}

/** A version of glibc's malloc. */
export interface Profile {
  version: GlibcVersion;
  state: StateLayout;
  /** Bytes of heap_info at the start of each thread heap. */
  heapInfoBytes: number;
  /** Bytes of each count in the cache struct: 1 until 2.29, 2 later; 0 in a version without a cache. */
  cacheCountBytes: 0 | 1 | 2;
  /** Entries of a cache list. */
  cacheLength: number;
  /** Largest chunk the per-thread cache takes. */
  cacheMaxChunk: number;
  /** Request the cache struct is allocated with. */
  cacheStructBytes: number;
  /** Lists in the cache struct. */
  cacheClasses: number;
  /** The 16-bit words at its start count free places (2.42+) instead of entries. */
  cacheCountsPlaces: boolean;
  /** The key that marks cached blocks: none until 2.28, the struct's address until 2.33, then a random number. */
  cacheKey: 'none' | 'address' | 'random';
  /** malloc, calloc and memalign make the cache for a request that fits (2.42); free and the stash do in 2.43. */
  cacheMadeByMalloc: boolean;
  /** `free(): too many chunks detected in tcache` exists (2.33+). */
  cacheLengthCheck: boolean;
  /** Links are mangled and alignment of links is checked (2.32+). */
  safeLinking: boolean;
  /**
   * The tests of 2.29: the five of an unsorted chunk, the size of top, prev_size at each backward merge, the place of a
   * mapping in its page. Before, an unsorted chunk's size is all that is looked at.
   */
  testsOf229: boolean;
  /** unlink compares size and prev_size (2.26+). */
  unlinkTestsSize: boolean;
  /** The consolidation tests that a chunk has its slot's size (2.27+). */
  consolidationTestsSize: boolean;
  /** A chunk that is sorted into a large bin before a smaller one has its neighbours tested (2.30+). */
  largeInsertTests: boolean;
  /** Fastbin chunks that go to the cache have their size tested (2.42). */
  stashTestsSize: boolean;
  /** calloc takes from the cache (2.41+). */
  callocFromCache: boolean;
  /** calloc asserts that a block has at least three words, and clears an odd number of up to nine (until 2.40). */
  callocAsserts: boolean;
  /** memset leaves what lies between the two ends of a range that wraps around (2.34+); before, it faults. */
  memsetWraps: boolean;
  /** free puts chunks below 1024 bytes straight into their small bin (2.41+). */
  smallFreeToSmallBin: boolean;
  /** Frees made inside the allocator may use the cache (until 2.41). */
  internalFreeToCache: boolean;
  /** realloc keeps the block when at least 16 bytes would not be freed (2.38+). */
  reallocKeepsSpare: boolean;
  /** realloc keeps an own mapping of at most a page that shrinks (2.38 to 2.42). */
  reallocKeepsPage: boolean;
  /** memalign looks into the cache (2.38+). */
  memalignFromCache: boolean;
  /** memalign gives lead and tail back without cache or fastbin (2.39+). */
  memalignMerges: boolean;
  /** memalign's rounding of 2.43. */
  memalignRoundsPast: boolean;
  /** The large-bin insertion below the smallest chunk checks the ring (2.42+). */
  smallestInsertCheck: boolean;
  /** Spare bytes of an own mapping behind its chunk: 0, or 16 from 2.43. */
  mappingSpareBytes: number;
  /** malloc_usable_size of a mapping is size minus this. */
  mappingOverheadBytes: number;
  /** The fallback region of a refused break is rounded to 1 MiB (2.35 to 2.37). */
  fallbackRounding: number;
  /** mallopt consolidates fastbins first. */
  malloptConsolidates: boolean;
  /** mallopt refuses mmap thresholds above 32 MiB (until 2.34). */
  thresholdLimit: number;
  /** What the main thread has allocated when a second thread begins: its cache, the thread's table. */
  mainThreadRequests: readonly number[];
  /** Text of a failed assertion. */
  assertion(where: string, expression: string): string;
}
