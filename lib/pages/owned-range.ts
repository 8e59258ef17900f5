/**
 * One native range from its birth to its end, with everything lent out over it. `Mapping` and the arena window
 * are built on it.
 *
 * Guarantees: an `-errno` becomes PosixError with address and length; the range ends once; before it ends or moves
 * every ArrayBuffer over it is empty; a range whose memory was moved to an ArrayBuffer of someone else's is left
 * alone. All ArrayBuffers are kept until the range ends: the addon must be able to empty every one, and cannot
 * tell a collected buffer from one whose memory was moved away.
 */
import { constants as osConstants } from 'node:os';
import {
  check,
  GuardRegistration,
  type GuardRequest,
  type NativeAddon,
  type NativeMapping,
  native,
  registerRange,
  unregisterRange,
} from '../posix/index.ts';
import { MappingError, requireBufferLength } from './mapping-error.ts';
import { requireMappingRoom } from './mapping-room.ts';
import type { PageRange } from './ranges.ts';

/** Calls of the addon on pages of a range that need numbers only. */
type PageCall = 'mprotect' | 'madvise' | 'msync' | 'mlock' | 'munlock';

/** Takes the names of ranges out of our table that nobody released. */
const dropped = new FinalizationRegistry<object>(unregisterRange);

const growHint = 'pages that differ, or once differed, in protection, advice or locking cannot grow together';

/** What `mmap` takes, as numbers of this platform. */
export interface MmapRequest {
  address: bigint;
  lengthBytes: number;
  protectionBits: number;
  flags: number;
  /** -1: no file. */
  fd: number;
  offsetBytes: number;
}

/** A range of mapped pages and its loans. */
export class OwnedRange {
  readonly #native: NativeAddon;
  readonly #handle: NativeMapping;
  readonly #lent = new Map<string, ArrayBuffer>();
  /** Key of our own table of names: not this object, which the table would keep alive. */
  readonly #nameKey: object = {};
  #name: string | undefined;
  #address: bigint;
  #byteLength: number;
  #isMapped = true;

  constructor(addon: NativeAddon, handle: NativeMapping) {
    this.#native = addon;
    this.#handle = handle;
    this.#address = addon.address(handle);
    this.#byteLength = addon.byteLength(handle);
  }

  /**
   * Maps pages: one call of mmap.
   * @throws PosixError
   */
  static map(request: MmapRequest): OwnedRange {
    const { address, lengthBytes, protectionBits, flags, fd, offsetBytes } = request;
    const addon = native();
    const subject = address === 0n ? { lengthBytes } : { address, lengthBytes };
    requireMappingRoom(1, 'mmap', subject);
    const result = addon.mmap(address, lengthBytes, protectionBits, flags, fd, offsetBytes);
    return new OwnedRange(addon, check('mmap', result, subject) as NativeMapping);
  }

  /**
   * Comes to a range that another thread of this process shared.
   * @param number what `share` gave there
   * @returns a range of this thread's own over the same pages; undefined when everybody has left it
   */
  static attach(number: bigint): OwnedRange | undefined {
    const addon = native();
    const result = addon.attachRange(number);
    return typeof result === 'number' ? undefined : new OwnedRange(addon, result);
  }

  /** Address of the first byte; after the end the address it had. */
  get address(): bigint {
    return this.#address;
  }

  /** Bytes as asked for; 0 after the end. */
  get byteLength(): number {
    return this.#byteLength;
  }

  get isMapped(): boolean {
    return this.#isMapped;
  }

  /** @throws MappingError ERR_MAPPING_UNMAPPED */
  requireMapped(): void {
    if (!this.#isMapped) throw new MappingError('ERR_MAPPING_UNMAPPED', 'the mapping is already unmapped');
  }

  /** What an error says about a call on these pages. */
  subject(pages: PageRange): { address: bigint; lengthBytes: number } {
    return { address: this.#address + BigInt(pages.offset), lengthBytes: pages.length };
  }

  /** Shows a name in the process map: the kernel's if it takes one, else by our own table. */
  setName(name: string): void {
    this.#name = name;
    if (this.#native.nameRange(this.#handle, 0, this.#byteLength, name) === 0) return;
    registerRange(this.#nameKey, this.#address, this.#byteLength, name);
    dropped.register(this, this.#nameKey, this.#nameKey);
  }

  /**
   * The one ArrayBuffer over a part.
   * @throws BufferTooLargeError; Error ERR_EXTERNAL_BUFFERS_NOT_ALLOWED where Node was built without them
   */
  buffer(offset: number, length: number): ArrayBuffer {
    return this.#lend(offset, length, this.#native.buffer);
  }

  /**
   * As `buffer`, over a reservation that is mostly never touched: not memory to the collector.
   * @throws as `buffer`
   */
  reservationBuffer(offset: number, length: number): ArrayBuffer {
    return this.#lend(offset, length, this.#native.reservationBuffer);
  }

  #lend(offset: number, length: number, make: NativeAddon['buffer']): ArrayBuffer {
    const key = `${offset}+${length}`;
    const known = this.#lent.get(key);
    if (known) return known;
    requireBufferLength(length);
    const buffer = make(this.#handle, offset, length);
    this.#lent.set(key, buffer);
    return buffer;
  }

  /** Has the fault handler act on pages of this range, until it ends. @throws as GuardRegistration */
  registerGuards(request: GuardRequest): GuardRegistration {
    return new GuardRegistration(this.#handle, request);
  }

  /**
   * As `call`, for a change that may split mappings: refused while there is still room for the engine.
   * @throws PosixError
   */
  callSplitting(name: PageCall, pages: PageRange, value = 0): void {
    requireMappingRoom(2, name, this.subject(pages));
    this.call(name, pages, value);
  }

  /**
   * Makes one call on whole pages.
   * @param value protection, advice or flags
   * @throws PosixError
   */
  call(name: PageCall, pages: PageRange, value = 0): void {
    const result = this.#native[name](this.#handle, pages.offset, pages.length, value);
    check(name, result, () => this.subject(pages));
  }

  /**
   * Puts pages of a file, or empty private ones, in the place of pages of this range: one mmap.
   * @param fd -1: no file
   * @throws PosixError
   */
  mapInto(pages: PageRange, fd: number, fileOffset: number): void {
    requireMappingRoom(2, 'mmap', this.subject(pages));
    const result = this.#native.mapInto(this.#handle, pages.offset, pages.length, fd, fileOffset);
    check('mmap', result, () => this.subject(pages));
  }

  /**
   * Asks which pages are in memory.
   * @returns one number per page of the system: 1 resident, 0 not
   * @throws PosixError
   */
  readResidency(pages: PageRange): Uint8Array {
    const out = new Uint8Array(pages.length / this.#native.pageSize());
    const result = this.#native.mincore(this.#handle, pages.offset, pages.length, out);
    check('mincore', result, () => this.subject(pages));
    return out.map((flags) => flags & 1);
  }

  /**
   * Changes the length and perhaps the address: one call of mremap. Buffers are empty afterwards.
   * @throws MappingError ERR_MAPPING_TRANSFERRED; PosixError, and nothing changed
   */
  resize(lengthBytes: number): void {
    this.requireMapped();
    const { MREMAP_MAYMOVE = 0 } = this.#native.constants;
    const result = this.#native.mremap(this.#handle, lengthBytes, MREMAP_MAYMOVE);
    this.#checkOwned('mremap', result, lengthBytes);
    this.#lent.clear();
    this.#address = this.#native.address(this.#handle);
    this.#byteLength = lengthBytes;
    this.#forgetName();
    if (this.#name !== undefined) this.setName(this.#name);
  }

  /** @returns the number by which other threads attach to the range */
  share(): bigint {
    return this.#native.shareRange(this.#handle);
  }

  /** Has the addon note the end of this range that comes without `leave`: this thread is gone. */
  noteEnd(stateOffset: number, alive: number, countOffset: number): void {
    this.#native.noteEnd(this.#handle, stateOffset, alive, countOffset);
  }

  /**
   * Ends the range for this thread; the last one to leave unmaps it. Buffers are empty afterwards.
   * @throws as `release`
   */
  leave(): void {
    if (!this.#isMapped) return;
    const result = this.#native.detachRange(this.#handle);
    if (result < 0) this.#checkOwned('munmap', result, this.#byteLength);
    this.abandon();
  }

  /** Forgets buffers that the addon has emptied in another way. */
  forgetBuffers(): void {
    this.#lent.clear();
  }

  /** Ends the range for us, without any call: the memory was given back in another way, or cannot be. */
  abandon(): void {
    this.#lent.clear();
    this.#isMapped = false;
    this.#byteLength = 0;
    this.#forgetName();
  }

  /**
   * Ends the range: one call of munmap. Buffers are empty afterwards. A second call does nothing.
   * @throws MappingError ERR_MAPPING_TRANSFERRED, PosixError, and the range lives on
   */
  release(): void {
    if (!this.#isMapped) return;
    this.requireMapped();
    this.#checkOwned('munmap', this.#native.munmap(this.#handle), this.#byteLength);
    this.abandon();
  }

  #forgetName(): void {
    unregisterRange(this.#nameKey);
    dropped.unregister(this.#nameKey);
  }

  /** As check; the addon's own EBUSY is about who owns the memory. */
  #checkOwned(syscall: string, result: number, lengthBytes: number): void {
    if (result === -osConstants.errno.EBUSY) {
      const message =
        'a buffer of the mapping was moved away by transfer(), so its memory is not ours to end';
      throw new MappingError('ERR_MAPPING_TRANSFERRED', message);
    }
    const hint = result === -osConstants.errno.EFAULT ? growHint : undefined;
    check(syscall, result, { address: this.#address, lengthBytes, hint });
  }
}
