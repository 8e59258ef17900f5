/**
 * What differs between C library versions, as data. A heap picks one profile at creation; nothing here is
 * asked on the fast path. Each version is told by what it does unlike a neighbour; 2.36 stands in full.
 */
import type { GlibcVersion, Profile, StateLayout } from './profile.ts';

type Fastbins = 'no-fast bit' | 'have_fast' | 'none';

function stateLayout(kind: Fastbins): StateLayout {
  const isNoFastBit = kind === 'no-fast bit';
  const haveFast = { 'no-fast bit': 4, have_fast: 8, none: -1 }[kind];
  const fastbins = { 'no-fast bit': 8, have_fast: 16, none: -1 }[kind];
  const top = kind === 'none' ? 8 : fastbins + 10 * 8;
  const bins = top + 16;
  const binmap = bins + 254 * 8;
  return {
    haveFast,
    isNoFastBit,
    fastbins,
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
  state: stateLayout('have_fast'),
  heapInfoBytes: 0x30,
  cacheCountBytes: 2,
  cacheLength: 7,
  cacheMaxChunk: 0x410,
  cacheStructBytes: 640,
  cacheClasses: 64,
  cacheCountsPlaces: false,
  cacheKey: 'random',
  cacheMadeByMalloc: false,
  cacheLengthCheck: true,
  safeLinking: true,
  testsOf229: true,
  unlinkTestsSize: true,
  consolidationTestsSize: true,
  largeInsertTests: true,
  stashTestsSize: false,
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

/** 2.35 and older begin with the program's name, and have the line behind the file's. */
function olderAssertion(lines: Record<string, number>): Profile['assertion'] {
  return (where, expression) => {
    const line = where in lines ? `${lines[where]}:` : '';
    return `malloc.c:${line} ${where}: Assertion \`${expression}' failed.`;
  };
}

const glibc234: Profile = {
  ...glibc236,
  version: '2.34',
  heapInfoBytes: 0x20,
  fallbackRounding: 4096,
  thresholdLimit: 32 * 2 ** 20,
  assertion: olderAssertion({}),
};

const glibc232: Profile = {
  ...glibc234,
  version: '2.32',
  cacheKey: 'address',
  cacheLengthCheck: false,
  memsetWraps: false,
};

const glibc231: Profile = {
  ...glibc232,
  version: '2.31',
  safeLinking: false,
  assertion: olderAssertion({ sysmalloc: 2379 }),
};

const glibc227: Profile = {
  ...glibc231,
  version: '2.27',
  cacheCountBytes: 1,
  cacheStructBytes: 576,
  cacheKey: 'none',
  testsOf229: false,
  largeInsertTests: false,
  mainThreadRequests: [576, 272],
  assertion: olderAssertion({}),
};

const glibc223: Profile = {
  ...glibc227,
  version: '2.23',
  state: stateLayout('no-fast bit'),
  cacheCountBytes: 0,
  cacheLength: 0,
  cacheStructBytes: 0,
  cacheClasses: 0,
  internalFreeToCache: false,
  unlinkTestsSize: false,
  consolidationTestsSize: false,
  mainThreadRequests: [272],
};

const glibc239: Profile = {
  ...glibc236,
  version: '2.39',
  reallocKeepsSpare: true,
  reallocKeepsPage: true,
  memalignFromCache: true,
  memalignMerges: true,
  fallbackRounding: 4096,
  assertion: assertionAt({}),
};

const glibc241: Profile = {
  ...glibc239,
  version: '2.41',
  callocFromCache: true,
  callocAsserts: false,
  smallFreeToSmallBin: true,
  assertion: assertionAt({ sysmalloc: 2601 }),
};

const glibc242: Profile = {
  ...glibc241,
  version: '2.42',
  cacheStructBytes: 760,
  cacheClasses: 76,
  cacheCountsPlaces: true,
  cacheMadeByMalloc: true,
  internalFreeToCache: false,
  stashTestsSize: true,
  smallestInsertCheck: true,
  mainThreadRequests: [760, 272],
  assertion: assertionAt({}),
};

const glibc243: Profile = {
  ...glibc242,
  version: '2.43',
  state: stateLayout('none'),
  cacheLength: 16,
  cacheMaxChunk: 0x410,
  cacheMadeByMalloc: false,
  stashTestsSize: false,
  reallocKeepsPage: false,
  memalignRoundsPast: true,
  mappingSpareBytes: 16,
  mappingOverheadBytes: 8,
  malloptConsolidates: false,
  mainThreadRequests: [272],
  assertion: assertionAt({ sysmalloc: 2371 }),
};

/** All profiles by version. */
export const profiles: Readonly<Record<GlibcVersion, Profile>> = {
  '2.23': glibc223,
  '2.27': glibc227,
  '2.31': glibc231,
  '2.32': glibc232,
  '2.34': glibc234,
  '2.36': glibc236,
  '2.39': glibc239,
  '2.41': glibc241,
  '2.42': glibc242,
  '2.43': glibc243,
};
