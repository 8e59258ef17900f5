/**
 * The bytes of a chunk list: the only file that knows where a field lies and what a bit means.
 * Everything the allocator remembers stands in the arena itself, in these bytes; JavaScript keeps nothing.
 *
 *            +0x0                  +0x8
 *            +---------------------+---------------------+
 *   0x00     | magic "CHUNKS"      | first               |   arena header, once, at offset 0
 *   0x10     | last                | rover (next-fit)    |
 *   0x20     | end                 | peak (bytes)        |
 *            +=====================+=====================+
 *   0x30     | size            | U | fwd                 |   chunk header: 32 bytes
 *   0x40     | bck                 | request (bytes)     |
 *            +---------------------+---------------------+
 *   0x50     | payload: `size - 32` bytes for the caller |  <- the pointer malloc returns
 *     :      :                                           :
 *            +=====================+=====================+
 *   0x30 +   | size            | U | fwd                 |   the next chunk starts where this one ends,
 *    size    :                     :                     :   and so on up to `end`
 *
 *   size     bytes of the whole chunk, header included; a multiple of 16, so its low four bits are spare
 *   U        bit 0 of the size word: 1 = in use, 0 = free. The other three spare bits are always 0
 *   fwd      address of the next chunk header in address order, 0 for the last one
 *   bck      address of the chunk header before, 0 for the first one
 *   request  bytes the caller asked for; 0 while the chunk is free
 *
 * Every word has 64 bits, little end first. fwd, bck, first, last, rover and end are real addresses; in the
 * code they are offsets in the arena (address = baseAddress + offset), and the address 0 is `null`.
 * Numbers are exact: an address is smaller than 2^53.
 */
import { HeapError, type PageSource } from '../core/index.ts';

/** Sizes, pointers and chunk offsets are multiples of this. */
export const ALIGNMENT = 16;
export const ARENA_HEADER_BYTES = 0x30;
export const CHUNK_HEADER_BYTES = 0x20;
/** A header and the smallest payload: what is left over by a split must be at least this. */
export const MIN_CHUNK_BYTES: number = CHUNK_HEADER_BYTES + ALIGNMENT;
/** Offset of the first chunk, always. */
export const FIRST_CHUNK: number = ARENA_HEADER_BYTES;

/** The only flag. */
export const IN_USE = 0b0001;
const FLAG_BITS = 0b1111;

/** "CHUNKS" and two zero bytes, as one word. */
export const MAGIC = 0x534b4e554843;

/** Where each word of the arena header stands. */
export const ARENA_FIELD = {
  magic: 0x00,
  first: 0x08,
  last: 0x10,
  rover: 0x18,
  end: 0x20,
  peak: 0x28,
} as const;
/** Where each word of a chunk header stands, from the start of the chunk. */
export const CHUNK_FIELD = { size: 0x00, fwd: 0x08, bck: 0x10, request: 0x18 } as const;

/** @returns the pointer that a chunk's caller holds */
export function pointerOf(chunk: number): number {
  return chunk + CHUNK_HEADER_BYTES;
}

/** @returns the chunk that a pointer would belong to */
export function chunkOf(pointer: number): number {
  return pointer - CHUNK_HEADER_BYTES;
}

/** Reads and writes the fields, as offsets and numbers; believes everything and checks nothing. */
export class Arena {
  readonly source: PageSource;
  /** Real address of offset 0. */
  readonly base: number;
  #words: Uint32Array = new Uint32Array(0);

  constructor(source: PageSource) {
    this.source = source;
    this.base = Number(source.baseAddress);
    this.refresh();
  }

  /** Looks at the source's buffer again: needed before each operation and after growing or shrinking. */
  refresh(): void {
    const { buffer, committedBytes } = this.source;
    if (this.#words.buffer === buffer && this.#words.byteLength === committedBytes) return;
    if (buffer.byteLength < committedBytes || committedBytes === 0) {
      throw new HeapError('ERR_HEAP_CLOSED', 'the pages of this heap were given back');
    }
    this.#words = new Uint32Array(buffer, 0, committedBytes / 4);
  }

  /** First offset behind the bytes we may touch; asked from the source, not read from the arena. */
  get committed(): number {
    return this.#words.byteLength;
  }

  /** @returns a 64-bit word; exact up to 2^53, rounded above, never rounded down below it */
  word(offset: number): number {
    const index = offset >>> 2;
    return this.#words[index + 1] * 2 ** 32 + this.#words[index];
  }

  /** @returns a 64-bit word, exact: for reports */
  exactWord(offset: number): bigint {
    const index = offset >>> 2;
    return (BigInt(this.#words[index + 1]) << 32n) | BigInt(this.#words[index]);
  }

  setWord(offset: number, value: number): void {
    const index = offset >>> 2;
    this.#words[index] = value % 2 ** 32;
    this.#words[index + 1] = Math.floor(value / 2 ** 32);
  }

  /** Reads a link. @returns an offset (any number at all when the link was overwritten), or null */
  link(offset: number): number | null {
    const address = this.word(offset);
    return address === 0 ? null : address - this.base;
  }

  setLink(offset: number, target: number | null): void {
    this.setWord(offset, target === null ? 0 : this.base + target);
  }

  // The chunk header.

  size(chunk: number): number {
    const sizeWord = this.word(chunk);
    return sizeWord - (sizeWord % ALIGNMENT);
  }

  flags(chunk: number): number {
    return this.#words[chunk >>> 2] & FLAG_BITS;
  }

  isInUse(chunk: number): boolean {
    return (this.#words[chunk >>> 2] & IN_USE) !== 0;
  }

  setSize(chunk: number, sizeBytes: number, flags: number = this.flags(chunk)): void {
    this.setWord(chunk, sizeBytes + flags);
  }

  fwd(chunk: number): number | null {
    return this.link(chunk + CHUNK_FIELD.fwd);
  }

  bck(chunk: number): number | null {
    return this.link(chunk + CHUNK_FIELD.bck);
  }

  request(chunk: number): number {
    return this.word(chunk + CHUNK_FIELD.request);
  }

  /**
   * The quick look of a walk, at every chunk on the way: flag known, and fwd leads to where the size ends.
   * @returns the next chunk or the arena's end; -1 when this header must not be believed
   */
  quickNext(chunk: number): number {
    const words = this.#words;
    const index = chunk >>> 2;
    const sizeWord = words[index + 1] * 2 ** 32 + words[index];
    const flags = words[index] & FLAG_BITS;
    const next = chunk + sizeWord - flags;
    const room = words.length * 4 - next;
    const fwd = words[index + 3] * 2 ** 32 + words[index + 2];
    if (flags > IN_USE || next < chunk + MIN_CHUNK_BYTES) return -1;
    if (room === 0) return fwd === 0 ? next : -1;
    return room >= MIN_CHUNK_BYTES && fwd === this.base + next ? next : -1;
  }

  markInUse(chunk: number, requestBytes: number): void {
    this.setSize(chunk, this.size(chunk), IN_USE);
    this.setWord(chunk + CHUNK_FIELD.request, requestBytes);
  }

  markFree(chunk: number): void {
    this.setSize(chunk, this.size(chunk), 0);
    this.setWord(chunk + CHUNK_FIELD.request, 0);
  }

  /** Makes two chunks neighbours: one link each way. Behind the last chunk there is null. */
  join(left: number, right: number | null): void {
    this.setLink(left + CHUNK_FIELD.fwd, right);
    if (right === null) this.setLink(ARENA_FIELD.last, left);
    else this.setLink(right + CHUNK_FIELD.bck, left);
  }

  /** Writes a whole header behind `bck`, free, without telling the neighbours. */
  writeHeader(chunk: number, sizeBytes: number, bck: number | null): void {
    this.setWord(chunk + CHUNK_FIELD.size, sizeBytes);
    this.setLink(chunk + CHUNK_FIELD.bck, bck);
    this.setWord(chunk + CHUNK_FIELD.request, 0);
  }
}
