/**
 * `Mapping`: one range of mapped pages, from `mmap()` to `unmap()`.
 *
 * Guarantees: memory is given back once, and only after every buffer and view over it was made empty; a range is
 * rounded outward to whole pages and the caller is told; after the end `buffer` and `bytes` are empty and calls
 * throw MappingError ERR_MAPPING_UNMAPPED. A mapping dropped without `unmap()` is given back by the garbage
 * collector, once nothing refers to its buffers either.
 */
import { alignUp, formatBytes, hex, requireInteger } from '../core/index.ts';
import { type Advice, adviceValue, native } from '../posix/index.ts';
import { MappingError } from './mapping-error.ts';
import { requireMappingRoom } from './mapping-room.ts';
import type { OwnedRange } from './owned-range.ts';
import { makeChange, type Protect, ProtectionGuard, undoChange } from './protect.ts';
import { type Protection, protectionBits, requireProtection } from './protection.ts';
import { ProtectionMap } from './protection-map.ts';
import { type ByteRange, exactRange, type PageRange, pageRange } from './ranges.ts';
import { type SyncOptions, syncFlags } from './sync-options.ts';

/** What `mmap` knows about the range it made. */
export interface MappingDetails {
  range: OwnedRange;
  /** Lengths are multiples of it: 1, or the bytes of one huge page. */
  lengthUnitBytes: number;
  pageSizeBytes: number;
  protection: Protection;
  name: string | undefined;
  /** False for shared memory without a file: each page it would grow by were a SIGBUS. */
  mayGrow: boolean;
}

/** One protection of neighbouring pages, as `protections()` lists them. */
export interface ProtectedRange extends PageRange {
  protection: Protection;
}

/** Which pages are in memory. */
export interface Residency {
  /** The pages asked about. */
  range: PageRange;
  /** One number per page: 1 resident, 0 not. */
  pages: Uint8Array;
  residentPages: number;
  residentBytes: number;
}

/** One range of mapped pages. Made by `mmap()` only. */
export class Mapping {
  /** Bytes of one page: the system's, or of one huge page. Ranges are rounded to it. */
  readonly pageSizeBytes: number;
  /** Name in the process map. */
  readonly name: string | undefined;
  readonly #range: OwnedRange;
  readonly #protections: ProtectionMap;
  readonly #details: MappingDetails;
  readonly #protect: Protect;
  #bytes: Buffer | undefined;

  /** @internal */
  constructor(details: MappingDetails) {
    const { range, pageSizeBytes, protection, name } = details;
    this.pageSizeBytes = pageSizeBytes;
    this.name = name;
    this.#details = details;
    this.#range = range;
    this.#protections = new ProtectionMap(alignUp(range.byteLength, pageSizeBytes), protection);
    this.#protect = (offset, length, word) =>
      range.call('mprotect', { offset, length }, protectionBits(word, native().constants));
    if (name !== undefined) range.setName(name);
  }

  /** Address of the first byte; after `unmap()` the address it had. */
  get address(): bigint {
    return this.#range.address;
  }

  /** Bytes asked for; the pages behind them reach to the next multiple of the page size. 0 after `unmap()`. */
  get byteLength(): number {
    return this.#range.byteLength;
  }

  /** False after `unmap()`. */
  get isMapped(): boolean {
    return this.#range.isMapped;
  }

  /** Protection of all pages, or `mixed`. */
  get protection(): Protection | 'mixed' {
    return this.#protections.uniform() ?? 'mixed';
  }

  /**
   * All bytes as one ArrayBuffer, always the same one until `resize()` or `unmap()` empties it. Sending it or a
   * view of it to another thread copies all of it (docs/hazards.md).
   * @throws BufferTooLargeError ERR_BUFFER_TOO_LARGE when Node has no ArrayBuffer of this length; use `view()`
   */
  get buffer(): ArrayBuffer {
    return this.bytes.buffer as ArrayBuffer;
  }

  /** All bytes as a Buffer over `buffer`. @throws BufferTooLargeError as `buffer` */
  get bytes(): Buffer {
    if (this.isMapped) this.#bytes ??= Buffer.from(this.#range.buffer(0, this.byteLength));
    this.#bytes ??= Buffer.from(new ArrayBuffer(0));
    return this.#bytes;
  }

  /**
   * A part as a Buffer with an ArrayBuffer of its own: for mappings longer than one ArrayBuffer, and for parts
   * that are sent or inspected, which copies their whole ArrayBuffer. The range is taken to the byte. The
   * ArrayBuffer lives as long as the mapping; the same range gives the same one again.
   * @param range bytes from the start of the mapping; nothing means all
   * @throws ArgumentError, MappingError, BufferTooLargeError
   */
  view(range?: ByteRange): Buffer {
    this.#range.requireMapped();
    const { offset, length } = exactRange(range, this.byteLength);
    return Buffer.from(this.#range.buffer(offset, length));
  }

  /**
   * Changes what may be done with pages.
   * @param protection one word for all pages of the range
   * @param range bytes, rounded outward to pages; nothing means all
   * @returns a disposable that restores what exactly these pages had; ignore it to keep the change
   * @throws ArgumentError, MappingError, PosixError (EACCES: the file was not opened for writing; ENOMEM: too many
   *   mappings, before the engine itself would run out of them)
   */
  protect(protection: Protection, range?: ByteRange): ProtectionGuard {
    const word = requireProtection('protection', protection);
    const pages = this.#pages(range);
    const splits = this.#protections.splits(pages.offset, pages.offset + pages.length);
    requireMappingRoom(splits, 'mprotect', this.#range.subject(pages));
    const change = makeChange(this.#protect, this.#protections, pages, word);
    return new ProtectionGuard(word, pages, () => {
      if (this.isMapped) undoChange(this.#protect, this.#protections, change);
    });
  }

  /** @returns the protections in force, in address order, equal neighbours joined */
  protections(range?: ByteRange): ProtectedRange[] {
    const { offset, length } = this.#pages(range);
    return this.#protections.list(offset, offset + length);
  }

  /**
   * Tells the system what pages will be used for. Some advice destroys: `dontneed` empties private anonymous
   * pages, `remove` punches a hole in the file.
   * @param advice a name; `isSupported()` tells which this system has
   * @param range bytes, rounded outward to pages; nothing means all
   * @returns the pages advised
   * @throws ArgumentError, MappingError, PosixError (ENOTSUP: not on this platform; EINVAL: not for this memory)
   */
  advise(advice: Advice, range?: ByteRange): PageRange {
    const value = adviceValue(advice);
    const pages = this.#pages(range);
    this.#range.callSplitting('madvise', pages, value);
    return pages;
  }

  /**
   * Writes changed pages of a shared file mapping to the file.
   * @param options wait for the disk by default; `async` only starts, `invalidate` drops other cached copies
   * @param range bytes, rounded outward to pages; nothing means all
   * @returns the pages written
   * @throws ArgumentError, MappingError, PosixError (EIO; EBUSY: locked pages with `invalidate`)
   */
  sync(options: SyncOptions = {}, range?: ByteRange): PageRange {
    const flags = syncFlags(options, native().constants);
    const pages = this.#pages(range);
    this.#range.call('msync', pages, flags);
    return pages;
  }

  /**
   * Keeps pages in memory, never swapped. Does not nest: one `unlock` undoes any number of locks.
   * @param range bytes, rounded outward to pages; nothing means all
   * @returns the pages locked
   * @throws ArgumentError, MappingError, PosixError (ENOMEM or EAGAIN: ulimit -l; ENOMEM also for `none` pages)
   */
  lock(range?: ByteRange): PageRange {
    const pages = this.#pages(range);
    this.#range.callSplitting('mlock', pages);
    return pages;
  }

  /**
   * Lets locked pages be swapped again.
   * @param range bytes, rounded outward to pages; nothing means all
   * @returns the pages unlocked
   * @throws ArgumentError, MappingError, PosixError
   */
  unlock(range?: ByteRange): PageRange {
    const pages = this.#pages(range);
    this.#range.callSplitting('munlock', pages);
    return pages;
  }

  /**
   * Asks which pages are in memory now. For a file: in the page cache, whoever put them there.
   * @param range bytes, rounded outward to pages; nothing means all
   * @throws ArgumentError, MappingError, PosixError
   */
  residency(range?: ByteRange): Residency {
    const covered = this.#pages(range);
    const pages = this.#range.readResidency(covered);
    const residentPages = pages.reduce((sum, resident) => sum + resident, 0);
    const pageBytes = covered.length / pages.length;
    return { range: covered, pages, residentPages, residentBytes: residentPages * pageBytes };
  }

  /**
   * Changes the length; the mapping may move. All buffers and views become empty, ask for new ones. New pages are
   * like the last one: zero, or what the file has there. Guards still restore the pages that are left.
   * @param length bytes, > 0
   * @throws ArgumentError, PosixError (ENOSYS: no mremap here; EFAULT: cannot grow while protections differ)
   * @throws MappingError ERR_MAPPING_TRANSFERRED, ERR_MAPPING_FIXED_SIZE (shared memory without a file)
   */
  resize(length: number | bigint): void {
    this.#range.requireMapped();
    const { lengthUnitBytes, mayGrow } = this.#details;
    const byteLength = alignUp(requireInteger('length', length, { minimum: 1 }), lengthUnitBytes);
    const pagesLength = alignUp(byteLength, this.pageSizeBytes);
    if (!mayGrow && pagesLength > alignUp(this.byteLength, this.pageSizeBytes)) {
      throw new MappingError('ERR_MAPPING_FIXED_SIZE', 'shared memory without a file cannot grow');
    }
    this.#range.resize(byteLength);
    this.#bytes = undefined;
    this.#protections.resize(pagesLength);
  }

  /**
   * Makes every buffer and view empty, then gives the pages back. A second call does nothing.
   * @throws MappingError ERR_MAPPING_TRANSFERRED, and nothing is done, when a buffer was moved away by `transfer()`
   * @throws PosixError when the system refuses
   */
  unmap(): void {
    this.#range.release();
  }

  [Symbol.dispose](): void {
    this.unmap();
  }

  /** Where it is and what may be done with it, in a line. Reads none of its bytes, which may be closed. */
  toString(): string {
    const name = this.name === undefined ? '' : ` ${JSON.stringify(this.name)}`;
    const state = this.isMapped ? `${formatBytes(this.byteLength)}, ${this.protection}` : 'unmapped';
    return `Mapping${name} { ${hex(this.address)}, ${state} }`;
  }

  #pages(range: ByteRange | undefined): PageRange {
    this.#range.requireMapped();
    return pageRange(range, this.byteLength, this.pageSizeBytes);
  }
}
