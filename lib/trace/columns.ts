/** Columns of varints: written into bytes that grow, read from a view. */
import type { Refusal } from './blocks.ts';

const lowBits = 0x7f;
const moreBit = 0x80;
/** Bytes of the longest number, 2^53 - 1. */
const longest = 8;

/** A column being written. */
export class ColumnWriter {
  bytes: Uint8Array = new Uint8Array(1024);
  length = 0;

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  /** @param value a safe integer, 0 or more */
  varint(value: number): void {
    if (this.length + longest > this.bytes.length) this.#grow(longest);
    const { bytes } = this;
    let rest = value;
    let at = this.length;
    for (; rest >= moreBit; rest = Math.floor(rest / moreBit)) bytes[at++] = (rest % moreBit) | moreBit;
    bytes[at++] = rest;
    this.length = at;
  }

  /** @param value a safe integer; half of the range, as its sign takes a bit */
  signed(value: number): void {
    // -0 and 0 are one number here; 2^53 - 1 in size would not fit with a sign and is split.
    this.byte(value < 0 ? 1 : 0);
    this.varint(Math.abs(value));
  }

  word64(value: bigint): void {
    for (let shift = 0n; shift < 64n; shift += 8n) this.byte(Number((value >> shift) & 0xffn));
  }

  clear(): void {
    this.length = 0;
  }

  #grow(byBytes: number): void {
    const bytes = new Uint8Array(2 * this.bytes.length + byBytes);
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}

/** A column being read. Reading past its end is refused. */
export class ColumnReader {
  readonly #bytes: Uint8Array;
  readonly #refusal: Refusal;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, first: number, end: number, refusal: Refusal) {
    this.#bytes = bytes;
    this.#refusal = refusal;
    this.at = first;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) this.#refusal.fail('a column ends too early');
    return this.#bytes[this.at++];
  }

  varint(): number {
    const bytes = this.#bytes;
    const at = this.at;
    // Nearly all numbers have one byte or two.
    if (at + 1 < this.end) {
      const low = bytes[at];
      if (low < moreBit) {
        this.at = at + 1;
        return low;
      }
      const high = bytes[at + 1];
      if (high < moreBit) {
        this.at = at + 2;
        return (low & lowBits) | (high << 7);
      }
    }
    return this.#long();
  }

  signed(): number {
    const sign = this.byte();
    if (sign > 1) this.#refusal.fail('a column holds a number with a wrong sign');
    const size = this.varint();
    return sign === 1 ? -size : size;
  }

  word64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 8n) value |= BigInt(this.byte()) << shift;
    return value;
  }

  #long(): number {
    const bytes = this.#bytes;
    let at = this.at;
    let value = 0;
    for (let scale = 1; ; scale *= moreBit) {
      if (at >= this.end) this.#refusal.fail('a column ends too early');
      const byte = bytes[at++];
      value += (byte & lowBits) * scale;
      if (byte < moreBit) break;
      if (at - this.at >= longest) this.#refusal.fail('a column holds a number above 2^53 - 1');
    }
    if (value > Number.MAX_SAFE_INTEGER) this.#refusal.fail('a column holds a number above 2^53 - 1');
    this.at = at;
    return value;
  }
}
