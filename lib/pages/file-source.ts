/**
 * Pages of a file, mapped shared into an arena window: what an arena writes is in the file, and a file that holds
 * an arena can be opened again.
 *
 *   file     |------- committedBytes -------|-- slack --|      real blocks, written before they are mapped
 *   window   |-------------- accessible ----------------|--------------- PROT_NONE ---------------|
 *
 * The file grows by writing zeros, not by ftruncate: a hole that cannot be filled on a full disk would be a SIGBUS
 * at some later store. The slack is cut off at `release()`. A file that someone else truncates meanwhile is a
 * SIGBUS at the next access (docs/hazards.md).
 */
import { closeSync, constants as fsConstants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { ArgumentError, type PageSource } from '../core/index.ts';
import { refusal } from '../posix/index.ts';
import { requireBoolean } from './mmap-options.ts';
import { requirePages } from './ranges.ts';
import { ArenaWindow, type CallCounts, countCall } from './window.ts';
import { commitTarget, type WindowSizes, type WindowSourceOptions, windowSizes } from './window-sizes.ts';

/** How an arena in a file is made or opened. */
export interface FileSourceOptions extends WindowSourceOptions {
  /** The file. Made if it does not exist; if it does, its bytes are the committed pages. */
  path: string;
  /** Empty an existing file first. @defaultValue false */
  truncate?: boolean;
}

const zeros = new Uint8Array(2 ** 20);

/** Closes the files of sources that nobody released. */
const dropped = new FinalizationRegistry<number>(closeSync);

class FileSource implements PageSource {
  readonly kind = 'file';
  readonly baseAddress: bigint;
  readonly pageSizeBytes: number;
  readonly limitBytes: number;
  readonly systemCalls: CallCounts;
  readonly #sizes: WindowSizes;
  readonly #window: ArenaWindow;
  readonly #fd: number;
  #committedBytes = 0;
  /** Bytes from the file's start on that were written, by us or before us. */
  #filledBytes: number;

  constructor(fd: number, filledBytes: number, sizes: WindowSizes, name: string, calls: CallCounts) {
    this.#fd = fd;
    this.#filledBytes = filledBytes;
    this.#sizes = sizes;
    this.limitBytes = sizes.limitBytes;
    this.pageSizeBytes = sizes.pageSizeBytes;
    this.systemCalls = calls;
    this.#window = new ArenaWindow({ reservedBytes: sizes.limitBytes, fd, name, calls });
    this.baseAddress = this.#window.baseAddress;
    if (filledBytes > 0) this.#adopt(filledBytes);
    dropped.register(this, fd, this);
  }

  get committedBytes(): number {
    return this.#committedBytes;
  }

  get buffer(): ArrayBuffer {
    return this.#window.buffer;
  }

  grow(bytes: number): boolean {
    requirePages('bytes', bytes, this.pageSizeBytes);
    const needed = this.#committedBytes + bytes;
    if (!this.#window.isReserved || needed > this.limitBytes) return false;
    const ready = Math.min(this.#window.accessibleBytes, this.#filledBytes);
    if (needed > ready) {
      const target = commitTarget(this.#sizes, needed, ready);
      if (!this.#prepare(target) && (target === needed || !this.#prepare(needed))) return false;
    }
    this.#committedBytes = needed;
    return true;
  }

  shrink(bytes: number): boolean {
    requirePages('bytes', bytes, this.pageSizeBytes, this.#committedBytes);
    this.#committedBytes -= bytes;
    const isHole = this.#window.discard(this.#committedBytes, bytes, 'MADV_REMOVE');
    if (isHole) this.#filledBytes = Math.min(this.#filledBytes, this.#committedBytes);
    return true;
  }

  release(): void {
    if (!this.#window.isReserved) return;
    this.#window.release();
    dropped.unregister(this);
    this.#truncate(this.#committedBytes);
    countCall(this.systemCalls, 'close');
    closeSync(this.#fd);
    this.#committedBytes = 0;
  }

  /** Takes what an existing file holds as the committed pages. */
  #adopt(bytes: number): void {
    if (!this.#window.makeAccessible(bytes)) {
      this.#window.release();
      throw refusal('ENOMEM', 'mprotect', { address: this.baseAddress, lengthBytes: bytes });
    }
    this.#committedBytes = bytes;
  }

  /** Makes pages up to `target` real in the file, then accessible. */
  #prepare(target: number): boolean {
    if (target > this.#filledBytes && !this.#fill(target)) return false;
    return target <= this.#window.accessibleBytes || this.#window.makeAccessible(target);
  }

  /** Writes zeros up to `target`. A full disk, or a limit of file sizes, is no error: there is no more memory. */
  #fill(target: number): boolean {
    try {
      for (let position = this.#filledBytes; position < target; ) {
        const length = Math.min(zeros.length, target - position);
        countCall(this.systemCalls, 'pwrite');
        position += writeSync(this.#fd, zeros, 0, length, position);
      }
      this.#filledBytes = target;
      return true;
    } catch (error) {
      if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      // Never below what is accessible: a page without a file behind it is a SIGBUS.
      this.#truncate(Math.max(this.#filledBytes, this.#window.accessibleBytes));
      return false;
    }
  }

  #truncate(bytes: number): void {
    countCall(this.systemCalls, 'ftruncate');
    ftruncateSync(this.#fd, bytes);
  }
}

/**
 * Opens or makes a file and makes it a page source.
 * @param options path, limit in bytes; the rest if the defaults do not fit
 * @returns a source whose committed pages are what the file holds
 * @throws ArgumentError, also when the file is no whole number of pages or longer than the limit
 * @throws PosixError when there is no room for the reservation; Node's own error when the file cannot be opened
 */
export function fileSource(options: FileSourceOptions): PageSource {
  const sizes = windowSizes(options);
  const { path, truncate = false, name = 'chunkyard file arena' } = options;
  if (typeof path !== 'string') throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'path', 'a string', path);
  const clears = requireBoolean('truncate', truncate) ? fsConstants.O_TRUNC : 0;
  const fd = openSync(path, fsConstants.O_RDWR | fsConstants.O_CREAT | clears, 0o666);
  try {
    const fileBytes = requireArenaFile(fd, sizes, path);
    return new FileSource(fd, fileBytes, sizes, name, { open: 1 });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function requireArenaFile(fd: number, sizes: WindowSizes, path: string): number {
  const { size } = fstatSync(fd);
  if (size <= sizes.limitBytes && size % sizes.pageSizeBytes === 0) return size;
  const expected = `a file of whole pages (${sizes.pageSizeBytes} bytes), at most ${sizes.limitBytes} bytes,`;
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'path', expected, `${path}: ${size} bytes`);
}
