/** How a guarded heap is made: its options, checked and filled in. */
import {
  type Allocator,
  ArgumentError,
  alignDown,
  type FaultPolicy,
  faultPolicies,
  GiB,
  isPowerOfTwo,
  MiB,
  requireInteger,
  requireOneOf,
  SAMPLED_START,
  type SampledBlocks,
  type WindowSource,
} from '../core/index.ts';
import { pageSize } from '../posix/index.ts';
import type { SampledClass } from './sampled-heap.ts';

/** Against which of its two guards a block lies. */
export type GuardSide = 'right' | 'left' | 'random';

/** How a guarded heap is made. */
export interface GuardedHeapOptions {
  /** `right`: an overflow meets the guard at once; `left`: an underflow does. @defaultValue 'right' */
  side?: GuardSide;
  /**
   * Bytes, a power of two from 1 to the page size. 1 leaves no slack: the first byte behind any block is the guard's.
   * @defaultValue 16, as malloc
   */
  alignment?: number;
  /** What a hit does. @defaultValue 'die' */
  policy?: FaultPolicy;
  /** Freed blocks are not used again before this many bytes of pages were freed after them. @defaultValue 16 MiB */
  quarantineBytes?: number;
  /** The same in blocks; whichever limit is reached first counts. @defaultValue 4096 */
  quarantineSlots?: number;
  /**
   * One in this many allocations is guarded, at random; the others go to a plain heap, and so do all blocks of more
   * than a page, which hand their turn on to one of the next. @defaultValue 1: all are guarded, of any size
   */
  sampleRate?: number;
  /**
   * With a sample rate above 1: most of the time that whole guarding may take, 0.001 to 1; 1: no limit. Whole guarding
   * keeps both stacks and closes a block's page when it is freed. Samples beyond the share are guarded as well, an
   * overflow is caught at once; but they have no stacks, their times are about, of their slack 16 bytes before and up to
   * 16 behind are looked at, and a freed one stays open until up to 1,024 others were given out: a write into its first
   * 16 bytes is found then, a read is not.
   * Without lightweight guards (Linux 6.13), and with `maxSlots` below 8, they go to the plain heap. @defaultValue 0.001
   */
  sampleShare?: number;
  /** Most blocks guarded at a time, those in quarantine included. @defaultValue as many as the window holds */
  maxSlots?: number;
  /**
   * Most bytes of address space for guarded blocks, guards included; the plain heap beside them gets the same.
   * @defaultValue 4 GiB; beside a plain heap 0.5 GiB, and 1.5 GiB for that heap
   */
  limitBytes?: number;
  /** Frames kept of each allocation's and each free's stack; 0: none are caught. @defaultValue 8 */
  stackFrames?: number;
  /** Fill fresh blocks with 0xcd, freed ones with 0xdd where their contents stay. @defaultValue true */
  fill?: boolean;
  /** Look at the slack of all live blocks when the process ends. @defaultValue true */
  checkAtExit?: boolean;
  /** Shown in reports and in the process map. @defaultValue 'guarded heap' */
  name?: string;
  /** How pages are closed. @defaultValue the cheaper one that the kernel has */
  method?: 'lightweight' | 'mprotect';
  /** For `side: 'random'` and sampling. @defaultValue random */
  seed?: number;
}

/**
 * Makes the plain heap for allocations that are not guarded, on the lower part of the window: a heap that offers some
 * of them to `sampling.blocks`, of a class that `sampling.extend` has made of its own.
 */
export type InnerHeap = (source: WindowSource, limitBytes: number, sampling: Sampling) => Allocator;

/** What the plain heap needs. */
export interface Sampling {
  blocks: SampledBlocks;
  extend: <T extends SampledClass>(base: T) => T;
}

/** Options, checked. */
export interface GuardedSettings extends Required<Omit<GuardedHeapOptions, 'method'>> {
  method: 'lightweight' | 'mprotect' | undefined;
  /** Larger blocks are not guarded. */
  sampleBytes: number;
  /** Most slots in racks, for samples beyond the share. */
  rackSlots: number;
  /** Some allocations go elsewhere. */
  isSampled: boolean;
  /** Most bytes of the plain heap. */
  innerLimitBytes: number;
  /** Slots lie in [slotsStart, slotsEnd) of the window. */
  slotsStart: number;
  slotsEnd: number;
  windowBytes: number;
}

/**
 * A sampled heap's window, the plain heap's part of it below SAMPLED_START. Its pointers stay below 2^31: the engine's
 * small integers, so that a program does not pay for pointers of two kinds.
 */
const sampledWindowBytes: number = 2 * GiB;

/**
 * Checks options and fills in what was left out.
 * @throws ArgumentError
 */
export function readOptions(options: GuardedHeapOptions): GuardedSettings {
  const page = pageSize();
  const alignment = requireInteger('alignment', options.alignment ?? 16, { minimum: 1, maximum: page });
  if (!isPowerOfTwo(alignment)) {
    throw new ArgumentError('ERR_OUT_OF_RANGE', 'alignment', 'a power of two', options.alignment);
  }
  const sampleRate = requireInteger('sampleRate', options.sampleRate ?? 1, { minimum: 1, maximum: 2 ** 30 });
  const isSampled = sampleRate > 1 || options.maxSlots !== undefined;
  const windowBytes = isSampled ? sampledWindowBytes : 4 * GiB;
  const slotsStart = isSampled ? SAMPLED_START : 0;
  const room = windowBytes - slotsStart;
  const bounds = { minimum: 3 * page, maximum: room };
  const limitBytes = alignDown(requireInteger('limitBytes', options.limitBytes ?? room, bounds), page);
  // The smallest slot is one page between two guards.
  const mostSlots = Math.floor(limitBytes / (3 * page));
  const maxSlots = Math.min(
    mostSlots,
    requireInteger('maxSlots', options.maxSlots ?? mostSlots, { minimum: 1 }),
  );
  const sampleShare = sampleRate > 1 ? requireShare(options.sampleShare ?? 0.001) : 1;
  return {
    side: requireOneOf('side', options.side ?? 'right', ['right', 'left', 'random'] as const),
    alignment,
    policy: requireOneOf('policy', options.policy ?? 'die', faultPolicies),
    quarantineBytes: requireInteger('quarantineBytes', options.quarantineBytes ?? 16 * MiB),
    quarantineSlots: requireInteger('quarantineSlots', options.quarantineSlots ?? 4096),
    sampleRate,
    sampleShare,
    rackSlots: sampleShare < 1 ? Math.floor(maxSlots / 2) : 0,
    sampleBytes: sampleRate > 1 ? page : windowBytes,
    maxSlots,
    limitBytes,
    stackFrames: requireInteger('stackFrames', options.stackFrames ?? 8, { maximum: 64 }),
    fill: options.fill ?? true,
    checkAtExit: options.checkAtExit ?? true,
    name: options.name ?? 'guarded heap',
    method: options.method && requireOneOf('method', options.method, ['lightweight', 'mprotect'] as const),
    seed: requireInteger('seed', options.seed ?? Math.floor(Math.random() * 2 ** 32)),
    isSampled,
    innerLimitBytes: options.limitBytes === undefined ? SAMPLED_START : limitBytes,
    slotsStart,
    slotsEnd: slotsStart + limitBytes,
    windowBytes,
  };
}

function requireShare(share: number): number {
  if (typeof share === 'number' && share >= 0.001 && share <= 1) return share;
  throw new ArgumentError('ERR_OUT_OF_RANGE', 'sampleShare', 'a number from 0.001 to 1', share);
}
