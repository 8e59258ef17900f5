/**
 * Byte ranges inside a mapping. The system acts on whole pages: a range is rounded outward, so the pages that
 * hold its first and its last byte are included, and callers are told the range really used.
 */
import { ArgumentError, alignDown, alignUp, requireInteger } from '../core/index.ts';

/** A part of a mapping as a caller names it. */
export interface ByteRange {
  /** First byte, from the start of the mapping. @defaultValue 0 */
  offset?: number | bigint;
  /** Bytes, > 0. @defaultValue up to the end of the mapping */
  length?: number | bigint;
}

/** A part of a mapping that was really used: both numbers are multiples of its page size. */
export interface PageRange {
  offset: number;
  length: number;
}

/**
 * Checks a byte range and fills in what was left out.
 * @param range what came; nothing means all
 * @param byteLength bytes of the mapping
 * @returns the exact bytes meant
 * @throws ArgumentError ERR_INVALID_ARG_TYPE (no object), ERR_OUT_OF_RANGE (empty, or leaves the mapping)
 */
export function exactRange(range: ByteRange | undefined, byteLength: number): PageRange {
  if (range === undefined) return { offset: 0, length: byteLength };
  if (typeof range !== 'object' || range === null) {
    throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'range', 'an object { offset, length }', range);
  }
  const offset = requireInteger('range.offset', range.offset ?? 0, { maximum: byteLength - 1 });
  const rest = byteLength - offset;
  const length = requireInteger('range.length', range.length ?? rest, { minimum: 1, maximum: rest });
  return { offset, length };
}

/**
 * Checks a byte range and rounds it outward to pages.
 * @param range what came; nothing means all
 * @param byteLength bytes of the mapping
 * @param pageSizeBytes bytes of one page
 * @returns the pages that hold any of these bytes; the end may pass `byteLength`, never its last page
 * @throws ArgumentError as exactRange
 */
export function pageRange(
  range: ByteRange | undefined,
  byteLength: number,
  pageSizeBytes: number,
): PageRange {
  const { offset, length } = exactRange(range, byteLength);
  const start = alignDown(offset, pageSizeBytes);
  return { offset: start, length: alignUp(offset + length, pageSizeBytes) - start };
}

/**
 * Accepts a positive number of whole pages.
 * @param argument name of the argument, for the message
 * @param value what came
 * @param pageSizeBytes bytes of one page
 * @param maximum bytes
 * @returns the value in bytes
 * @throws ArgumentError ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function requirePages(
  argument: string,
  value: unknown,
  pageSizeBytes: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  const bytes = requireInteger(argument, value, { minimum: 1, maximum });
  if (bytes % pageSizeBytes === 0) return bytes;
  throw new ArgumentError('ERR_OUT_OF_RANGE', argument, `a multiple of ${pageSizeBytes} bytes`, value);
}
