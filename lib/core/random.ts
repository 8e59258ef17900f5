/** A small seeded generator (sfc32), so that every random test and trace can be repeated from its seed. */

/** A source of repeatable random numbers. */
export interface Random {
  /** @returns an integer from 0 to 2^32 - 1 */
  uint32(): number;
  /** @returns a fraction from 0 (inclusive) to 1 (exclusive) */
  fraction(): number;
  /**
   * @param minimum inclusive
   * @param maximum inclusive
   * @returns an integer between the two
   */
  integer(minimum: number, maximum: number): number;
  /** @returns one element of a non-empty list */
  pick<T>(items: readonly T[]): T;
}

/**
 * Makes a generator.
 * @param seed any safe integer; equal seeds give equal sequences on every platform
 * @returns the generator
 */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0;
  let b = Math.floor(seed / 2 ** 32) >>> 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const uint32 = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) uint32();
  const fraction = (): number => uint32() / 2 ** 32;
  const integer = (minimum: number, maximum: number): number =>
    minimum + Math.floor(fraction() * (maximum - minimum + 1));
  return { uint32, fraction, integer, pick: (items) => items[integer(0, items.length - 1)] };
}
