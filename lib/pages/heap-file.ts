/**
 * A file under a window: committed pages are pages of the file, mapped shared, so what an allocator writes is in the
 * file, whatever happens to the process.
 *
 *   file     |-- head --|- data -|---------- data, blocks allocated ----------|~~~ hole ~~~|== data ==|
 *                       |         \_______ the gap is left out ________
 *   window   |          |- data -|~~~~~~~~~~~~~~~~~ gap ~~~~~~~~~~~~~~|-- data --|~~ hole ~~|== data ==|
 *
 * Blocks are allocated (posix_fallocate) before pages are mapped: a full disk refuses the commit, it is never a
 * SIGBUS at some later store. What a file holds there already is punched out first: a process that was killed may have
 * left it. A hole is private empty memory: it reads as zero, and a stray store to it is not kept.
 * An open file is locked (flock): one opening at a time, in whatever process or thread.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {
  type FileWindow,
  type FileWindowRequest,
  type HeapFile,
  HeapFileError,
  PosixError,
} from '../core/index.ts';
import { check, errnoName, native, pageSize, posixError } from '../posix/index.ts';
import { OwnedRange } from './owned-range.ts';
import { type CallCounts, countCall, reserve } from './window.ts';

/** Closes the files of windows that nobody released. */
const dropped = new FinalizationRegistry<number>(closeSync);

class MappedFile implements FileWindow {
  readonly kind = 'file';
  readonly baseAddress: bigint;
  readonly pageSizeBytes: number = pageSize();
  readonly sizeBytes: number;
  readonly head: Uint32Array;
  readonly systemCalls: CallCounts = {};
  readonly #fd: number;
  readonly #gap: readonly [number, number];
  /** From here on the file held nothing when it was opened. */
  readonly #emptyFrom: number;
  readonly #headRange: OwnedRange;
  readonly #range: OwnedRange;

  constructor(fd: number, { sizeBytes, wishedAddress, headBytes, gap }: FileWindowRequest, name: string) {
    const calls = this.systemCalls;
    const { PROT_READ, PROT_WRITE, MAP_SHARED } = native().constants;
    this.#fd = fd;
    this.#gap = gap;
    this.#emptyFrom = fstatSync(fd).size;
    this.sizeBytes = sizeBytes;
    countCall(calls, 'fallocate');
    // What is in front of the gap is always committed.
    check('fallocate', native().allocateFile(fd, 0, gap[0]), { lengthBytes: gap[0] });
    countCall(calls, 'mmap');
    const protectionBits = PROT_READ | PROT_WRITE;
    const head = {
      address: 0n,
      lengthBytes: headBytes,
      protectionBits,
      flags: MAP_SHARED,
      fd,
      offsetBytes: 0,
    };
    this.#headRange = OwnedRange.map(head);
    this.head = new Uint32Array(this.#headRange.buffer(0, headBytes));
    this.#range = reserve({ reservedBytes: sizeBytes, wishedAddress, name, calls }, PROT_READ);
    this.baseAddress = this.#range.address;
    this.#range.setName(name);
    dropped.register(this, fd, this);
  }

  get buffer(): ArrayBuffer {
    return this.#range.isMapped ? this.#range.reservationBuffer(0, this.sizeBytes) : new ArrayBuffer(0);
  }

  commit(offset: number, length: number): boolean {
    if (!this.#range.isMapped) return false;
    const at = this.#fileOffset(offset);
    if (at >= this.#emptyFrom) return this.restore(offset, length);
    const isEmpty = this.#punch(at, length);
    if (!this.restore(offset, length)) return false;
    if (!isEmpty) this.discard(offset, length);
    return true;
  }

  restore(offset: number, length: number): boolean {
    if (!this.#range.isMapped) return false;
    const at = this.#fileOffset(offset);
    countCall(this.systemCalls, 'fallocate');
    const code = native().allocateFile(this.#fd, at, length);
    if (code < 0 && isFull(code)) return false;
    check('fallocate', code, { lengthBytes: length });
    countCall(this.systemCalls, 'mmap');
    try {
      this.#range.mapInto({ offset, length }, this.#fd, at);
      return true;
    } catch (error) {
      if (error instanceof PosixError) return false;
      throw error;
    }
  }

  discard(offset: number, bytes: number): void {
    if (this.#range.isMapped) new Uint8Array(this.buffer, offset, bytes).fill(0);
  }

  withdraw(offset: number, length: number): void {
    if (!this.#range.isMapped) return;
    // Where there are no holes the blocks stay, and what is committed again must read as zero.
    if (!this.#punch(this.#fileOffset(offset), length)) this.discard(offset, length);
    countCall(this.systemCalls, 'mmap');
    this.#range.mapInto({ offset, length }, -1, 0);
  }

  note(position: number, bytes: Uint8Array): boolean {
    try {
      for (let at = 0; at < bytes.length; )
        at += writeSync(this.#fd, bytes, at, bytes.length - at, position + at);
      fdatasyncSync(this.#fd);
      return true;
    } catch (error) {
      if (!fullDisk.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return false;
    }
  }

  synchronize(): void {
    countCall(this.systemCalls, 'msync');
    const { MS_SYNC } = native().constants;
    if (!this.#range.isMapped) return;
    this.#range.call('msync', { offset: 0, length: this.sizeBytes }, MS_SYNC);
    this.#headRange.call('msync', { offset: 0, length: this.#headRange.byteLength }, MS_SYNC);
    countCall(this.systemCalls, 'fsync');
    fsyncSync(this.#fd);
  }

  release(keptBytes?: number): void {
    if (!this.#range.isMapped) return;
    countCall(this.systemCalls, 'munmap');
    this.#range.release();
    this.#headRange.release();
    dropped.unregister(this);
    if (keptBytes !== undefined) ftruncateSync(this.#fd, this.#fileOffset(keptBytes));
    closeSync(this.#fd);
  }

  /** Gives blocks of the file back. @returns false where a file has no holes */
  #punch(at: number, length: number): boolean {
    countCall(this.systemCalls, 'fallocate');
    return native().punchFile(this.#fd, at, length) === 0;
  }

  #fileOffset(offset: number): number {
    const [from, to] = this.#gap;
    return offset < to ? Math.min(offset, from) : offset - to + from;
  }
}

/** A full disk, or a limit of file sizes, is no error: there is no more memory. */
const fullDisk = ['ENOSPC', 'EDQUOT', 'EFBIG'];

function isFull(code: number): boolean {
  return fullDisk.includes(errnoName(-code));
}

class LockedFile implements HeapFile {
  readonly path: string;
  readonly pageSizeBytes: number = pageSize();
  /** Made by us, and not yet of use to anybody. */
  readonly #isNew: boolean;
  #fd: number;
  #isAbandoned = false;

  constructor(path: string, fd: number, isNew: boolean) {
    this.path = path;
    this.#fd = fd;
    this.#isNew = isNew;
  }

  get sizeBytes(): number {
    return fstatSync(this.#fd).size;
  }

  read(offset: number, bytes: number): Uint8Array {
    const target = new Uint8Array(bytes);
    return target.subarray(0, readSync(this.#fd, target, 0, bytes, offset));
  }

  map(request: FileWindowRequest): FileWindow {
    const window = new MappedFile(this.#fd, request, 'chunkyard heap file');
    this.#fd = -1;
    return window;
  }

  abandon(): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    if (this.#isNew) unlinkSync(this.path);
    if (this.#fd >= 0) closeSync(this.#fd);
  }
}

/**
 * Opens or makes a file and takes its lock.
 * @param path the file
 * @param isNew true makes it, and refuses one that exists
 * @returns the file, locked until it is closed
 * @throws HeapFileError ERR_HEAP_FILE_LOCKED; Node's own error when it cannot be opened or made
 */
export function openHeapFile(path: string, isNew: boolean): HeapFile {
  const fd = openSync(path, isNew ? 'wx+' : 'r+', 0o666);
  const code = native().lockFile(fd);
  if (code === 0) return new LockedFile(path, fd, isNew);
  closeSync(fd);
  // Somebody was faster with our empty file, and will refuse it.
  if (isNew) unlinkSync(path);
  if (!['EWOULDBLOCK', 'EAGAIN'].includes(errnoName(-code))) throw posixError('flock', -code);
  throw new HeapFileError('ERR_HEAP_FILE_LOCKED', path, 'another opening of this heap has it locked');
}
