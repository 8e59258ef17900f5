/** How much of a range of this process the kernel has really given memory for. Linux only: /proc/self/pagemap. */
import { closeSync, openSync, readSync } from 'node:fs';
import { pageSize } from './constants.ts';

/**
 * One entry of pagemap, 64 bits little-endian; the upper word is enough:
 *
 *      bit 63 present | 61 of a file, or shared | 56 mapped by this process alone | ...
 *
 * The system's one page of zeros, shown where a page was only read, is present but mapped by everyone.
 */
const entryBytes = 8;
const present = 2 ** 31;
const ofThisProcess = 2 ** 24;
/** Bytes of pagemap read at once. */
const pieceBytes = 64 * 1024;

/**
 * Counts the private pages of a range that are in memory.
 * @param start address, a multiple of the page size
 * @param byteLength a multiple of the page size
 * @returns bytes; null where the system does not tell
 */
export function residentBytes(start: bigint, byteLength: number): number | null {
  const pageBytes = pageSize();
  const descriptor = openPagemap();
  if (descriptor === null) return null;
  const piece = Buffer.allocUnsafe(pieceBytes);
  try {
    let left = (byteLength / pageBytes) * entryBytes;
    let position = (start / BigInt(pageBytes)) * BigInt(entryBytes);
    let pages = 0;
    while (left > 0) {
      const got = readSync(descriptor, piece, 0, Math.min(left, pieceBytes), position);
      if (got <= 0) return null;
      for (let at = 4; at < got; at += entryBytes) {
        const word = piece.readUInt32LE(at);
        if ((word & present) !== 0 && (word & ofThisProcess) !== 0) pages++;
      }
      left -= got;
      position += BigInt(got);
    }
    return pages * pageBytes;
  } finally {
    closeSync(descriptor);
  }
}

function openPagemap(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    return openSync('/proc/self/pagemap', 'r');
  } catch {
    return null;
  }
}
