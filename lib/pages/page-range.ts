/** Whole pages inside of a range, as an argument; quick, because each allocation of a guarded heap asks. */
import { ArgumentError, requireInteger } from '../core/index.ts';

/**
 * @param offset first byte
 * @param length bytes
 * @param lengthBytes of the range
 * @throws ArgumentError unless both are page multiples and the end lies within the range
 */
export function requirePageRange(
  offset: number,
  length: number,
  pageSizeBytes: number,
  lengthBytes: number,
): void {
  const areIntegers = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  const fit = offset >= 0 && length >= 0 && offset + length <= lengthBytes;
  if (areIntegers && fit && offset % pageSizeBytes === 0 && length % pageSizeBytes === 0) return;
  requireMultiple('offset', offset, pageSizeBytes, lengthBytes);
  requireMultiple('length', length, pageSizeBytes, lengthBytes - offset);
}

function requireMultiple(argument: string, value: unknown, pageSizeBytes: number, maximum: number): void {
  if (requireInteger(argument, value, { maximum }) % pageSizeBytes === 0) return;
  throw new ArgumentError('ERR_OUT_OF_RANGE', argument, `a multiple of ${pageSizeBytes} bytes`, value);
}
