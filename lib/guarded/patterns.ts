/**
 * Bytes that say what memory is, the field's usual ones: fresh blocks, freed blocks, and the slack of a slot, which
 * nobody may write.
 */

/** In a fresh block, so that nobody relies on zeros. */
export const FRESH_BYTE = 0xcd;
/** In a freed block, where the system keeps the contents of closed pages. */
export const FREED_BYTE = 0xdd;
/** In the slack between a block and the ends of its pages. */
export const SLACK_BYTE = 0xfd;

/** Longer slack is compared by the engine's own loop. */
const byHandBytes = 64;
let slackSample: Uint8Array = new Uint8Array(0);

/**
 * Looks for a byte in [start, end) that is not `SLACK_BYTE`.
 * @param bytes the window
 * @returns its offset, the first one; -1 when all are
 */
export function firstDamage(bytes: Buffer, start: number, end: number): number {
  if (end - start > byHandBytes && isAllSlack(bytes, start, end)) return -1;
  for (let at = start; at < end; at++) if (bytes[at] !== SLACK_BYTE) return at;
  return -1;
}

/** As `firstDamage`, the last one. */
export function lastDamage(bytes: Buffer, start: number, end: number): number {
  if (end - start > byHandBytes && isAllSlack(bytes, start, end)) return -1;
  for (let at = end - 1; at >= start; at--) if (bytes[at] !== SLACK_BYTE) return at;
  return -1;
}

function isAllSlack(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (slackSample.length < length) slackSample = new Uint8Array(length).fill(SLACK_BYTE);
  return bytes.compare(slackSample, 0, length, start, end) === 0;
}

/** A byte eight times over, for each of the bytes above and 0: numbers, none of them NaN. */
const doubles: Float64Array = new Float64Array(Uint8Array.from({ length: 256 * 8 }, (_, k) => k >> 3).buffer);

/**
 * Fills [from, to) without a call, for what is mostly short.
 * @param bytes the window
 * @param words the same as doubles
 * @param byte one of the above, or 0
 */
export function fillBytes(
  bytes: Uint8Array,
  words: Float64Array,
  byte: number,
  from: number,
  to: number,
): void {
  const word = doubles[byte];
  let at = from;
  while (at < to && (at & 7) !== 0) bytes[at++] = byte;
  for (; at + 8 <= to; at += 8) words[at >>> 3] = word;
  while (at < to) bytes[at++] = byte;
}

/** Looks as `fillBytes` fills. @returns the first offset in [from, to) where another byte stands, about; -1: none */
export function firstOther(
  bytes: Uint8Array,
  words: Float64Array,
  byte: number,
  from: number,
  to: number,
): number {
  const word = doubles[byte];
  let at = from;
  for (; at < to && (at & 7) !== 0; at++) if (bytes[at] !== byte) return at;
  for (; at + 8 <= to; at += 8) if (words[at >>> 3] !== word) return at;
  for (; at < to; at++) if (bytes[at] !== byte) return at;
  return -1;
}
