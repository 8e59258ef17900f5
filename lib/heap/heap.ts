/** How a heap is made: a profile, a window, and the class that fits both. */
import {
  ArgumentError,
  alignUp,
  GiB,
  MiB,
  requireInteger,
  requireOneOf,
  type SampledBlocks,
  type WindowSource,
} from '../core/index.ts';
import { bufferWindow } from './buffer-window.ts';
import { CountedCache } from './counted-cache.ts';
import { type Defence, defences, hardenedProfile, withDefences } from './defences/index.ts';
import { FIRST_SLOT } from './layout.ts';
import type { GlibcVersion, Profile } from './profile.ts';
import { profiles } from './profiles.ts';
import { SampledHeap } from './sampled.ts';
import { applyTunables, defaultStart, initialise, layOut, type Tunables } from './setup.ts';
import type { SharedHeapHandle } from './shared/handle.ts';
import { attachHeap } from './shared/share.ts';
import type { EngineSetup } from './state.ts';
import { strict } from './strict.ts';
import type { Surface } from './surface.ts';
import {
  ByteHeap,
  EarlyPlacesHeap,
  firstHeapClass,
  GlibcHeap,
  MainHeap,
  NoCacheHeap,
  PlacesHeap,
  PlainHeap,
} from './variants.ts';

/** What kind of heap to make. */
export interface HeapOptions {
  /** C library to be. @defaultValue '2.36' */
  glibc?: GlibcVersion;
  /** The main thread's arena (grown by the break), or another thread's (64 MiB heaps). @defaultValue 'main' */
  arena?: 'main' | 'thread';
  /**
   * Several threads, the main one included, which `enterThread` tells apart: 2 or more. The main one begins.
   * @defaultValue one thread, on `arena`
   */
  threads?: number;
  /** Cores of the machine that is simulated: with several threads, 8 arenas for each. @defaultValue 1 */
  cores?: number;
  /** Where the pages come from. @defaultValue a plain ArrayBuffer */
  source?: WindowSource;
  /** Most bytes taken from the source at one time. @defaultValue 512 MiB, or what the source has */
  limitBytes?: number;
  /** Catch at the call what glibc lets pass. @defaultValue false */
  strict?: boolean;
  /** Start-up parameters by their glibc.malloc names. */
  tunables?: Tunables;
  /** The 64 random bits that mark cached blocks (2.34+). @defaultValue random */
  key?: bigint;
  /**
   * Window offset of the arena's first heap, a multiple of the page size, of 64 MiB for a thread's.
   * @defaultValue where the first top ends at a border of 2 MiB; a thread's behind a quarter of the window
   */
  heapStart?: number;
  /** Defences that the version lacks, or no version has. @defaultValue none */
  defences?: readonly Defence[];
  /** Ask memory for the cache's limit, as the C library does: a wild write may reach it. @defaultValue false */
  limitsInMemory?: boolean;
  /**
   * Use the code of all heaps even for a thread's first one, which otherwise gets code with its window's address in it:
   * some 5 % faster, but a loop over several heaps then meets two classes, which costs it 1 or 2 %.
   * @defaultValue false
   */
  sharedCode?: boolean;
  /** Blocks kept elsewhere in the window, for one thread on 2.32 to 2.41 without switches. @defaultValue none */
  sampling?: HeapSampling;
}

/** Some blocks of a heap are somebody else's. */
export interface HeapSampling {
  blocks: SampledBlocks;
  /** Adds to the heap's class what their keeper knows of them. The same function gives the same class. */
  extend: (base: typeof SampledHeap) => typeof SampledHeap;
}

/** glibc's malloc over a window. */
export type Heap = Surface;

type Variant = new (setup: EngineSetup) => CountedCache;
type CacheLimits = Pick<EngineSetup, 'cacheLength' | 'cacheMaxChunk' | 'cacheUnsortedLimit'>;
/** Classes made so far, by the switches that are on: V8 optimises a class, not a combination of switches. */
const madeVariants = new Map<string, Variant>();
const sampledVariants = new Map<HeapSampling['extend'], WeakMap<Variant, Variant>>();

let isFirst = true;

/** Makes heaps, and tells them apart: `Heap.create()`, `x instanceof Heap`. */
export const Heap: {
  create(options?: HeapOptions): Heap;
  attach(handle: SharedHeapHandle, source: WindowSource): Heap;
  [Symbol.hasInstance](value: unknown): value is Heap;
} = {
  /**
   * Makes a heap.
   * @param options all have defaults
   * @returns an empty heap
   * @throws ArgumentError when an option cannot be meant
   */
  create(options: HeapOptions = {}): Heap {
    const chosen = requireDefences(options.defences ?? []);
    const glibc = requireOneOf('glibc', options.glibc ?? '2.36', Object.keys(profiles) as GlibcVersion[]);
    const profile = hardenedProfile(profiles[glibc], chosen);
    const isSecond = requireOneOf('arena', options.arena ?? 'main', ['main', 'thread'] as const) === 'thread';
    const threads = requireThreads(options.threads, isSecond);
    // Room for thread heaps beside the break.
    const threaded = isSecond || threads > 1;
    const limit = requireInteger('limitBytes', options.limitBytes ?? (options.source ? 4 * GiB : 512 * MiB));
    const source = options.source ?? bufferWindow({ sizeBytes: windowBytes(limit, threaded) });
    const heapStart = requireStart(
      options.heapStart ?? defaultStart(source.sizeBytes, threaded),
      threaded,
      source.pageSizeBytes,
    );
    if (source.sizeBytes < heapStart + (threaded ? FIRST_SLOT : MiB)) {
      throw new ArgumentError(
        'ERR_OUT_OF_RANGE',
        'source',
        'a window with room for a heap',
        source.sizeBytes,
      );
    }
    const { sampling } = options;
    const family = familyOf(profile);
    const limits = cacheLimits(profile, options.tunables ?? {});
    const plain = variantOf(profile, options, chosen);
    const isPlain = plain === family && threads === 1;
    const swift = isPlain && !threaded && isUsual(profile, limits) ? MainHeap : plain;
    if (sampling) requireSampleable(swift, threads);
    const space = layOut(source, limit, threaded, heapStart);
    const chosenVariant = options.sharedCode ? swift : firstVariant(swift, source.buffer);
    const heap = new (sampling ? sampledVariant(chosenVariant, sampling) : chosenVariant)({
      profile,
      plainVariant: isPlain && !sampling ? family : undefined,
      sampled: sampling?.blocks,
      space,
      threaded: isSecond,
      threads,
      cores: requireInteger('cores', options.cores ?? 1, { minimum: 1, maximum: 65_536 }),
      key: options.key ?? randomKey(),
      ...limits,
    });
    initialise(heap);
    applyTunables(heap, options.tunables ?? {});
    heap.startThreads(threads - 1);
    return heap;
  },
  /**
   * Comes to a heap that another thread shared: the same memory, a cache and an arena of this thread's own.
   * @param handle what `heap.share()` gave
   * @param source the handle's window, through ArrayBuffers of this thread
   * @returns the heap; `detach` ends this thread's use of it
   * @throws HeapError ERR_HEAP_NOT_SHAREABLE when 64 threads are attached
   */
  attach(handle: SharedHeapHandle, source: WindowSource): Heap {
    return attachHeap(handle, source, familyOf(profiles[handle.glibc]));
  },
  [Symbol.hasInstance]: (value: unknown): value is Heap => value instanceof CountedCache,
};

/** @returns the class of the version's family: each has its own way of keeping freed blocks for a thread */
export function familyOf(profile: Profile): Variant {
  if (profile.cacheCountBytes === 0) return NoCacheHeap;
  if (profile.cacheCountBytes === 1) return ByteHeap;
  if (profile.cacheCountsPlaces) return profile.cacheMadeByMalloc ? EarlyPlacesHeap : PlacesHeap;
  return profile.safeLinking ? GlibcHeap : PlainHeap;
}

function variantOf(profile: Profile, options: HeapOptions, defences: readonly Defence[]): Variant {
  const { strict: isStrict = false, limitsInMemory = false } = options;
  const variant = familyOf(profile);
  if (!isStrict && !limitsInMemory && defences.length === 0) return variant;
  const name = [variant.name, isStrict, limitsInMemory, profile.cacheKey, ...defences.toSorted()].join(' ');
  let made = madeVariants.get(name);
  if (made === undefined) {
    made = withDefences(variant, profile, defences, limitsInMemory);
    if (isStrict) made = strict(made);
    madeVariants.set(name, made);
  }
  return made;
}

/** @returns true for what `MainHeap` was written out for */
function isUsual(profile: Profile, limits: CacheLimits): boolean {
  const { cacheLength, cacheMaxChunk } = profile;
  const isSame = limits.cacheLength === cacheLength && limits.cacheMaxChunk === cacheMaxChunk;
  return profile.version === '2.36' && isSame && limits.cacheUnsortedLimit === 0;
}

/** @returns the class written out for one heap when this is the first it fits, or the same class */
function firstVariant(plain: Variant, window: ArrayBuffer): Variant {
  if (plain !== MainHeap || !isFirst) return plain;
  isFirst = false;
  return firstHeapClass(new Uint32Array(window), new Uint16Array(window));
}

function requireSampleable(plain: Variant, threads: number): void {
  if ((plain === GlibcHeap || plain === MainHeap) && threads === 1) return;
  const expected = 'one thread on glibc 2.32 to 2.41, without switches';
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'sampling', expected, plain.name);
}

function sampledVariant(plain: Variant, { extend }: HeapSampling): Variant {
  const known = sampledVariants.get(extend)?.get(plain);
  if (known) return known;
  const made = class extends extend(SampledHeap) {};
  // What the package's `MainHeap` and `FirstHeap` have written out themselves.
  if (plain !== GlibcHeap) {
    const { constructor: _, ...long } = Object.getOwnPropertyDescriptors(plain.prototype);
    Object.defineProperties(made.prototype, long);
  }
  const ofExtend = sampledVariants.get(extend) ?? new WeakMap<Variant, Variant>();
  sampledVariants.set(extend, ofExtend.set(plain, made));
  return made;
}

function requireDefences(names: readonly Defence[]): readonly Defence[] {
  const known = Object.keys(defences) as Defence[];
  return [...new Set(names.map((name) => requireOneOf('defences', name, known)))];
}

/** @returns the number of threads, 1 when there is only the one that `arena` names */
function requireThreads(threads: number | undefined, isSecond: boolean): number {
  if (threads === undefined) return 1;
  const count = requireInteger('threads', threads, { minimum: 2, maximum: 65_536 });
  if (!isSecond) return count;
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'arena', "'main' with several threads", 'thread');
}

function requireStart(heapStart: number, threaded: boolean, pageBytes: number): number {
  const minimum = threaded ? 2 * FIRST_SLOT : FIRST_SLOT;
  const start = requireInteger('heapStart', heapStart, { minimum, maximum: 4 * GiB - FIRST_SLOT });
  if (start % (threaded ? FIRST_SLOT : pageBytes) === 0) return start;
  const expected = threaded ? 'a multiple of 64 MiB' : 'a multiple of the page size';
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'heapStart', expected, heapStart);
}

/** A thread arena shares its window with the main arena: each gets room for the limit. */
function windowBytes(limitBytes: number, threaded: boolean): number {
  const room = alignUp(Math.min(limitBytes, 4 * GiB), FIRST_SLOT) + FIRST_SLOT;
  return Math.min(4 * GiB, FIRST_SLOT + room * (threaded ? 2 : 1));
}

/** @returns the cache's limits as a version has them, or as tunables change them */
export function cacheLimits(profile: Profile, tunables: Tunables): CacheLimits {
  const { tcache_count: count, tcache_max: max, tcache_unsorted_limit: limit } = tunables;
  const mostCount = { minimum: 0, maximum: 65535 };
  const mostBytes = { minimum: 0, maximum: 1032 };
  const asked = max === undefined ? 0 : requireInteger('tunables.tcache_max', max, mostBytes);
  return {
    cacheLength:
      count === undefined ? profile.cacheLength : requireInteger('tunables.tcache_count', count, mostCount),
    cacheMaxChunk: max === undefined ? profile.cacheMaxChunk : Math.max(32, (asked + 23) & ~15),
    cacheUnsortedLimit: limit === undefined ? 0 : requireInteger('tunables.tcache_unsorted_limit', limit),
  };
}

/** Any number does that a program is unlikely to write; `crypto` would take 7 ms to load. */
export function randomKey(): bigint {
  const word = (): bigint => BigInt(Math.floor(Math.random() * 2 ** 32));
  return (word() << 32n) | word();
}
