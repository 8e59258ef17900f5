/** Names for the platform's numbers, and the page size. */
import { ArgumentError } from '../core/index.ts';
import { native } from './binding.ts';
import { refusal } from './check.ts';

/** Every advice some platform has; each is `MADV_` and the word in capitals. */
const knownAdvice = [
  'normal',
  'random',
  'sequential',
  'willneed',
  'dontneed',
  'free',
  'remove',
  'dontfork',
  'dofork',
  'mergeable',
  'unmergeable',
  'hugepage',
  'nohugepage',
  'dontdump',
  'dodump',
  'wipeonfork',
  'keeponfork',
  'cold',
  'pageout',
  'populate-read',
  'populate-write',
  'dontneed-locked',
  'collapse',
  'guard-install',
  'guard-remove',
  'free-reusable',
  'free-reuse',
  'can-reuse',
  'zero-wired-pages',
] as const;

/** What `madvise` can be told, by name. */
export type Advice = (typeof knownAdvice)[number];

/** All names of advice, those that this platform lacks included. */
export const adviceNames: readonly Advice[] = knownAdvice;

/**
 * The numbers of this platform's headers: PROT_*, MAP_*, MADV_*, MS_*, MREMAP_*, MFD_*, F_SEAL_*. A name the
 * platform lacks is undefined.
 */
export function constants(): Readonly<Record<string, number>> {
  return native().constants;
}

/** Bytes of one ordinary page: 4096 on most machines, 16384 on Apple silicon. */
export function pageSize(): number {
  return native().pageSize();
}

/**
 * Number of an advice.
 * @param name for example `willneed`
 * @returns the platform's MADV_* value
 * @throws ArgumentError ERR_INVALID_ARG_VALUE for a word nobody knows
 * @throws PosixError ENOTSUP for one that this platform lacks
 */
export function adviceValue(name: Advice): number {
  if (!knownAdvice.includes(name)) {
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'advice', `one of ${knownAdvice.join(', ')}`, name);
  }
  const constant = adviceConstant(name);
  const number = constants()[constant];
  if (number !== undefined) return number;
  throw refusal('ENOTSUP', 'madvise', { hint: `${process.platform} has no ${constant}` });
}

/**
 * Name of an advice in the platform's headers.
 * @param name for example `guard-install`
 * @returns for example `MADV_GUARD_INSTALL`
 */
export function adviceConstant(name: Advice): string {
  return `MADV_${name.toUpperCase().replaceAll('-', '_')}`;
}
