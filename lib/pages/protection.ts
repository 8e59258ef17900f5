/** The words for page protections, and their bits on this platform. */
import { requireOneOf } from '../core/index.ts';

/**
 * What may be done with a page: nothing, read, write, execute. One spelling for each, as a process map writes
 * them. Most hardware cannot have write without read: `w` then reads as well.
 */
export type Protection = 'none' | 'r' | 'w' | 'rw' | 'x' | 'rx' | 'wx' | 'rwx';

const protections: readonly Protection[] = ['none', 'r', 'w', 'rw', 'x', 'rx', 'wx', 'rwx'];

/**
 * Accepts a protection.
 * @param argument name of the argument, for the message
 * @param value what came
 * @throws ArgumentError ERR_INVALID_ARG_VALUE
 */
export function requireProtection(argument: string, value: unknown): Protection {
  return requireOneOf(argument, value, protections);
}

/**
 * @param protection a checked word
 * @param constants the platform's PROT_* values
 * @returns the bits mmap and mprotect take
 */
export function protectionBits(protection: Protection, constants: Readonly<Record<string, number>>): number {
  if (protection === 'none') return constants.PROT_NONE;
  const bit = { r: constants.PROT_READ, w: constants.PROT_WRITE, x: constants.PROT_EXEC };
  return [...protection].reduce((bits, letter) => bits | bit[letter as 'r' | 'w' | 'x'], 0);
}
