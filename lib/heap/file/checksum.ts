/**
 * A checksum of words, for what changes by accident: every change of a single word changes it, any other with odds of
 * one in 2^64. It is no signature: who wants to can make a file that fits.
 */

const first = 0x85ebca6b;
const second = 0xc2b2ae35;

/**
 * @param words what is summed
 * @param seed the sum of what came before
 * @returns two halves
 */
export function checksum(words: Uint32Array, seed: readonly [number, number] = [1, 2]): [number, number] {
  let [a, b] = seed;
  const count = words.length;
  for (let k = 0; k < count; k++) {
    const word = words[k];
    a = Math.imul(a ^ word, first);
    a ^= a >>> 15;
    b = Math.imul(b + word, second) ^ (b >>> 13);
  }
  return [a >>> 0, b >>> 0];
}
