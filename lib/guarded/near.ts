/**
 * The bytes near the block of a rack's slot that hold a pattern. Looking at them must cost next to nothing, even where
 * this code is out of the processor's caches: few instructions, no loops, no branches that it would have to guess.
 *
 *      |       16 bytes |       16 bytes |                         | 16 bytes |
 *      |fdfdfdfd...fdfd |dddddddd...dddd | ......... block ......... ...fdfdfd|
 *       before           head, when freed                               after
 *
 * `after` reaches to the next multiple of 16: the whole slack behind a block that ends at its guard. Clipped to the page.
 * Blocks that do not begin at a multiple of 16 (the option `alignment`) are rare, and get loops.
 */
import { FREED_BYTE, SLACK_BYTE } from './patterns.ts';

const stretchBytes = 16;
const wordsPerStretch = 4;
const slackWord: number = Math.imul(SLACK_BYTE, 0x01010101);

/** For each number of bytes up to a stretch: its words, `first` in so many bytes, then `then`. */
function wordsOf(first: number, then: number): Int32Array {
  const bytes = Uint8Array.from({ length: (stretchBytes + 1) * stretchBytes }, (_, k) =>
    k % stretchBytes < Math.floor(k / stretchBytes) ? first : then,
  );
  return new Int32Array(bytes.buffer);
}

const behindMasks: Int32Array = wordsOf(0, 0xff);
const headWords: Int32Array = wordsOf(FREED_BYTE, SLACK_BYTE);

/** Where the bytes before a block begin. @param usable where its page does */
export function nearStart(start: number, usable: number): number {
  return Math.max(start - stretchBytes, usable);
}

/** Where the head of a block ends. */
export function headEnd(start: number, end: number): number {
  return Math.min(start + stretchBytes, end);
}

/** Where the bytes after a block end. @param usableEnd where its page does, below 2^31 */
export function nearEnd(end: number, usableEnd: number): number {
  return lastStretch(end, usableEnd) + stretchBytes;
}

/** Where the stretch with the bytes after a block begins; where the page ends there, the one before. */
function lastStretch(end: number, usableEnd: number): number {
  const stretch = end & -stretchBytes;
  // Every other block ends with its page.
  const isBehind = (usableEnd - 1 - stretch) >>> 31;
  return stretch - isBehind * stretchBytes;
}

/**
 * Fills the slack near a block, and perhaps some of the block, which has no contents yet.
 * @param words the window
 * @param usable where its page begins
 * @param usableEnd where it ends
 */
export function fillSlack(
  words: Int32Array,
  start: number,
  end: number,
  usable: number,
  usableEnd: number,
): void {
  const before = Math.max((start - 1) & -stretchBytes, usable) >>> 2;
  words[before] = slackWord;
  words[before + 1] = slackWord;
  words[before + 2] = slackWord;
  words[before + 3] = slackWord;
  const after = lastStretch(end, usableEnd) >>> 2;
  words[after] = slackWord;
  words[after + 1] = slackWord;
  words[after + 2] = slackWord;
  words[after + 3] = slackWord;
  if ((start & 15) !== 0) fill(words, SLACK_BYTE, nearStart(start, usable), start);
}

/** @returns true when nobody wrote into the slack near a block */
export function isSlackWhole(
  words: Int32Array,
  start: number,
  end: number,
  usable: number,
  usableEnd: number,
): boolean {
  const after = lastStretch(end, usableEnd);
  const a = after >>> 2;
  const m = (end - after) << 2;
  const behind =
    ((words[a] ^ slackWord) & behindMasks[m]) |
    ((words[a + 1] ^ slackWord) & behindMasks[m + 1]) |
    ((words[a + 2] ^ slackWord) & behindMasks[m + 2]) |
    ((words[a + 3] ^ slackWord) & behindMasks[m + 3]);
  if (behind !== 0) return false;
  if (start === usable) return true;
  if ((start & 15) !== 0) return holds(words, SLACK_BYTE, nearStart(start, usable), start);
  const b = (start >>> 2) - wordsPerStretch;
  return (
    ((words[b] ^ slackWord) |
      (words[b + 1] ^ slackWord) |
      (words[b + 2] ^ slackWord) |
      (words[b + 3] ^ slackWord)) ===
    0
  );
}

/** Fills the head of a block that was freed. */
export function fillHead(words: Int32Array, start: number, end: number): void {
  if ((start & 15) !== 0 || start === end) {
    fill(words, FREED_BYTE, start, headEnd(start, end));
    return;
  }
  const k = start >>> 2;
  const m = Math.min(end - start, stretchBytes) << 2;
  words[k] = headWords[m];
  words[k + 1] = headWords[m + 1];
  words[k + 2] = headWords[m + 2];
  words[k + 3] = headWords[m + 3];
}

/** @returns true when nobody wrote into it since; of a block below 16 bytes: nor into the slack right behind it */
export function isHeadWhole(words: Int32Array, start: number, end: number): boolean {
  if ((start & 15) !== 0 || start === end) return holds(words, FREED_BYTE, start, headEnd(start, end));
  const k = start >>> 2;
  const m = Math.min(end - start, stretchBytes) << 2;
  return (
    ((words[k] ^ headWords[m]) |
      (words[k + 1] ^ headWords[m + 1]) |
      (words[k + 2] ^ headWords[m + 2]) |
      (words[k + 3] ^ headWords[m + 3])) ===
    0
  );
}

function fill(words: Int32Array, byte: number, from: number, to: number): void {
  new Uint8Array(words.buffer, from, to - from).fill(byte);
}

function holds(words: Int32Array, byte: number, from: number, to: number): boolean {
  return new Uint8Array(words.buffer, from, to - from).every((one) => one === byte);
}
