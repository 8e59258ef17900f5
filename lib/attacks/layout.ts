/** Where a process happens to lie: base address, place of the heap, key. One seed, one layout. */
import { MiB, seededRandom } from '../core/index.ts';

/** What the system and the C library choose at random. */
export interface Layout {
  /** Address of the window, a multiple of 4 GiB. */
  baseAddress: bigint;
  /** Where the heap begins in it, a multiple of 64 MiB. */
  heapStart: number;
  /** The process's key (2.34+). */
  key: bigint;
}

/** Bases as mappings have them. Their upper half is a multiple of 16, which house_of_storm needs for a size. */
const firstBase = 0x7e00_0000_0000n;
const baseStep = 0x10_0000_0000n;
const bases = 32;
const slots = 40;

/**
 * @param seed a safe integer >= 0
 * @returns the same layout for the same seed
 */
export function layoutOf(seed: number): Layout {
  const random = seededRandom(seed);
  return {
    baseAddress: firstBase + baseStep * BigInt(random.integer(0, bases - 1)),
    heapStart: 64 * MiB * random.integer(1, slots),
    key: (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()),
  };
}
