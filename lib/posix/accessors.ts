/**
 * Native reads and writes of any address of the process. A fault ends the call, not the process; what was done up to
 * the first bad byte stays done.
 */
import { ArgumentError, requireInteger } from '../core/index.ts';
import { native } from './binding.ts';
import { check } from './check.ts';
import { faultError, guardCounters } from './faults.ts';

/** An address of the process, as a number up to 2^53 or a BigInt up to 2^64. */
export type Address = number | bigint;

/** Bytes of one access. */
export type AccessWidth = 1 | 2 | 4 | 8;

const largestAddress = 2n ** 64n - 1n;

function requireAddress(argument: string, value: Address): bigint {
  if (typeof value !== 'bigint') return BigInt(requireInteger(argument, value));
  if (value >= 0n && value <= largestAddress) return value;
  throw new ArgumentError('ERR_OUT_OF_RANGE', argument, `an integer from 0 to ${largestAddress}`, value);
}

function requireWidth(value: AccessWidth): AccessWidth {
  if (value === 1 || value === 2 || value === 4 || value === 8) return value;
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'widthBytes', '1, 2, 4 or 8', value);
}

/** Zero or more is a result, less the number of a fault. */
function result(value: number): number {
  if (value < 0) throw faultError(-value);
  return value;
}

/**
 * Reads an unsigned integer in the machine's byte order.
 * @param address of its first byte, of any alignment
 * @param widthBytes 1, 2, 4 or 8
 * @returns a number; for 8 bytes a BigInt
 * @throws ArgumentError; MemoryFaultError ERR_MEMORY_FAULT where it cannot be read
 */
export function peek(address: Address, widthBytes?: 1 | 2 | 4): number;
export function peek(address: Address, widthBytes: 8): bigint;
export function peek(address: Address, widthBytes: AccessWidth = 1): number | bigint {
  guardCounters();
  const value = native().peek(requireAddress('address', address), requireWidth(widthBytes));
  if (typeof value === 'number') throw faultError(-value);
  return widthBytes === 8 ? value : Number(value);
}

/**
 * Writes an unsigned integer in the machine's byte order.
 * @param address of its first byte, of any alignment
 * @param value 0 <= value < 2^(8 * widthBytes)
 * @param widthBytes 1, 2, 4 or 8
 * @throws ArgumentError; MemoryFaultError ERR_MEMORY_FAULT where it cannot be written
 */
export function poke(address: Address, value: number | bigint, widthBytes: AccessWidth = 1): void {
  guardCounters();
  const to = requireAddress('address', address);
  const width = requireWidth(widthBytes);
  const bits = requireAddress('value', value);
  const maximum = 2n ** BigInt(8 * width) - 1n;
  if (bits > maximum) {
    throw new ArgumentError('ERR_OUT_OF_RANGE', 'value', `an integer from 0 to ${maximum}`, value);
  }
  result(native().poke(to, bits, width));
}

/**
 * Copies bytes in ascending order, one by one.
 * @param lengthBytes >= 0
 * @throws ArgumentError; MemoryFaultError ERR_MEMORY_FAULT at the first byte that cannot be read or written
 */
export function memcpy(to: Address, from: Address, lengthBytes: number): void {
  guardCounters();
  const length = requireInteger('lengthBytes', lengthBytes);
  result(native().memoryCopy(requireAddress('to', to), requireAddress('from', from), length));
}

/**
 * Fills bytes in ascending order.
 * @param byte 0 to 255
 * @param lengthBytes >= 0
 * @throws ArgumentError; MemoryFaultError ERR_MEMORY_FAULT at the first byte that cannot be written
 */
export function memset(to: Address, byte: number, lengthBytes: number): void {
  guardCounters();
  const value = requireInteger('byte', byte, { maximum: 255 });
  result(native().memorySet(requireAddress('to', to), value, requireInteger('lengthBytes', lengthBytes)));
}

/**
 * Copies a string of C: all bytes up to the first zero, and the zero, however long that is.
 * @throws ArgumentError; MemoryFaultError ERR_MEMORY_FAULT at the first byte that cannot be read or written
 */
export function strcpy(to: Address, from: Address): void {
  guardCounters();
  result(native().stringCopy(requireAddress('to', to), requireAddress('from', from)));
}

/**
 * Length of a string of C.
 * @returns bytes before the first zero
 * @throws ArgumentError; MemoryFaultError ERR_MEMORY_FAULT at the first byte that cannot be read
 */
export function strlen(from: Address): number {
  guardCounters();
  return result(native().stringLength(requireAddress('from', from)));
}

/**
 * Asks the system whether bytes can be read, without reading them by an instruction: no signal is raised.
 * @param lengthBytes >= 0; no bytes can always be read
 * @throws ArgumentError; PosixError where the system does not tell
 */
export function isReadable(address: Address, lengthBytes = 1): boolean {
  const length = requireInteger('lengthBytes', lengthBytes);
  const answer = native().isReadable(requireAddress('address', address), length);
  return check('process_vm_readv', answer) === 1;
}
