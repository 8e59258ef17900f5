/**
 * The memory a heap works on and the constants of its profile, read by every room of the engine.
 *
 * Rule of the hot rooms: inaccessible memory reads as zero, and zero never passes a check. So they test cheap
 * conditions on 32-bit words, and only when one fails they call an `examine...` method, which repeats the
 * version's checks exactly, in order, with 64-bit arithmetic and simulated faults, and ends in an error.
 */
import { HeapError, type HeapErrorCode, type SampledBlocks } from '../core/index.ts';
import type { AddressSpace } from './address-space.ts';
import { MAIN_ARENA, MAX_FAST, NON_MAIN_ARENA, PERTURB, THREAD_WORDS } from './layout.ts';
import type { Profile } from './profile.ts';
import type { HeapClass } from './strict.ts';

/** What a heap is built from. */
export interface EngineSetup {
  profile: Profile;
  space: AddressSpace;
  /** The thread is not the main one: it has an arena of its own. */
  threaded: boolean;
  /** Threads that `enterThread` tells apart; 1 for a heap that is not asked about it. */
  threads: number;
  /** Cores of the simulated machine. */
  cores: number;
  /** 64 random bits of the process (2.34+). */
  key: bigint;
  /** Replaced limits of the cache, from tunables. */
  cacheLength: number;
  cacheMaxChunk: number;
  /** Binned chunks after which a scan with a cached fit stops; 0 = no limit. */
  cacheUnsortedLimit: number;
  /** The version's class when the heap is one of it as it is; undefined when switches have made another of it. */
  plainVariant?: HeapClass | undefined;
  /** Who keeps one of many blocks instead; only for `SampledHeap`. */
  sampled?: SampledBlocks | undefined;
}

/** Steps after which a loop that would never end natively is given up. */
export const loopLimit = 4_000_000;

/** Memory, constants and the two ways to stop. @internal */
export abstract class ArenaState {
  declare readonly profile: Profile;
  declare readonly space: AddressSpace;
  /** The window as 32-bit words, 16-bit words and bytes. */
  declare readonly w: Uint32Array;
  declare readonly h: Uint16Array;
  declare readonly b: Uint8Array;
  /** High half of every address in the window. */
  declare readonly hi: number;
  /** Bits of `hi` that a mangled link has in its low half, `hi >>> 12` in its high half; 0 without mangling. */
  declare readonly mangleLo: number;
  declare readonly mangleHi: number;
  /** -1 with safe-linking, 0 without. */
  declare readonly linkMask: number;
  /** Alignment a link must have: 15 with safe-linking, 0 without. */
  declare readonly linkAlign: number;
  declare threaded: boolean;
  declare readonly plainVariant: HeapClass | undefined;
  /** Chunks below this size are freed straight into their small bin: 1024, or 0 in versions that do not. */
  declare readonly directBelow: number;
  /** Flag bits that send a free to the slow path. */
  declare slowFreeFlags: number;
  /** The key of cached blocks as two signed halves, so that V8 keeps them as small integers. */
  declare keyLo: number;
  declare keyHi: number;
  /** The cache struct (its user pointer), 0 while there is none. */
  declare tcache: number;
  /** Where this thread's words stand (layout.ts). */
  declare threadWords: number;
  /** Arena of this thread, 0 before its first use. */
  declare arena: number;
  /** True while the cache struct is being allocated or given back. */
  declare cacheDisabled: boolean;
  /** The last allocation ended with a fit that its scan had just cached. */
  declare isStashed: boolean;
  declare readonly cacheLength: number;
  declare readonly cacheMaxChunk: number;
  declare readonly cacheMaxRequest: number;
  /** Header words of chunks that the cache takes are below it, flags P, M and A set or not. */
  declare readonly cacheEndRaw: number;
  declare readonly cacheUnsortedLimit: number;
  /** Offsets in the state struct; `bins` is where bin 0's head would be seen as a chunk. */
  declare readonly topAt: number;
  declare readonly lastRemainderAt: number;
  declare readonly headsAt: number;
  declare readonly binmapAt: number;
  declare readonly systemMemAt: number;
  declare readonly fastbinsAt: number;
  declare readonly haveFastAt: number;
  /** The bits at `haveFastAt` that tell about fast chunks, and what they are when there are none. */
  declare readonly fastMask: number;
  declare readonly noFast: number;
  declare readonly unsortedAt: number;
  /** Words of two parameters. */
  declare readonly maxFastWord: number;
  declare readonly perturbWord: number;

  constructor(setup: EngineSetup) {
    const { profile, space, key } = setup;
    const buffer = space.source.buffer;
    this.profile = profile;
    this.space = space;
    this.w = new Uint32Array(buffer);
    this.h = new Uint16Array(buffer);
    this.b = new Uint8Array(buffer);
    this.hi = Number(space.source.baseAddress >> 32n);
    this.linkMask = profile.safeLinking ? -1 : 0;
    this.linkAlign = profile.safeLinking ? 15 : 0;
    this.mangleLo = profile.safeLinking ? this.hi << 20 : 0;
    this.mangleHi = profile.safeLinking ? this.hi >>> 12 : 0;
    this.threaded = setup.threaded;
    this.directBelow = profile.smallFreeToSmallBin ? 1024 : 0;
    this.slowFreeFlags = setup.threaded ? 10 : 14;
    this.keyLo = Number(key & 0xffff_ffffn) | 0;
    this.keyHi = Number(key >> 32n) | 0;
    this.plainVariant = setup.plainVariant;
    this.tcache = 0;
    this.threadWords = THREAD_WORDS;
    this.arena = setup.threaded ? 0 : MAIN_ARENA;
    this.cacheDisabled = false;
    this.isStashed = false;
    this.cacheLength = setup.cacheLength;
    this.cacheMaxChunk = setup.cacheMaxChunk;
    this.cacheMaxRequest = setup.cacheMaxChunk - 8;
    this.cacheEndRaw = setup.cacheMaxChunk + 8;
    this.cacheUnsortedLimit = setup.cacheUnsortedLimit;
    const layout = profile.state;
    this.topAt = layout.top;
    this.lastRemainderAt = layout.lastRemainder;
    this.headsAt = layout.bins - 32;
    this.unsortedAt = layout.bins - 16;
    this.binmapAt = layout.binmap;
    this.systemMemAt = layout.systemMem;
    this.fastbinsAt = layout.fastbins;
    this.haveFastAt = layout.haveFast;
    this.fastMask = layout.isNoFastBit ? 1 : -1;
    this.noFast = layout.isNoFastBit ? 1 : 0;
    this.maxFastWord = MAX_FAST >>> 2;
    this.perturbWord = PERTURB >>> 2;
  }

  /** Ends the call as glibc's abort does. */
  abort(message: string, pointer: number, expected?: bigint | number, actual?: bigint | number): never {
    throw new HeapError(codeOf(message), message, {
      pointer,
      ...(expected === undefined ? {} : { expected }),
      ...(actual === undefined ? {} : { actual }),
    });
  }

  /** Ends the call as a segmentation fault does. */
  fault(address: bigint | number): never {
    const text = `0x${address.toString(16)}`;
    throw new HeapError('ERR_HEAP_FAULT', `segmentation fault at ${text}`, { actual: address });
  }

  /** Ends a loop that glibc would never leave. */
  hang(pointer: number): never {
    throw new HeapError('ERR_HEAP_FAULT', 'TIMEOUT: this loop never ends', { pointer });
  }

  /** Throws when the heap was destroyed. */
  requireOpen(): void {
    if (this.w.length === 0) throw new HeapError('ERR_HEAP_CLOSED', 'the heap was destroyed');
  }

  /** @returns the real address of a window offset */
  real(offset: number): bigint {
    return (BigInt(this.hi) << 32n) | BigInt(offset);
  }

  /**
   * @returns the window offset of a real address
   * @throws HeapError ERR_HEAP_FAULT when it is outside the window
   */
  offsetOf(address: bigint): number {
    const wrapped = BigInt.asUintN(64, address);
    if (Number(wrapped >> 32n) !== this.hi) this.fault(wrapped);
    return Number(wrapped & 0xffff_ffffn);
  }

  /**
   * Reads a 64-bit word anywhere, aligned or not.
   * @throws HeapError ERR_HEAP_FAULT where the real machine would fault
   */
  peek(address: bigint): bigint {
    const at = this.reach(address);
    let value = 0n;
    for (let k = 7; k >= 0; k--) value = (value << 8n) | BigInt(this.b[at + k]);
    return value;
  }

  /** Writes a 64-bit word anywhere; faults as `peek` does. */
  poke(address: bigint, value: bigint): void {
    const at = this.reach(address);
    for (let k = 0; k < 8; k++) this.b[at + k] = Number((value >> BigInt(8 * k)) & 0xffn);
  }

  /** @returns the window offset of 8 accessible bytes */
  reach(address: bigint): number {
    const at = this.offsetOf(address);
    if (!this.space.isAccessible(at, 8)) this.fault(BigInt.asUintN(64, address));
    return at;
  }

  /** @returns a 64-bit word of libc data or heap_info as a number; beyond 2^53 not exact */
  word(offset: number): number {
    const i = offset >>> 2;
    return this.w[i] + this.w[i + 1] * 0x1_0000_0000;
  }

  /** Writes a 64-bit word of libc data or heap_info from a number below 2^53. */
  setWord(offset: number, value: number): void {
    const i = offset >>> 2;
    this.w[i] = value;
    this.w[i + 1] = Math.floor(value / 0x1_0000_0000);
  }

  /** Writes a pointer into the window; 0 is null. */
  setPointer(offset: number, pointer: number): void {
    const i = offset >>> 2;
    this.w[i] = pointer;
    this.w[i + 1] = pointer === 0 ? 0 : this.hi;
  }

  /** @returns the flag that chunks of an arena carry: A for a thread arena */
  arenaFlag(av: number): number {
    return av === MAIN_ARENA ? 0 : NON_MAIN_ARENA;
  }

  /** @returns 64 binary digits with only the low `n` bits kept, as arithmetic in C does */
  wrap(value: bigint): bigint {
    return BigInt.asUintN(64, value);
  }
}

function codeOf(message: string): HeapErrorCode {
  if (message.includes('double free')) return 'ERR_HEAP_DOUBLE_FREE';
  if (message.endsWith('invalid pointer') || message === 'free(): invalid size')
    return 'ERR_HEAP_INVALID_POINTER';
  return 'ERR_HEAP_CORRUPTED';
}
