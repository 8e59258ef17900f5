/**
 * The heap as a strip of cells: one row per snapshot, `│` at the start of every chunk, filled with the glyph of
 * its state, its size written inside where there is room. Equal addresses stand in equal columns. Heaps of very
 * many chunks are drawn as shades instead (density.ts), and the caption says so.
 */
import { type ChunkSnapshot, formatBytes, type HeapSnapshot, hex } from '../core/index.ts';
import { renderDensity } from './density.ts';
import { type Band, layoutBands } from './layout.ts';
import { stateNames, stateOrder, type TextStyle } from './palette.ts';

/** One row of a strip picture. */
export interface StripRow {
  snapshot: HeapSnapshot;
  /** Stands at the left; cut when longer than a third of the width. */
  label?: string;
}

/** How a strip is drawn. */
export interface StripOptions extends TextStyle {
  /** Most lines per snapshot. @defaultValue 24 */
  maxBands?: number;
  /** Print the legend under the picture. @defaultValue true */
  legend?: boolean;
}

/**
 * Draws snapshots of one arena under each other.
 * @param rows at least one; all of the same arena
 * @param options width in columns, at least 40
 * @returns lines, none wider than the width
 */
export function renderStrip(rows: readonly StripRow[], options: StripOptions): string[] {
  const { width, palette } = options;
  const snapshots = rows.map((row) => row.snapshot);
  const labelWidth = gutterWidth(rows, width);
  const cells = width - labelWidth - 2;
  const bands = layoutBands(snapshots, {
    cells,
    maxBands: options.maxBands ?? 24,
    comfortableCells: 6,
    leastCells: 2,
  });
  if (bands === null) return renderDensity(rows, { ...options, labelWidth, cells });
  const legend = options.legend === false ? [] : renderLegend(snapshots, options);
  const lines: string[] = [];
  for (const band of bands) {
    lines.push(palette.dim(`${' '.repeat(labelWidth + 1)}${axis(band, cells)}`));
    for (const row of rows) {
      const label = (row.label ?? '').slice(0, labelWidth).padEnd(labelWidth);
      lines.push(`${label} ${renderBand(row.snapshot, band, options)}${options.glyphs.bar}`);
    }
  }
  return [...lines, ...legend];
}

/** Columns kept for the labels at the left. */
function gutterWidth(rows: readonly StripRow[], width: number): number {
  const longest = Math.max(0, ...rows.map((row) => row.label?.length ?? 0));
  return Math.min(longest, Math.floor(width / 3));
}

/** Offsets above the segments, as many as fit. */
function axis(band: Band, cells: number): string {
  let line = '';
  for (const segment of band.segments) {
    const text = `+${hex(segment.startOffset)}`;
    const free = segment.column - line.length;
    if ((line !== '' && free < 1) || segment.column + text.length > cells) continue;
    line += ' '.repeat(free) + text;
  }
  return line;
}

function renderBand(snapshot: HeapSnapshot, band: Band, style: TextStyle): string {
  const { palette } = style;
  let line = '';
  let at = 0;
  for (const piece of bandPieces(snapshot, band)) {
    line += ' '.repeat(piece.column - at);
    const text = pieceText(piece, style);
    line += palette.state[piece.chunk.state](text);
    at = piece.column + piece.cells;
  }
  const total = band.segments.reduce((sum, segment) => sum + segment.cells, 0);
  return line + ' '.repeat(total - at);
}

interface Piece {
  chunk: ChunkSnapshot;
  column: number;
  cells: number;
  /** False where the chunk began on an earlier band. */
  starts: boolean;
}

/** The chunks of a snapshot that lie in a band, with their columns. */
function bandPieces(snapshot: HeapSnapshot, band: Band): Piece[] {
  const pieces: Piece[] = [];
  let chunkIndex = 0;
  for (const segment of band.segments) {
    while (
      chunkIndex < snapshot.chunks.length &&
      snapshot.chunks[chunkIndex].offset + snapshot.chunks[chunkIndex].sizeBytes <= segment.startOffset
    ) {
      chunkIndex++;
    }
    const chunk = snapshot.chunks[chunkIndex];
    if (chunk === undefined || chunk.offset >= segment.endOffset) continue;
    const last = pieces.at(-1);
    if (last?.chunk === chunk) last.cells += segment.cells;
    else {
      const starts = chunk.offset >= segment.startOffset;
      pieces.push({ chunk, column: segment.column, cells: segment.cells, starts });
    }
  }
  return pieces;
}

/** `│██ 64 B ██`: bar, fill, and the size in the middle where it fits. */
function pieceText(piece: Piece, { glyphs }: TextStyle): string {
  const { chunk, cells, starts } = piece;
  const fill = glyphs.state[chunk.state];
  const bar = starts ? glyphs.bar : fill;
  const inside = cells - 1;
  // At least one cell keeps the state's glyph, so that the state can be read without colour.
  const size = formatBytes(chunk.sizeBytes);
  const label = [` ${size} `, ` ${chunk.sizeBytes} `, `${chunk.sizeBytes}`].find(
    (text) => text.length < inside,
  );
  if (label === undefined || !starts) return bar + fill.repeat(inside);
  const left = Math.floor((inside - label.length) / 2);
  return bar + fill.repeat(left) + label + fill.repeat(inside - label.length - left);
}

/** The states that occur, each with its glyph, wrapped to the width. */
export function renderLegend(snapshots: readonly HeapSnapshot[], style: TextStyle): string[] {
  const present = new Set(snapshots.flatMap((snapshot) => snapshot.chunks.map((chunk) => chunk.state)));
  const items = stateOrder
    .filter((state) => present.has(state))
    .map((state) => ({ state, text: `${style.glyphs.state[state].repeat(2)} ${stateNames[state]}` }));
  const lines: string[] = [];
  let line = '';
  let length = 0;
  for (const { state, text } of items) {
    if (length > 0 && length + 3 + text.length > style.width) {
      lines.push(line);
      line = '';
      length = 0;
    }
    line += (length > 0 ? '   ' : '') + style.palette.state[state](text);
    length += (length > 0 ? 3 : 0) + text.length;
  }
  return length > 0 ? [...lines, line] : lines;
}
