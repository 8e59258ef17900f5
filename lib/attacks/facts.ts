/** What an attacker must know of a C library's malloc: the facts that techniques are adapted to. */
import { type GlibcVersion, type Profile, profiles } from '../heap/index.ts';

/** Where the cache struct's parts stand, and what its counters count. */
export interface CacheLayout {
  /** Bytes of one counter: 1 (2.26 to 2.29) or 2. */
  countBytes: number;
  /** Bytes from the struct to its list heads. */
  headsAt: number;
  /** Lists. */
  classes: number;
  /** Counters hold free places (2.42+) instead of entries. */
  countsPlaces: boolean;
}

/** A version, as an attacker sees it. */
export interface Facts {
  version: GlibcVersion;
  /** 36 for 2.36. */
  minor: number;
  profile: Profile;
  /** The per-thread cache; null before 2.26. */
  cache: CacheLayout | null;
  /** Frees that fill one class of the cache; 0 without a cache. */
  fillers: number;
  hasFastbins: boolean;
  /** Links are mangled and tested for alignment. */
  safeLinking: boolean;
  /** calloc takes from the cache. */
  callocFromCache: boolean;
}

/** Versions whose table is made, oldest first: all that the heap can be. */
export const attackVersions: readonly GlibcVersion[] = (Object.keys(profiles) as GlibcVersion[]).toSorted(
  (a, b) => minorOf(a) - minorOf(b),
);

/**
 * @param profile a version, or one with defences in it
 * @returns what an attacker adapts to
 */
export function factsOf(profile: Profile): Facts {
  const minor = minorOf(profile.version);
  const hasCache = profile.cacheCountBytes > 0;
  return {
    version: profile.version,
    minor,
    profile,
    cache: hasCache ? cacheLayout(profile) : null,
    fillers: hasCache ? profile.cacheLength : 0,
    hasFastbins: profile.state.fastbins >= 0,
    safeLinking: profile.safeLinking,
    callocFromCache: profile.callocFromCache,
  };
}

function cacheLayout(profile: Profile): CacheLayout {
  const countBytes = profile.cacheCountBytes;
  return {
    countBytes,
    headsAt: countBytes * profile.cacheClasses,
    classes: profile.cacheClasses,
    countsPlaces: profile.cacheCountsPlaces,
  };
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/** @returns class of a chunk size in the cache */
export function classOf(chunk: number): number {
  return chunk / 16 - 2;
}
