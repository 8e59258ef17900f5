/**
 * Sizes and page arithmetic on plain numbers. Works up to 2^53: never with 32-bit operators, because a
 * mapping may be larger than 4 GiB.
 */

/** Bytes in one KiB, MiB and GiB. */
export const KiB = 1024;
export const MiB: number = 1024 * KiB;
export const GiB: number = 1024 * MiB;

/**
 * Rounds up to a multiple.
 * @param value bytes, a safe integer >= 0
 * @param alignment bytes, > 0; need not be a power of two
 * @returns the smallest multiple of `alignment` that is >= `value`
 */
export function alignUp(value: number, alignment: number): number {
  return alignDown(value + alignment - 1, alignment);
}

/**
 * Rounds down to a multiple.
 * @param value bytes, a safe integer >= 0
 * @param alignment bytes, > 0
 * @returns the largest multiple of `alignment` that is <= `value`
 */
export function alignDown(value: number, alignment: number): number {
  return value - (value % alignment);
}

/**
 * Tells whether a value is a positive power of two.
 * @param value any number
 * @returns true for 1, 2, 4, ... up to 2^52
 */
export function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
}

/**
 * Writes a byte count for people: `512 B`, `4 KiB`, `1.5 MiB`.
 * @param bytes a number >= 0
 * @returns at most four significant digits and a binary unit
 */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

/**
 * Writes an address or offset as the field does, always with 0x.
 * @param value an address (bigint) or offset (number) >= 0
 * @param digits pad to at least this many hex digits
 * @returns for example `0x7f0000001000`
 */
export function hex(value: number | bigint, digits = 0): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
