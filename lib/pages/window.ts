/**
 * The arena window: address space whose start is a multiple of 4 GiB, reserved without access, made accessible
 * from its start on.
 *
 *   start = k * 4 GiB                                            start + reservedBytes (up to 4 GiB)
 *   |------ accessibleBytes, one ArrayBuffer ------|------------ PROT_NONE ------------|
 *
 * So the low 32 bits of every address inside are its offset, and the high 32 bits are one constant. Accessible
 * pages stay accessible until `release()`: growth makes a longer ArrayBuffer over the same address, and older
 * buffers and their views stay valid. Nothing but this window ever stands in its 4 GiB slot's reserved part.
 */
import { GiB, type PageGuard, type PageGuardRequest, PosixError } from '../core/index.ts';
import { native, refusal } from '../posix/index.ts';
import { type MmapRequest, OwnedRange } from './owned-range.ts';
import { PageGuards } from './page-guard.ts';

/** Counts system calls by name. */
export type CallCounts = Record<string, number>;

/** What to reserve. */
export interface WindowOptions {
  /** Bytes, a multiple of the page size, up to 4 GiB. */
  reservedBytes: number;
  /** Tried first: a multiple of 4 GiB. */
  wishedAddress?: bigint | undefined;
  /** Maps this file, shared, from its start, instead of memory; open for reading and writing. */
  fd?: number;
  /** Shown in the process map. */
  name: string;
  /** Every call made is added here. */
  calls: CallCounts;
}

/** Bytes between two places a window may start at. */
export const windowAlignmentBytes: number = 4 * GiB;

const attempts = 32;

/** Adds one call to the counts. */
export function countCall(calls: CallCounts, name: string): void {
  calls[name] = (calls[name] ?? 0) + 1;
}

/** A reserved range, accessible from its start on. */
export class ArenaWindow {
  readonly baseAddress: bigint;
  readonly reservedBytes: number;
  readonly #range: OwnedRange;
  readonly #calls: CallCounts;
  readonly #guards: PageGuards;
  #accessibleBytes = 0;

  /**
   * Reserves address space.
   * @throws PosixError when there is no room (ENOMEM), or the file cannot be mapped
   */
  constructor(options: WindowOptions) {
    this.#calls = options.calls;
    this.#range = reserve(options, native().constants.PROT_NONE);
    this.baseAddress = this.#range.address;
    this.reservedBytes = options.reservedBytes;
    this.#range.setName(options.name);
    this.#guards = new PageGuards(this.#range);
  }

  /** Bytes from the start on that can be read and written; never less than before. */
  get accessibleBytes(): number {
    return this.#accessibleBytes;
  }

  /** False after `release()`. */
  get isReserved(): boolean {
    return this.#range.isMapped;
  }

  /** All accessible bytes; empty after `release()`. */
  get buffer(): ArrayBuffer {
    if (!this.#range.isMapped || this.#accessibleBytes === 0) return new ArrayBuffer(0);
    return this.#range.buffer(0, this.#accessibleBytes);
  }

  /**
   * Makes more pages accessible: one mprotect.
   * @param bytes new number of accessible bytes, a page multiple
   * @returns false, and nothing changed, when the system refuses
   */
  makeAccessible(bytes: number): boolean {
    const { PROT_READ, PROT_WRITE } = native().constants;
    const pages = { offset: this.#accessibleBytes, length: bytes - this.#accessibleBytes };
    if (!this.#try('mprotect', pages, PROT_READ | PROT_WRITE)) return false;
    this.#accessibleBytes = bytes;
    return true;
  }

  /**
   * Makes accessible pages read as zero and gives their memory back, as far as the system does that.
   * @param offset first byte, a page multiple
   * @param length bytes, a page multiple
   * @param adviceName the MADV_ constant that empties this kind of memory on Linux
   * @returns true when the system took the pages, false when they were overwritten with zeros
   */
  discard(offset: number, length: number, adviceName: 'MADV_DONTNEED' | 'MADV_REMOVE'): boolean {
    const { constants } = native();
    // Elsewhere the same advice leaves the contents as they are.
    const advice = process.platform === 'linux' ? constants[adviceName] : undefined;
    if (advice !== undefined && this.#try('madvise', { offset, length }, advice)) return true;
    new Uint8Array(this.buffer, offset, length).fill(0);
    const reusable = adviceName === 'MADV_DONTNEED' ? constants.MADV_FREE_REUSABLE : undefined;
    if (reusable !== undefined) this.#try('madvise', { offset, length }, reusable);
    return false;
  }

  /** Makes accessible pages guards for a while: one mprotect. */
  guard(request: PageGuardRequest): PageGuard {
    const { PROT_READ, PROT_WRITE } = native().constants;
    countCall(this.#calls, 'mprotect');
    return this.#guards.close(request, PROT_READ | PROT_WRITE);
  }

  /**
   * Makes every buffer empty and gives the address space back. Idempotent.
   * @throws MappingError ERR_MAPPING_TRANSFERRED, and nothing is done
   */
  release(): void {
    if (!this.#range.isMapped) return;
    this.#guards.release();
    countCall(this.#calls, 'munmap');
    this.#range.release();
    this.#accessibleBytes = 0;
  }

  #try(call: 'mprotect' | 'madvise', pages: { offset: number; length: number }, value: number): boolean {
    countCall(this.#calls, call);
    try {
      this.#range.call(call, pages, value);
      return true;
    } catch (error) {
      if (error instanceof PosixError) return false;
      throw error;
    }
  }
}

/**
 * Reserves address space that starts at a multiple of 4 GiB.
 * @param options what to reserve
 * @param protectionBits access at first
 * @throws PosixError when there is no room (ENOMEM), or the file cannot be mapped
 */
export function reserve(options: WindowOptions, protectionBits: number): OwnedRange {
  const { reservedBytes, fd, calls } = options;
  const { constants } = native();
  const kind = fd === undefined ? constants.MAP_PRIVATE | constants.MAP_ANONYMOUS : constants.MAP_SHARED;
  const flags = kind | (constants.MAP_NORESERVE ?? 0) | (constants.MAP_FIXED_NOREPLACE ?? 0);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const address =
      attempt === 0 && options.wishedAddress !== undefined
        ? options.wishedAddress
        : findPlace(reservedBytes, attempt, calls);
    const range = mapAt({ address, lengthBytes: reservedBytes, protectionBits, flags, fd: fd ?? -1 }, calls);
    if (range?.address === address) return range;
    // Another thread was faster, or (without MAP_FIXED_NOREPLACE) the wish was not granted.
    if (range) unmap(range, calls);
  }
  throw refusal('ENOMEM', 'mmap', {
    lengthBytes: reservedBytes,
    hint: 'found no place at a multiple of 4 GiB',
  });
}

/** Maps; undefined when the place is taken. */
function mapAt(request: Omit<MmapRequest, 'offsetBytes'>, calls: CallCounts): OwnedRange | undefined {
  countCall(calls, 'mmap');
  try {
    return OwnedRange.map({ ...request, offsetBytes: 0 });
  } catch (error) {
    if (error instanceof PosixError && error.code === 'EEXIST') return undefined;
    throw error;
  }
}

/**
 * A likely place: the first multiple of 4 GiB in a hole the system chose, which is 4 GiB larger than needed. Where
 * such a hole is refused (ulimit -v) a fixed list of places is tried.
 */
function findPlace(reservedBytes: number, attempt: number, calls: CallCounts): bigint {
  const { MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE = 0, PROT_NONE } = native().constants;
  const alignment = BigInt(windowAlignmentBytes);
  try {
    const lengthBytes = reservedBytes + windowAlignmentBytes;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    const hole = mapAt({ address: 0n, lengthBytes, protectionBits: PROT_NONE, flags, fd: -1 }, calls);
    if (hole) {
      unmap(hole, calls);
      return ((hole.address + alignment - 1n) / alignment) * alignment;
    }
  } catch (error) {
    if (!(error instanceof PosixError)) throw error;
  }
  return alignment * BigInt(32 + 7 * attempt);
}

function unmap(range: OwnedRange, calls: CallCounts): void {
  countCall(calls, 'munmap');
  range.release();
}
