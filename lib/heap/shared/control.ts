/**
 * The small SharedArrayBuffer that goes with a shared heap: locks, and the address space as all threads see it.
 * It lies outside the window, so an overflow cannot reach it, and `Atomics.wait` works on it.
 *
 *      32-bit words
 *      0         version of the address space
 *      16 ...    one record of 16 words for each lock, in the order in which locks may be taken:
 *                0 word: 0 free, else slot of its owner + 1; top bit: somebody waits
 *                1 died: 0, else slot + 1 of an owner that ended inside
 *                2 sections entered | 3 waits | 4 microseconds waited
 *      from spaceAt on, two halves of 64-bit floats: the address space, written to one half in turn (shared-space.ts)
 */

const recordWords = 16;
const firstRecord = 16;

/** Locks by number: what is held together is taken in ascending order. */
export const RECLAIM_LOCK = 0;
export const SYSTEM_LOCK = 65;
export const LOCKS = 66;

/** Bytes of each half. */
export const spaceHalfBytes: number = 2 ** 20;
const spaceAt = 8192;

/** Words of a lock's record. */
export const LOCK_WORD = 0;
export const LOCK_DIED = 1;
export const LOCK_SECTIONS = 2;
export const LOCK_WAITS = 3;
export const LOCK_WAITED_US = 4;

/** Word of the address space's version. */
export const SPACE_VERSION = 0;

/** @returns an empty control block; pages of it that nobody touches take no memory */
export function newControl(): SharedArrayBuffer {
  return new SharedArrayBuffer(spaceAt + 2 * spaceHalfBytes);
}

/** @returns index of the first word of a lock's record */
export function lockRecord(lock: number): number {
  return firstRecord + recordWords * lock;
}

/** @returns the number of an arena's lock: the main one's is 1, the others go by their 64 MiB slot */
export function arenaLock(av: number): number {
  return 1 + (av >>> 26);
}

/** @returns both halves of the address space */
export function spaceHalves(control: SharedArrayBuffer): [Float64Array, Float64Array] {
  const length = spaceHalfBytes / 8;
  return [
    new Float64Array(control, spaceAt, length),
    new Float64Array(control, spaceAt + spaceHalfBytes, length),
  ];
}
