/**
 * The raw bytes of a heap, chunk by chunk, two 8-byte words a line:
 *
 *   ┌ +0x20 in use, 64 B (40 asked for)                         list label ←
 *   │            size               use
 *   │ +0x00000020  0x0000000000000040  0x0000000000000001  @...............
 *   └ +0x00000030  ...
 *
 * The names of header fields stand above their words; what a link points at stands in the right margin. Equal
 * lines and the middle of long chunks are folded into one line that says how many bytes it stands for. Words are
 * little-endian, as on every machine this package runs on.
 */
import { type ChunkSnapshot, formatBytes, type HeapSnapshot, hex } from '../core/index.ts';
import { type Paint, stateNames, type TextStyle } from './palette.ts';

/** How a dump is drawn. */
export interface DumpOptions extends TextStyle {
  /** Lines of a chunk's user bytes before they are folded; 0 for the header alone. @defaultValue 4 */
  maxLines?: number;
  /** Only chunks that touch these offsets. @defaultValue the whole snapshot */
  range?: { startOffset: number; endOffset: number };
}

const lineBytes = 16;
/** Columns: marker 2, offset 11, 2 + word 18, 2 + word 18, 2 + ascii 16. */
const firstWordColumn = 2 + 11 + 2;
const secondWordColumn = firstWordColumn + 18 + 2;
const fullColumns = secondWordColumn + 18 + 2 + lineBytes;

/**
 * Dumps the chunks of a snapshot.
 * @param snapshot the heap; `bytes` must cover `startOffset` to `endOffset`
 * @param options width in columns, at least 40; under 72 the ASCII column is left out
 * @returns lines, none wider than the width
 */
export function renderDump(snapshot: HeapSnapshot, options: DumpOptions): string[] {
  const { startOffset, endOffset } = options.range ?? snapshot;
  const lines: string[] = [];
  snapshot.chunks.forEach((chunk, index) => {
    if (chunk.offset >= endOffset || chunk.offset + chunk.sizeBytes <= startOffset) return;
    const paint = options.palette.rotation[index % options.palette.rotation.length];
    lines.push(...renderChunk(snapshot, chunk, paint, options));
  });
  return lines;
}

function renderChunk(
  snapshot: HeapSnapshot,
  chunk: ChunkSnapshot,
  paint: Paint,
  options: DumpOptions,
): string[] {
  const body = foldLines(chunkLines(snapshot, chunk), chunk, options.maxLines ?? 4).flatMap((line) =>
    renderLine(snapshot, chunk, line, options),
  );
  return [
    chunkTitle(chunk, paint, options),
    ...body.map(({ text, caption }, index) => {
      const mark = index === body.length - 1 ? options.glyphs.chunkEnd : options.glyphs.chunkSide;
      return paint(mark) + (caption ? options.palette.dim(text) : paint(text));
    }),
  ];
}

/** `┌ +0x20 in use, 64 B (40 asked for)      tcache[0x40] ←`, label at the right edge. */
function chunkTitle(chunk: ChunkSnapshot, paint: Paint, { width, glyphs, palette }: DumpOptions): string {
  const asked = chunk.requestBytes === undefined ? '' : ` (${chunk.requestBytes} asked for)`;
  const text = ` +${hex(chunk.offset)} ${stateNames[chunk.state]}, ${formatBytes(chunk.sizeBytes)}${asked}`;
  const label = chunk.label === undefined ? '' : `${glyphs.arrowLeft} ${chunk.label}`;
  const gap = Math.max(2, Math.min(fullColumns, width) - 1 - text.length - label.length);
  const right = label === '' ? '' : (' '.repeat(gap) + label).slice(0, Math.max(0, width - 1 - text.length));
  return paint(glyphs.chunkTop) + palette.title(text.slice(0, width - 1)) + palette.title(right);
}

/** A line of 16 bytes, or a fold of several. */
type Line = { offset: number; bytes: Uint8Array } | { fold: string };

function chunkLines(
  snapshot: HeapSnapshot,
  chunk: ChunkSnapshot,
): { count: number; at: (n: number) => { offset: number; bytes: Uint8Array } } {
  const end = Math.min(chunk.offset + chunk.sizeBytes, snapshot.endOffset);
  return {
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

/** Header lines and the first lines whole, runs of equal lines once, the middle of what is left as one fold. */
function foldLines(lines: ReturnType<typeof chunkLines>, chunk: ChunkSnapshot, maxLines: number): Line[] {
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

/** How many lines after `n` hold the same 16 bytes. */
function countRepeats(lines: ReturnType<typeof chunkLines>, n: number): number {
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

function renderLine(
  snapshot: HeapSnapshot,
  chunk: ChunkSnapshot,
  line: Line,
  { width, glyphs }: DumpOptions,
): { text: string; caption: boolean }[] {
  if ('fold' in line)
    return [{ text: ` ${glyphs.ellipsis} ${line.fold}`.slice(0, width - 1), caption: true }];
  const digits = snapshot.endOffset > 0xffffffff ? 0 : 8;
  const words = [0, 8].map((at) => word(line.bytes.subarray(at, at + 8)));
  const offset = ` +${hex(line.offset, digits)}`;
  let text = `${offset}  ${words[0].padEnd(18)}  ${words[1].padEnd(18)}`;
  if (width >= fullColumns) text += `  ${ascii(line.bytes)}`;
  const fields = chunk.fields.filter(
    (field) => field.offset >= line.offset && field.offset < line.offset + lineBytes,
  );
  if (fields.length === 0) return [{ text: text.trimEnd().slice(0, width - 1), caption: false }];
  return [
    { text: caption(fields, line.offset, glyphs.arrowRight).slice(0, width - 1), caption: true },
    { text: text.trimEnd().slice(0, width - 1), caption: false },
  ];
}

/** Field names above their words: `size`, `fwd → +0x80`. */
function caption(fields: ChunkSnapshot['fields'], lineOffset: number, arrow: string): string {
  let text = '';
  for (const field of fields) {
    const at = field.offset - lineOffset;
    const column = (at < 8 ? firstWordColumn : secondWordColumn) - 1;
    const target =
      field.target === undefined
        ? ''
        : field.target === null
          ? ` ${arrow} none`
          : ` ${arrow} +${hex(field.target)}`;
    const inside = at % 8 === 0 ? '' : ` at byte ${at % 8}`;
    text = `${text.padEnd(column)}${text.length > column ? ', ' : ''}${field.name}${inside}${target}`;
  }
  return text;
}

/** Eight bytes as one little-endian number; fewer bytes at the end of a range as they stand. */
function word(bytes: Uint8Array): string {
  if (bytes.length === 0) return '';
  const digits = [...bytes].reverse().map((byte) => byte.toString(16).padStart(2, '0'));
  return `0x${digits.join('')}`;
}

function ascii(bytes: Uint8Array): string {
  return [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
}
