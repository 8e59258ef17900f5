/** A position in the bytes of a trace: reads numbers without making strings, and knows its line for errors. */
import { TraceError } from './trace-error.ts';

const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;
const minus = 0x2d;
const digitZero = 0x30;

/** Reads a line field by field. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly file: string;
  /** Index of the next byte. */
  at = 0;
  /** Line of `at`, from 1. */
  line = 1;

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.file = file;
  }

  /** Refuses the trace at the present line. */
  fail(message: string): never {
    throw new TraceError('ERR_TRACE_FORMAT', this.file, message, this.line);
  }

  /** Moves to the first byte of the next line that is not blank. @returns false at the end */
  nextLine(): boolean {
    const { bytes, end } = this;
    for (; this.at < end; this.at++) {
      const byte = bytes[this.at];
      if (byte === newline) this.line++;
      else if (byte !== space && byte !== tab && byte !== carriageReturn) return true;
    }
    return false;
  }

  /** Demands that nothing but blanks follows on this line, and stands before its newline. */
  endOfLine(): void {
    this.#skipBlanks();
    if (!this.#atLineEnd()) this.fail(`expected the end of the line but found ${this.#word()}`);
  }

  /** @returns the rest of the line as text; the cursor stands before its newline */
  restOfLine(): string {
    const first = this.at;
    const found = this.bytes.indexOf(newline, first);
    this.at = found < 0 ? this.end : found;
    return new TextDecoder().decode(this.bytes.subarray(first, this.at)).trim();
  }

  /**
   * Reads a decimal number, blanks before it.
   * @param what its meaning, for the error
   * @param maximum largest value allowed, at most 2^53 - 1
   */
  natural(what: string, maximum: number): number {
    this.#field(what);
    return this.naturalHere(what, maximum);
  }

  /** Like `natural`, for a number that starts right at the cursor. */
  naturalHere(what: string, maximum: number): number {
    const { bytes, end } = this;
    const first = this.at;
    let at = first;
    let value = 0;
    for (; at < end; at++) {
      const digit = bytes[at] - digitZero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.at = at;
    if (at === first || value > maximum || !this.#atFieldEnd()) {
      this.at = first;
      this.fail(`expected ${what}, 0 to ${maximum}, but found ${this.#word()}`);
    }
    return value;
  }

  /** Reads a block number, or -1 where `orNull` allows the null pointer. */
  block(maximum: number, orNull = false): number {
    const first = this.#field('a block number');
    if (orNull && this.bytes[first] === minus) {
      this.at++;
      if (this.at < this.end && this.bytes[this.at] === digitZero + 1) {
        this.at++;
        if (this.#atFieldEnd()) return -1;
      }
      this.at = first;
      this.fail(`expected a block number or -1 but found ${this.#word()}`);
    }
    return this.naturalHere('a block number', maximum);
  }

  /** Reads a signed number, decimal or 0x.., between two bounds. */
  signed(what: string, minimum: number, maximum: number): number {
    this.#field(what);
    const word = this.#rawWord();
    const value = /^-?(?:0x[0-9a-f]{1,14}|\d{1,16})$/i.test(word)
      ? word.startsWith('-')
        ? 0 - Number(word.slice(1))
        : Number(word)
      : Number.NaN;
    if (!(value >= minimum && value <= maximum)) {
      this.fail(`expected ${what}, ${minimum} to ${maximum}, but found ${this.#word()}`);
    }
    this.at += word.length;
    return value;
  }

  /** Reads an unsigned 64-bit value, decimal or 0x.. */
  word64(what: string): bigint {
    this.#field(what);
    const word = this.#rawWord();
    const value = /^(?:0x[0-9a-f]{1,64}|\d{1,64})$/i.test(word) ? BigInt(word) : -1n;
    if (value < 0n || value >= 1n << 64n) {
      this.fail(`expected ${what}, 0 to 2^64 - 1, decimal or 0x.., but found ${this.#word()}`);
    }
    this.at += word.length;
    return value;
  }

  /** @returns true when the next byte is a decimal digit */
  atDigit(): boolean {
    const digit = this.at < this.end ? this.bytes[this.at] - digitZero : -1;
    return digit >= 0 && digit <= 9;
  }

  /** Steps over the blanks before a field. @returns the index of its first byte */
  #field(what: string): number {
    const before = this.at;
    this.#skipBlanks();
    if (this.#atLineEnd()) this.fail(`expected ${what} but the line ends`);
    if (this.at === before && before > 0) this.fail(`expected a blank but found ${this.#word()}`);
    return this.at;
  }

  #skipBlanks(): void {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end && (bytes[at] === space || bytes[at] === tab)) at++;
    this.at = at;
  }

  #atLineEnd(): boolean {
    const { bytes, end, at } = this;
    if (at >= end || bytes[at] === newline) return true;
    return bytes[at] === carriageReturn && (at + 1 >= end || bytes[at + 1] === newline);
  }

  #atFieldEnd(): boolean {
    return this.at >= this.end || isBlank(this.bytes[this.at]);
  }

  #rawWord(): string {
    let last = this.at;
    const limit = Math.min(this.end, this.at + 80);
    while (last < limit && !isBlank(this.bytes[last])) last++;
    return new TextDecoder('latin1').decode(this.bytes.subarray(this.at, last));
  }

  /** The word at the cursor as an error shows it: short, and without control characters. */
  #word(): string {
    const word = this.#rawWord();
    const shown = JSON.stringify(word.length > 40 ? `${word.slice(0, 40)}...` : word);
    return shown.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  }
}

function isBlank(byte: number): boolean {
  return byte === space || byte === tab || byte === newline || byte === carriageReturn;
}
