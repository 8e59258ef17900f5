/**
 * The heap as shades, for heaps with more chunks than cells: every cell stands for the same number of bytes, and
 * its shade tells how much of them is in use. Strictly proportional; equal addresses stand in equal cells.
 */
import { formatBytes, type HeapSnapshot, hex } from '../core/index.ts';
import type { TextStyle } from './palette.ts';

/** What the strip hands over. */
export interface DensityOptions extends TextStyle {
  labelWidth: number;
  cells: number;
  maxBands?: number;
}

/** Bytes of one cell that belong to chunks in use, and to the top chunk. */
interface Shares {
  used: Float64Array;
  top: Float64Array;
}

/**
 * Draws snapshots of one arena as shaded cells.
 * @param rows snapshots of the same arena, with labels
 * @param options width in columns
 * @returns lines, none wider than the width; the last one says what a cell is
 */
export function renderDensity(
  rows: readonly { snapshot: HeapSnapshot; label?: string }[],
  options: DensityOptions,
): string[] {
  const { labelWidth, palette, glyphs } = options;
  const start = Math.min(...rows.map(({ snapshot }) => snapshot.startOffset));
  const end = Math.max(...rows.map(({ snapshot }) => snapshot.endOffset));
  const offsetWidth = `+${hex(end)} `.length;
  const cells = Math.max(8, options.cells - offsetWidth);
  const cellBytes = cellSize(end - start, cells * Math.min(options.maxBands ?? 24, 16));
  const lines: string[] = [];
  const shares = rows.map(({ snapshot }) => measure(snapshot, start, end, cellBytes));
  const total = Math.ceil((end - start) / cellBytes);
  for (let first = 0; first < total; first += cells) {
    const offset = `+${hex(start + first * cellBytes)}`.padEnd(offsetWidth);
    rows.forEach((row, index) => {
      const label = (row.label ?? '').slice(0, labelWidth).padEnd(labelWidth);
      const text = shadeLine(shares[index], first, Math.min(first + cells, total), cellBytes, options);
      lines.push(`${label} ${palette.dim(offset)}${text}`);
    });
  }
  const scale = `one cell = ${formatBytes(cellBytes)}, from ${glyphs.shades[0]} (nothing in use) to ${glyphs.shades.at(-1)} (all in use)`;
  return [...lines, palette.dim(scale.slice(0, options.width))];
}

/** The smallest power of two of at least 16 bytes that fits the range into the cells. */
function cellSize(rangeBytes: number, cells: number): number {
  let bytes = 16;
  while (bytes * cells < rangeBytes) bytes *= 2;
  return bytes;
}

function measure(snapshot: HeapSnapshot, start: number, end: number, cellBytes: number): Shares {
  const count = Math.ceil((end - start) / cellBytes);
  const shares: Shares = { used: new Float64Array(count), top: new Float64Array(count) };
  for (const chunk of snapshot.chunks) {
    if (chunk.state === 'free' || chunk.state === 'cached') continue;
    const target = chunk.state === 'top' ? shares.top : shares.used;
    let from = chunk.offset - start;
    const to = from + chunk.sizeBytes;
    while (from < to) {
      const cell = Math.floor(from / cellBytes);
      const next = Math.min(to, (cell + 1) * cellBytes);
      target[cell] += next - from;
      from = next;
    }
  }
  return shares;
}

function shadeLine(shares: Shares, from: number, to: number, cellBytes: number, style: TextStyle): string {
  const { glyphs, palette } = style;
  let line = '';
  for (let cell = from; cell < to; cell++) {
    const steps = glyphs.shades.length - 1;
    const used = shares.used[cell];
    const level = used === 0 ? 0 : Math.max(1, Math.min(steps, Math.round((used / cellBytes) * steps)));
    const state = used > 0 ? 'in-use' : shares.top[cell] > 0 ? 'top' : 'free';
    line += palette.state[state](glyphs.shades[level]);
  }
  return line;
}
