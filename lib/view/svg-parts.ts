/** The small parts of an SVG picture: escaping, text, fills and patterns, and the shaded cells of dense heaps. */
import { type ChunkState, formatBytes, type HeapSnapshot, hex } from '../core/index.ts';

const fills: Readonly<Record<ChunkState, string>> = {
  arena: '#8e7cc3',
  'in-use': '#4f9d69',
  free: 'url(#free)',
  cached: 'url(#cached)',
  top: '#f3f3ee',
  fence: '#c0504d',
};

/** Hatching for states that must differ without colour. */
export const patternDefinitions: string = [
  '<defs>',
  '<pattern id="free" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
    '<rect width="7" height="7" fill="#dbe9f6"/><line x1="0" y1="0" x2="0" y2="7" stroke="#7da7d9" stroke-width="2"/></pattern>',
  '<pattern id="cached" width="6" height="6" patternUnits="userSpaceOnUse">' +
    '<rect width="6" height="6" fill="#fdf0d5"/><circle cx="3" cy="3" r="1.4" fill="#d8a13a"/></pattern>',
  '</defs>',
].join('\n');

/**
 * @param state of a chunk
 * @returns a value for the `fill` attribute
 */
export function fillOf(state: ChunkState): string {
  return fills[state];
}

/**
 * Makes any string safe as XML text or attribute value.
 * @param text anything, control characters included (XML forbids them: they become U+FFFD)
 * @returns escaped text
 */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 does not allow
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
      .replace(/[&<>"']/g, (character) => entities[character])
  );
}

/**
 * One line of text.
 * @param x left edge (or what `text-anchor` says), pixels
 * @param y base line, pixels
 * @param text unescaped
 * @param attributes more attributes, as they stand
 * @returns a `<text>` element
 */
export function svgText(x: number, y: number, text: string, attributes = ''): string {
  return `<text x="${x}" y="${y}"${attributes === '' ? '' : ` ${attributes}`}>${escapeXml(text)}</text>`;
}

/** Where the cells of a dense heap go. */
export interface DensityArea {
  /** Pixels in a row. */
  cells: number;
  x: number;
  y: number;
  bandHeight: number;
  bandPitch: number;
}

/** A dense heap, drawn. */
export interface DensePicture {
  parts: string[];
  bands: number;
  /** What a column means, to be put behind the subtitle. */
  scale: string;
}

/** Rows and pixels per cell of a dense picture. */
const denseRows = 24;
const denseCell = 4;

/**
 * Draws a heap of very many chunks as equal cells whose opacity is the share in use.
 * @param snapshot the heap
 * @param area pixels
 * @returns elements, the number of bands drawn, the scale
 */
export function densityRects(snapshot: HeapSnapshot, area: DensityArea): DensePicture {
  const perRow = Math.floor(area.cells / denseCell);
  const range = snapshot.endOffset - snapshot.startOffset;
  const cellBytes = Math.max(1, Math.ceil(range / (perRow * denseRows)));
  const used = new Float64Array(Math.ceil(range / cellBytes));
  const chunks = new Uint32Array(used.length);
  for (const chunk of snapshot.chunks) {
    let from = chunk.offset - snapshot.startOffset;
    const end = from + chunk.sizeBytes;
    while (from < end) {
      const cell = Math.floor(from / cellBytes);
      const next = Math.min(end, (cell + 1) * cellBytes);
      if (chunk.state === 'in-use' || chunk.state === 'arena') used[cell] += next - from;
      chunks[cell]++;
      from = next;
    }
  }
  const parts: string[] = [];
  for (let cell = 0; cell < used.length; cell++) {
    const row = Math.floor(cell / perRow);
    const x = area.x + (cell % perRow) * denseCell;
    const y = area.y + row * area.bandPitch;
    const offset = snapshot.startOffset + cell * cellBytes;
    if (cell % perRow === 0) {
      parts.push(
        svgText(area.x, y + area.bandHeight + 15, `+${hex(offset)}`, 'font-size="10" fill="#555555"'),
      );
    }
    const share = used[cell] / cellBytes;
    const tooltip = `+${hex(offset)}: ${chunks[cell]} chunks, ${formatBytes(Math.round(used[cell]))} of ${formatBytes(cellBytes)} in use`;
    parts.push(
      `<g><title>${escapeXml(tooltip)}</title><rect x="${x}" y="${y}" width="${denseCell}" height="${area.bandHeight}" ` +
        `fill="#4f9d69" fill-opacity="${share.toFixed(2)}" stroke="none"/></g>`,
    );
  }
  const scale = `; one column = ${formatBytes(cellBytes)}, the darker the more in use`;
  return { parts, bands: Math.ceil(used.length / perRow), scale };
}
