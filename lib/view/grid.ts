/**
 * A table of short marks, such as outcomes by version, in three forms: text, Markdown, SVG. What a mark stands for
 * is told in numbered notes below, so that columns stay narrow. Marks differ by text as well as by colour.
 */
import type { TextStyle } from './palette.ts';
import { escapeXml, svgText } from './svg-parts.ts';

/** One mark. */
export interface GridCell {
  /** A few characters. */
  text: string;
  kind: 'bad' | 'good' | 'other';
  /** What is shown when the mark is pointed at. */
  tip: string;
}

/** A named row of marks. */
export interface GridRow {
  name: string;
  cells: readonly GridCell[];
}

/** The table. */
export interface Grid {
  title: string;
  /** What the marks mean. */
  subtitle: string;
  columns: readonly string[];
  rows: readonly GridRow[];
  /** Lines below. */
  notes: readonly string[];
}

/**
 * @param grid the table
 * @param style colours
 * @returns lines of text: columns of one width, a head, the notes
 */
export function renderGrid(grid: Grid, style: TextStyle): string[] {
  const { palette } = style;
  const paints = { bad: palette.bad, good: palette.good, other: palette.dim };
  const nameWidth = Math.max(...grid.rows.map(({ name }) => name.length));
  const texts = grid.rows.flatMap(({ cells }) => cells.map(({ text }) => text));
  const width =
    1 + Math.max(...grid.columns.map((title) => title.length), ...texts.map((text) => text.length));
  return [
    palette.title(grid.title),
    palette.dim(grid.subtitle),
    '',
    `${' '.repeat(nameWidth)}${grid.columns.map((title) => title.padStart(width)).join('')}`,
    ...grid.rows.map(
      ({ name, cells }) =>
        name.padEnd(nameWidth) + cells.map(({ text, kind }) => paints[kind](text.padStart(width))).join(''),
    ),
    '',
    ...grid.notes.flatMap((note) => folded(note, style.width)),
  ];
}

/** Breaks a note at blanks; what follows is set in. */
function folded(note: string, width: number): string[] {
  const lines = [''];
  for (const word of note.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] === '') lines[last] = word;
    else if (lines[last].length + 1 + word.length <= width) lines[last] += ` ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}

/**
 * @param grid the table
 * @returns lines of Markdown
 */
export function renderGridMarkdown(grid: Grid): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapePipe).join(' | ')} |`;
  return [
    `**${grid.title}**`,
    '',
    grid.subtitle,
    '',
    line(['', ...grid.columns]),
    line(['---', ...grid.columns.map(() => ':-:')]),
    ...grid.rows.map(({ name, cells }) => line([`\`${name}\``, ...cells.map(({ text }) => text)])),
    '',
    ...grid.notes.map((note) => `- ${note.replace(/^\*/, '\\*')}`),
  ];
}

function escapePipe(text: string): string {
  return text.replaceAll('|', '\\|');
}

const margin = 16;
const rowHeight = 20;
const cellWidth = 46;
const headHeight = 92;
const noteColumns = 98;
const fills = { bad: '#f4c7c3', good: '#cfe8d5', other: '#f3f3ee' } as const;

/**
 * @param grid the table
 * @returns an SVG document; every mark carries its tip as a tooltip
 */
export function renderGridSvg(grid: Grid): string {
  const nameWidth = 8 * Math.max(...grid.rows.map(({ name }) => name.length));
  const left = margin + nameWidth + 8;
  const bottom = headHeight + grid.rows.length * rowHeight;
  const notes = grid.notes.flatMap((note) => folded(note, noteColumns));
  const widest = Math.max(...notes.map((note) => note.length), grid.subtitle.length);
  const width = Math.max(left + grid.columns.length * cellWidth + margin, 2 * margin + 7.3 * widest);
  const height = bottom + 20 + notes.length * 17 + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
      ` role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">`,
    `<title>${escapeXml(grid.title)}</title>`,
    `<desc>${escapeXml(grid.subtitle)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    svgText(margin, 26, grid.title, 'font-size="16" font-weight="bold"'),
    svgText(margin, 46, grid.subtitle, 'fill="#555555"'),
    ...grid.columns.map((title, index) =>
      svgText(
        left + (index + 0.5) * cellWidth,
        headHeight - 8,
        title,
        'text-anchor="middle" font-weight="bold"',
      ),
    ),
    ...grid.rows.flatMap((row, index) => drawRow(row, left, headHeight + index * rowHeight)),
    ...notes.map((note, index) => svgText(margin, bottom + 24 + index * 17, note)),
    '</svg>',
    '',
  ].join('\n');
}

function drawRow({ name, cells }: GridRow, left: number, y: number): string[] {
  return [
    svgText(margin, y + 14, name),
    ...cells.map(({ text, kind, tip }, index) => {
      const x = left + index * cellWidth;
      const box = `<rect x="${x + 1}" y="${y + 1}" width="${cellWidth - 2}" height="${rowHeight - 2}" fill="${fills[kind]}"/>`;
      const label = svgText(x + cellWidth / 2, y + 14, text, 'text-anchor="middle"');
      return `<g><title>${escapeXml(`${name}: ${tip}`)}</title>${box}${label}</g>`;
    }),
  ];
}
