/** Which lines of a chunk a dump shows, and which it folds into one that says how many bytes it stands for. */
import { type ChunkSnapshot, type HeapSnapshot, hex } from '../core/index.ts';

/** The bytes of a line, or a fold of several lines. */
export type Line = { offset: number; bytes: Uint8Array } | { fold: string };

/** A chunk cut into lines. */
export interface Lines {
  count: number;
  lineBytes: number;
  at(n: number): { offset: number; bytes: Uint8Array };
}

/**
 * Cuts a chunk into lines.
 * @param lineBytes bytes of a line, 8 or 16
 */
export function chunkLines(snapshot: HeapSnapshot, chunk: ChunkSnapshot, lineBytes: number): Lines {
  const end = Math.min(chunk.offset + chunk.sizeBytes, snapshot.endOffset);
  return {
    lineBytes,
    count: Math.ceil(Math.max(0, end - chunk.offset) / lineBytes),
    at: (n) => {
      const offset = chunk.offset + n * lineBytes;
      const from = offset - snapshot.startOffset;
      return {
        offset,
        bytes: snapshot.bytes.subarray(
          from,
          Math.min(from + lineBytes, snapshot.bytes.length, end - snapshot.startOffset),
        ),
      };
    },
  };
}

/** Header lines and the first `maxLines` lines whole, runs of equal lines once, the middle of what is left as one fold. */
export function foldLines(lines: Lines, chunk: ChunkSnapshot, maxLines: number): Line[] {
  const { lineBytes } = lines;
  const result: Line[] = [];
  const headerLines = Math.ceil(headerEnd(chunk) / lineBytes);
  let shown = 0;
  // The last line stays, unless only headers are wanted.
  const end = maxLines === 0 ? lines.count : lines.count - 1;
  for (let n = 0; n < lines.count; n++) {
    const line = lines.at(n);
    if (n >= headerLines && shown >= maxLines - 1 && n < end) {
      const bytes = (end - n) * lineBytes;
      result.push({ fold: `${bytes.toLocaleString('en')} bytes (${hex(bytes)}) not shown` });
      n = end - 1;
      continue;
    }
    result.push(line);
    if (n >= headerLines) shown++;
    const repeats = countRepeats(lines, n);
    if (n >= headerLines && repeats > 1) {
      result.push({
        fold: `the same line ${repeats} times more (${(repeats * lineBytes).toLocaleString('en')} bytes)`,
      });
      n += repeats;
    }
  }
  return result;
}

/** How many lines after `n` hold the same bytes. */
function countRepeats(lines: Lines, n: number): number {
  const { bytes } = lines.at(n);
  let next = n + 1;
  while (next < lines.count && equalBytes(bytes, lines.at(next).bytes)) next++;
  return next - n - 1;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

/** Bytes from the chunk's start to the end of its last header field. */
function headerEnd(chunk: ChunkSnapshot): number {
  return Math.max(0, ...chunk.fields.map((field) => field.offset + 8 - chunk.offset));
}
