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

/** Shorter stretches are emptied without a call. */
const byWordsBytes = 256;

/** Fills [from, to) with zeros. @param words the same window, as 32-bit words */
export function zeroBytes(bytes: Uint8Array, words: Int32Array, from: number, to: number): void {
  if (to - from > byWordsBytes) {
    bytes.fill(0, from, to);
    return;
  }
  let at = from;
  while (at < to && (at & 3) !== 0) bytes[at++] = 0;
  for (; at + 4 <= to; at += 4) words[at >>> 2] = 0;
  while (at < to) bytes[at++] = 0;
}
