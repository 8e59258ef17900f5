/**
 * From `-errno` to `PosixError`: the one place where a refusal of the system becomes an exception, with the
 * errno's name and, where the cause can be told, a hint.
 */
import { readFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { PosixError, type PosixErrorDetails } from '../core/index.ts';

/** What a call was about, for its error. */
export interface CallSubject {
  address?: bigint | undefined;
  lengthBytes?: number | undefined;
  hint?: string | undefined;
}

/** What is left of a result when refusals are taken out: a handle or BigInt, else the number itself. */
export type Granted<T> = [Exclude<T, number>] extends [never] ? T : Exclude<T, number>;

/**
 * Passes a result on, unless it is a refusal.
 * @param syscall name of the call, as in its man page
 * @param result what the addon returned; a negative number is `-errno`
 * @param subject range concerned; a function is asked only when the call was refused
 * @returns the result
 * @throws PosixError with the errno's name as code
 */
export function check<T>(
  syscall: string,
  result: T,
  subject?: CallSubject | (() => CallSubject),
): Granted<T> {
  if (typeof result !== 'number' || result >= 0) return result as Granted<T>;
  throw posixError(syscall, -result, typeof subject === 'function' ? subject() : subject);
}

/**
 * Makes the error of a refused call.
 * @param syscall name of the call
 * @param errno positive number of the platform
 * @param subject range concerned
 */
export function posixError(syscall: string, errno: number, subject: CallSubject = {}): PosixError {
  const details: PosixErrorDetails = { errno, syscall };
  if (subject.address !== undefined) details.address = subject.address;
  if (subject.lengthBytes !== undefined) details.lengthBytes = subject.lengthBytes;
  const code = errnoName(errno);
  const hint = subject.hint ?? hintFor(code, syscall);
  if (hint !== undefined) details.hint = hint;
  return new PosixError(code, details);
}

/**
 * Makes the error of a call that this platform does not have or that is refused without being made.
 * @param code name of an errno, for example `ENOTSUP`
 * @param syscall name of the call
 * @param subject range concerned, and why
 */
export function refusal(
  code: keyof typeof osConstants.errno,
  syscall: string,
  subject: CallSubject = {},
): PosixError {
  return posixError(syscall, osConstants.errno[code], subject);
}

/**
 * Name of an errno.
 * @param errno positive number of the platform
 * @returns for example `EINVAL`; `E` and the number for one that nobody knows
 */
export function errnoName(errno: number): string {
  const name = getSystemErrorName(-errno);
  if (/^E[A-Z0-9]+$/.test(name)) return name;
  const known = Object.entries(osConstants.errno).find(([, value]) => value === errno);
  return known?.[0] ?? `E${errno}`;
}

function hintFor(code: string, syscall: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  if (syscall === 'mlock' && (code === 'ENOMEM' || code === 'EPERM' || code === 'EAGAIN')) {
    return 'the limit of locked memory may be reached, see ulimit -l';
  }
  return code === 'ENOMEM' ? mappingLimitHint() : undefined;
}

/** Splitting and mapping fail with ENOMEM when there are too many mappings, however much memory is free. */
function mappingLimitHint(): string | undefined {
  try {
    const limit = Number(readFileSync('/proc/sys/vm/max_map_count', 'latin1'));
    const count = readFileSync('/proc/self/maps', 'latin1').split('\n').length - 1;
    if (count < limit * 0.98) return undefined;
    return `the process has ${count} mappings and vm.max_map_count allows ${limit}`;
  } catch {
    return undefined;
  }
}
