/**
 * What differs between C library versions, as data. A heap picks one profile at creation; nothing here is
 * asked on the fast path.
 */

/** Versions that are compared with the real library. */
export type GlibcVersion = '2.31' | '2.36' | '2.41' | '2.43';

/**
 * Where the fields of an arena's state struct stand, in bytes from its start.
 *
 *     mutex 4 | flags 4 | have_fast 4 + pad 4 | fastbins 10 x 8 | top | last_remainder | bins 254 x 8 |
 *     binmap 16 | next | next_free | attached_threads | system_mem | max_system_mem
 *
 * have_fast came with 2.27; have_fast and fastbins went with 2.43.
 */
export interface StateLayout {
  /** -1 when the version has none. */
  haveFast: number;
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
  /** The key that marks cached blocks: the struct's address (2.29-2.33) or a random number. */
  cacheKey: 'address' | 'random';
  /** `free(): too many chunks detected in tcache` exists (2.33+). */
  cacheLengthCheck: boolean;
  /** Links are mangled and alignment of links is checked (2.32+). */
  safeLinking: boolean;
  /** calloc takes from the cache (2.41+). */
  callocFromCache: boolean;
  /** calloc asserts that a block has at least three words, and clears an odd number of up to nine (until 2.40). */
  callocAsserts: boolean;
  /** memset leaves what lies between the two ends of a range that wraps around (2.35+); before, it faults. */
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

function stateLayout(hasFastbins: boolean): StateLayout {
  const top = hasFastbins ? 96 : 8;
  const bins = top + 16;
  const binmap = bins + 254 * 8;
  return {
    haveFast: hasFastbins ? 8 : -1,
    fastbins: hasFastbins ? 16 : -1,
    top,
    lastRemainder: top + 8,
    bins,
    binmap,
    next: binmap + 16,
    attachedThreads: binmap + 32,
    systemMem: binmap + 40,
    maxSystemMem: binmap + 48,
    sizeBytes: binmap + 56,
  };
}

/** 2.37 and later print the line, which is known where it was seen. */
function assertionAt(lines: Record<string, number>): Profile['assertion'] {
  return (where, expression) => {
    const line = where in lines ? `:${lines[where]}` : '';
    return `Fatal glibc error: malloc.c${line} (${where}): assertion failed: ${expression}`;
  };
}

const glibc236: Profile = {
  version: '2.36',
  state: stateLayout(true),
  heapInfoBytes: 0x30,
  cacheLength: 7,
  cacheMaxChunk: 0x410,
  cacheStructBytes: 640,
  cacheClasses: 64,
  cacheCountsPlaces: false,
  cacheKey: 'random',
  cacheLengthCheck: true,
  safeLinking: true,
  callocFromCache: false,
  callocAsserts: true,
  memsetWraps: true,
  smallFreeToSmallBin: false,
  internalFreeToCache: true,
  reallocKeepsSpare: false,
  reallocKeepsPage: false,
  memalignFromCache: false,
  memalignMerges: false,
  memalignRoundsPast: false,
  smallestInsertCheck: false,
  mappingSpareBytes: 0,
  mappingOverheadBytes: 16,
  fallbackRounding: 2 ** 20,
  malloptConsolidates: true,
  thresholdLimit: Number.POSITIVE_INFINITY,
  mainThreadRequests: [640, 272],
  assertion: (where, expression) => `Fatal glibc error: malloc assertion failure in ${where}: ${expression}`,
};

const glibc231: Profile = {
  ...glibc236,
  version: '2.31',
  heapInfoBytes: 0x20,
  cacheKey: 'address',
  cacheLengthCheck: false,
  safeLinking: false,
  fallbackRounding: 4096,
  memsetWraps: false,
  thresholdLimit: 32 * 2 ** 20,
  // The real text begins with the program's name.
  assertion: (where, expression) => {
    const line = where === 'sysmalloc' ? '2379:' : '';
    return `malloc.c:${line} ${where}: Assertion \`${expression}' failed.`;
  },
};

const glibc241: Profile = {
  ...glibc236,
  version: '2.41',
  callocFromCache: true,
  callocAsserts: false,
  smallFreeToSmallBin: true,
  reallocKeepsSpare: true,
  reallocKeepsPage: true,
  memalignFromCache: true,
  memalignMerges: true,
  fallbackRounding: 4096,
  assertion: assertionAt({ sysmalloc: 2601 }),
};

const glibc243: Profile = {
  ...glibc241,
  version: '2.43',
  state: stateLayout(false),
  cacheLength: 16,
  cacheStructBytes: 760,
  cacheClasses: 76,
  cacheCountsPlaces: true,
  internalFreeToCache: false,
  reallocKeepsPage: false,
  memalignRoundsPast: true,
  smallestInsertCheck: true,
  mappingSpareBytes: 16,
  mappingOverheadBytes: 8,
  malloptConsolidates: false,
  assertion: assertionAt({ sysmalloc: 2371 }),
  mainThreadRequests: [272],
};

/** All profiles by version. */
export const profiles: Readonly<Record<GlibcVersion, Profile>> = {
  '2.31': glibc231,
  '2.36': glibc236,
  '2.41': glibc241,
  '2.43': glibc243,
};
