/**
 * The heap as one SVG document: bands of chunks in address order over labelled axes, a legend, a tooltip for
 * every chunk. States differ by pattern as well as by colour. Valid XML whatever the labels hold; no script, no
 * outside reference.
 */
import { type ChunkSnapshot, formatBytes, type HeapSnapshot, hex } from '../core/index.ts';
import { type Band, layoutBands } from './layout.ts';
import { stateNames, stateOrder } from './palette.ts';
import { densityRects, escapeXml, fillOf, patternDefinitions, svgText } from './svg-parts.ts';

/** How an SVG is drawn. */
export interface SvgOptions {
  /** Heading of the picture. */
  title: string;
  /** Line under the heading. */
  subtitle?: string;
  /** Width in CSS pixels, at least 320. @defaultValue 960 */
  width?: number;
  /** Most bands before chunks are drawn as shares of equal cells. @defaultValue 48 */
  maxBands?: number;
}

const margin = 16;
const bandHeight = 28;
const bandPitch = 50;
const headHeight = 62;

/**
 * Draws one snapshot.
 * @param snapshot the heap
 * @param options heading and width
 * @returns an SVG document that starts with `<svg`
 */
export function renderSvg(snapshot: HeapSnapshot, options: SvgOptions): string {
  const width = Math.max(320, options.width ?? 960);
  const cells = width - 2 * margin;
  const maxBands = options.maxBands ?? 48;
  // A cell is a pixel here; four of them are the least that shows as a block.
  const bands = layoutBands([snapshot], {
    cells: Math.floor(cells / 4),
    maxBands,
    comfortableCells: 14,
    leastCells: 1,
  });
  const rows =
    bands === null
      ? densityRects(snapshot, { cells, x: margin, y: headHeight, bandHeight, bandPitch })
      : {
          parts: bands.flatMap((band, index) => drawBand(snapshot, band, headHeight + index * bandPitch)),
          bands: bands.length,
          scale: '',
        };
  const legendY = headHeight + rows.bands * bandPitch + 8;
  const height = legendY + 34;
  const states = stateOrder.filter((state) => snapshot.chunks.some((chunk) => chunk.state === state));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
      ` role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">`,
    `<title>${escapeXml(options.title)}</title>`,
    `<desc>${escapeXml(description(snapshot))}</desc>`,
    patternDefinitions,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    svgText(margin, 26, options.title, 'font-size="16" font-weight="bold"'),
    svgText(margin, 46, `${options.subtitle ?? description(snapshot)}${rows.scale}`, 'fill="#555555"'),
    ...rows.parts,
    ...states.flatMap((state, index) => [
      `<rect x="${margin + index * 130}" y="${legendY}" width="16" height="16" fill="${fillOf(state)}" stroke="#333333"/>`,
      svgText(margin + index * 130 + 22, legendY + 13, stateNames[state]),
    ]),
    '</svg>',
    '',
  ].join('\n');
}

/** One sentence for readers who do not see the picture. */
function description(snapshot: HeapSnapshot): string {
  const size = formatBytes(snapshot.endOffset - snapshot.startOffset);
  const count = (state: string): number => snapshot.chunks.filter((chunk) => chunk.state === state).length;
  return (
    `${snapshot.allocator} at ${hex(snapshot.baseAddress)}: ${size}, ${snapshot.chunks.length} chunks, ` +
    `${count('in-use')} in use, ${count('free')} free`
  );
}

function drawBand(snapshot: HeapSnapshot, band: Band, y: number): string[] {
  const parts: string[] = [];
  let labelEnd = -1;
  const bandEnd = margin + band.segments.reduce((sum, segment) => sum + segment.cells, 0) * 4 + margin;
  let index = 0;
  for (const segment of band.segments) {
    const x = margin + segment.column * 4;
    const width = segment.cells * 4;
    while (index < snapshot.chunks.length && endOf(snapshot.chunks[index]) <= segment.startOffset) index++;
    const chunk = snapshot.chunks[index];
    if (chunk !== undefined && chunk.offset < segment.endOffset) {
      parts.push(drawChunk(snapshot, chunk, x, y, width));
    }
    const label = `+${hex(segment.startOffset)}`;
    const labelWidth = label.length * 6.2;
    if (x > labelEnd && x + labelWidth < bandEnd) {
      parts.push(
        `<line x1="${x}" y1="${y + bandHeight}" x2="${x}" y2="${y + bandHeight + 4}" stroke="#333333"/>`,
      );
      parts.push(svgText(x, y + bandHeight + 15, label, 'font-size="10" fill="#555555"'));
      labelEnd = x + labelWidth + 6;
    }
  }
  return parts;
}

function endOf(chunk: ChunkSnapshot): number {
  return chunk.offset + chunk.sizeBytes;
}

function drawChunk(
  snapshot: HeapSnapshot,
  chunk: ChunkSnapshot,
  x: number,
  y: number,
  width: number,
): string {
  const label = chunk.label === undefined ? '' : `, ${chunk.label}`;
  const asked = chunk.requestBytes === undefined ? '' : ` (${chunk.requestBytes} asked for)`;
  const address = hex(snapshot.baseAddress + BigInt(chunk.offset));
  const tooltip = `+${hex(chunk.offset)} = ${address}: ${stateNames[chunk.state]}, ${formatBytes(chunk.sizeBytes)}${asked}${label}`;
  const size = formatBytes(chunk.sizeBytes);
  const fits = size.length * 7.4 + 6 < width;
  const text = fits
    ? svgText(
        x + width / 2,
        y + 18,
        size,
        'text-anchor="middle" pointer-events="none" paint-order="stroke" stroke="#ffffff" stroke-width="3"',
      )
    : '';
  return (
    `<g><title>${escapeXml(tooltip)}</title><rect data-offset="${chunk.offset}" x="${x}" y="${y}" width="${width}" ` +
    `height="${bandHeight}" fill="${fillOf(chunk.state)}" stroke="#333333" stroke-width="0.7"/>${text}</g>`
  );
}
