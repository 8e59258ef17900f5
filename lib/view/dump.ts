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
import { chunkLines, foldLines, type Line } from './dump-lines.ts';
import { type Paint, stateNames, type TextStyle } from './palette.ts';

/** How a dump is drawn. */
export interface DumpOptions extends TextStyle {
  /** Lines of a chunk's user bytes before they are folded; 0 for the header alone. @defaultValue 4 */
  maxLines?: number;
  /** Only chunks that touch these offsets. @defaultValue the whole snapshot */
  range?: { startOffset: number; endOffset: number };
}

/** Columns: marker 2, offset 11, 2 + word 18, 2 + word 18, 2 + ascii 16. */
const firstWordColumn = 2 + 11 + 2;
const secondWordColumn = firstWordColumn + 18 + 2;
const bothWordsColumns = secondWordColumn + 18;
const fullColumns = bothWordsColumns + 2 + 16;

/**
 * Dumps the chunks of a snapshot.
 * @param snapshot the heap; `bytes` must cover `startOffset` to `endOffset`
 * @param options width in columns, at least 40; under 71 the ASCII column is left out, under 53 a line has one word
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
  const lineBytes = options.width >= bothWordsColumns ? 16 : 8;
  const body = foldLines(chunkLines(snapshot, chunk, lineBytes), chunk, options.maxLines ?? 4).flatMap(
    (line) => renderLine(snapshot, chunk, { lineBytes, ...line }, options),
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

function renderLine(
  snapshot: HeapSnapshot,
  chunk: ChunkSnapshot,
  line: Line & { lineBytes: number },
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
    (field) => field.offset >= line.offset && field.offset < line.offset + line.lineBytes,
  );
  if (fields.length === 0) return [{ text: text.trimEnd().slice(0, width - 1), caption: false }];
  return [
    {
      text: caption(fields, line.offset, { snapshot, arrow: glyphs.arrowRight }).slice(0, width - 1),
      caption: true,
    },
    { text: text.trimEnd().slice(0, width - 1), caption: false },
  ];
}

/** Field names above their words: `size`, `fwd → +0x80`. */
function caption(
  fields: ChunkSnapshot['fields'],
  lineOffset: number,
  { snapshot, arrow }: { snapshot: HeapSnapshot; arrow: string },
): string {
  let text = '';
  for (const field of fields) {
    const at = field.offset - lineOffset;
    const column = (at < 8 ? firstWordColumn : secondWordColumn) - 1;
    const target = field.target === undefined ? '' : ` ${arrow} ${targetName(field.target, snapshot)}`;
    const inside = at % 8 === 0 ? '' : ` at byte ${at % 8}`;
    text = `${text.padEnd(column)}${text.length > column ? ', ' : ''}${field.name}${inside}${target}`;
  }
  return text;
}

/** What a link points at; one that was overwritten may point anywhere. */
function targetName(target: number | null, { startOffset, endOffset }: HeapSnapshot): string {
  if (target === null) return 'none';
  return target >= startOffset && target <= endOffset ? `+${hex(target)}` : 'outside';
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
