/**
 * The boundary: exactly what the addon (native/addon.cc) exports. Numbers in; a value, a handle or `-errno`
 * out. Nothing here decides: no rounding, no default, no retry. Offsets and lengths are bytes and pass through
 * unrounded, so a call can be refused with the system's own EINVAL.
 *
 * A handle owns one address range. Everything that acts on pages names a handle and a byte range inside it;
 * a range that leaves the mapping, or a handle already unmapped, throws RangeError / Error before any call.
 */

import type { NativeFaults } from './native-faults.ts';

/** Opaque owner of one mapped range; unmapped when it and all its buffers are gone. */
export interface NativeMapping {
  readonly __nativeMapping: unique symbol;
}

/** A refused call: the errno, negative. */
export type NegativeErrno = number;

/** One timed case of `timeSystemCall`. */
export interface NativeTiming {
  /** Nanoseconds per operation, one number per batch, loop and clock cost subtracted. */
  samplesNs: Float64Array;
  /** After each batch, nanoseconds of a loop that is always the same: how fast the processor was at that moment. */
  pacesNs: Float64Array;
  /** Operations per batch. */
  batchSize: number;
  /** True where one operation takes so long that processor time was taken, not time on the clock. */
  byProcessorTime: boolean;
  /** Involuntary context switches while it ran. */
  involuntarySwitches: number;
  /** Time on the clock and processor time of the whole run: how busy the machine was with other things. */
  wallNs: number;
  processorNs: number;
}

/** A counter that goes at one rate whatever the core's clock does. */
export interface NativeCycleCounter {
  name: string;
  hertz: number;
}

/** What may be crossed for. */
export interface NativeCrossings {
  bare(): void;
  addonApi(): void;
  number(value: number): number;
  bigint(value: bigint): bigint;
  /** Throws, always. */
  fail(): never;
  /** getppid. */
  parentId(): number;
}

/** What the addon exports. */
export interface NativeAddon extends NativeFaults {
  /** PROT_*, MAP_*, MADV_*, MS_*, MREMAP_*, MFD_*, F_SEAL_*, as this platform's headers have them; absent if not. */
  readonly constants: Readonly<Record<string, number>>;
  pageSize(): number;

  /** Throws RangeError for MAP_FIXED: it would replace what stands there, be it another handle's. */
  mmap(
    address: bigint,
    lengthBytes: number,
    protection: number,
    flags: number,
    fd: number,
    offsetBytes: number,
  ): NativeMapping | NegativeErrno;
  address(mapping: NativeMapping): bigint;
  byteLength(mapping: NativeMapping): number;
  /**
   * A new external ArrayBuffer over a part of the mapping. Several may exist; unmapping detaches them all.
   * Throws an Error with code ERR_EXTERNAL_BUFFERS_NOT_ALLOWED where the build of Node forbids them.
   */
  buffer(mapping: NativeMapping, offsetBytes: number, lengthBytes: number): ArrayBuffer;
  /**
   * The same for address space that is reserved and mostly never touched: the garbage collector is not told that it
   * keeps `lengthBytes` of memory alive (it would collect at each such call), where the engine lets that be.
   */
  reservationBuffer(mapping: NativeMapping, offsetBytes: number, lengthBytes: number): ArrayBuffer;
  /** Detaches every buffer, then unmaps, once. -EBUSY, and nothing done, when a buffer was transferred away. */
  munmap(mapping: NativeMapping): 0 | NegativeErrno;
  /**
   * Moves or resizes; old buffers are detached on success only. -EBUSY as munmap. -ENOSYS without mremap. Throws
   * RangeError for MREMAP_FIXED and MREMAP_DONTUNMAP.
   */
  mremap(mapping: NativeMapping, lengthBytes: number, flags: number): 0 | NegativeErrno;

  /** A number by which other threads of this process attach to the range; the same at each call. */
  shareRange(mapping: NativeMapping): bigint;
  /** A handle of this thread's own on a shared range; -ENOENT when everybody has left it. */
  attachRange(number: bigint): NativeMapping | NegativeErrno;
  /**
   * Detaches this handle's buffers and leaves the range; the last one unmaps it. The number of others left, or -EBUSY
   * as munmap. Later calls with the handle throw.
   */
  detachRange(mapping: NativeMapping): number;
  /**
   * When the handle ends without having left (its thread is gone): the 32-bit word at `stateOffset` turns from `alive`
   * to -1, and the one at `countOffset` goes up by one.
   */
  noteEnd(mapping: NativeMapping, stateOffset: number, alive: number, countOffset: number): void;

  mprotect(mapping: NativeMapping, offset: number, length: number, protection: number): 0 | NegativeErrno;
  madvise(mapping: NativeMapping, offset: number, length: number, advice: number): 0 | NegativeErrno;
  msync(mapping: NativeMapping, offset: number, length: number, flags: number): 0 | NegativeErrno;
  mlock(mapping: NativeMapping, offset: number, length: number): 0 | NegativeErrno;
  munlock(mapping: NativeMapping, offset: number, length: number): 0 | NegativeErrno;
  /** Fills one byte per page: bit 0 = resident. */
  mincore(mapping: NativeMapping, offset: number, length: number, out: Uint8Array): 0 | NegativeErrno;
  /** Names an anonymous range for the process map (Linux prctl PR_SET_VMA_ANON_NAME). */
  nameRange(mapping: NativeMapping, offset: number, length: number, name: string): 0 | NegativeErrno;

  /** A file that lives in memory: memfd_create, or an unlinked shm_open object where there is none. */
  memoryFile(name: string, flags: number): number | NegativeErrno;
  /** fcntl F_ADD_SEALS. -ENOSYS where the platform has no seals. */
  addSeals(fd: number, seals: number): 0 | NegativeErrno;
  /** flock: the one lock of an open file, until it is closed. -EWOULDBLOCK when another opening holds it. */
  lockFile(fd: number): 0 | NegativeErrno;
  /** posix_fallocate: blocks for bytes of a file, so that no store to them can find the disk full. */
  allocateFile(fd: number, offsetBytes: number, lengthBytes: number): 0 | NegativeErrno;
  /** Gives blocks of a file back; the bytes read as zero. -ENOTSUP where there is no such call. */
  punchFile(fd: number, offsetBytes: number, lengthBytes: number): 0 | NegativeErrno;
  /** Puts pages of a file, or empty private ones (fd -1), in the place of pages of a range: one mmap. */
  mapInto(
    mapping: NativeMapping,
    offset: number,
    length: number,
    fd: number,
    fileOffsetBytes: number,
  ): 0 | NegativeErrno;

  /** The program break now, sbrk(0). */
  programBreak(): bigint | NegativeErrno;
  /**
   * sbrk(bytes) as a handle, zero-filled. Refuses (-EBUSY) when the break moved while it was called; the handle
   * never unmaps by itself.
   */
  growBreak(bytes: number): NativeMapping | NegativeErrno;
  /**
   * Makes a grown range longer at its end; its buffers stay valid. -EBUSY, and nothing done, unless the break is
   * exactly the end of the range.
   */
  extendBreak(mapping: NativeMapping, bytes: number): 0 | NegativeErrno;
  /**
   * Gives the last `bytes` of a grown range back: detaches its buffers, then sbrk(-bytes). -EBUSY, and nothing
   * done, unless the break is exactly the end of the range.
   */
  shrinkBreak(mapping: NativeMapping, bytes: number): 0 | NegativeErrno;

  /** malloc of the process itself, for measuring. Returns the address; 0 for no memory. */
  nativeMalloc(sizeBytes: number): number;
  /** free of the process itself: an address that `nativeMalloc` did not give ends the process. */
  nativeFree(address: number): void;

  /** Functions of the addon that a `Visitor` may hold, and `openVault`, which none should. For lesson 8. */
  readonly functionAddresses: Readonly<Record<'welcome' | 'nod' | 'openVault', bigint>>;
  /**
   * Writes a `Visitor` of 16 bytes at an address: `greet` (the function, at first `welcome`), `voice`; and its voice of 32
   * bytes at another: `calls`, 24 bytes of `said`. Addresses are believed here and in the next three: a wrong one ends
   * the process.
   */
  makeVisitor(address: bigint, voice: bigint): void;
  /** Calls whatever function the visitor's `greet` leads to. @returns the calls of its voice */
  greetVisitor(address: bigint): number;
  /** The same if `greet` is `welcome` or `nod`; else -EPERM, and nothing is called. */
  greetVisitorChecked(address: bigint): number | NegativeErrno;
  /** The C library's strcpy. */
  bareStrcpy(to: bigint, from: bigint): void;

  /** Names of the cases `timeSystemCall` knows on this platform. */
  readonly timedCases: readonly string[];
  /**
   * Times one case in batches of about 20 to 50 us, in C++. Stops after `budgetMs` if that comes first, with three
   * samples at least. A refused call throws.
   */
  timeSystemCall(name: string, batches: number, budgetMs: number): NativeTiming;
  /** Nanoseconds of a loop that is always the same, about a microsecond: how fast the processor is at this moment. */
  paceNs(): number;
  /**
   * Keeps the calling thread, and what it starts from now on, to one of the processors it may use, counted round; -1 lets
   * it go. 0, or -ENOTSUP where a program cannot choose.
   */
  keepToProcessor(index: number): 0 | NegativeErrno;
  /** Name and rate of the processor's cycle counter; null where a program may not read one. Takes 10 ms. */
  cycleCounter(): NativeCycleCounter | null;
  /** Functions that do next to nothing, for timing the way to the addon: bare Node-API but for `addonApi`. */
  readonly crossings: NativeCrossings;
}
