/** Tables of marks: text, Markdown and SVG of one grid. */
import { expect, it } from 'vitest';
import {
  type Grid,
  plainPalette,
  renderGrid,
  renderGridMarkdown,
  renderGridSvg,
  unicodeGlyphs,
} from '../../../lib/view/index.ts';
import { problemsInXml } from '../../helpers/xml.ts';

const grid: Grid = {
  title: 'Marks & more',
  subtitle: 'a: b',
  columns: ['1', '22'],
  rows: [
    { name: 'first', cells: [mark('x', 'bad'), mark('-', 'other')] },
    { name: 'second|', cells: [mark('(1)', 'good'), mark('x', 'bad')] },
  ],
  notes: ['(1) "<why>"'],
};

function mark(text: string, kind: 'bad' | 'good' | 'other'): Grid['rows'][number]['cells'][number] {
  return { text, kind, tip: `tip of ${text}` };
}

it('lines columns up in text', () => {
  expect(renderGrid(grid, { width: 80, palette: plainPalette, glyphs: unicodeGlyphs })).toEqual([
    'Marks & more',
    'a: b',
    '',
    '          1  22',
    'first     x   -',
    'second| (1)   x',
    '',
    '(1) "<why>"',
  ]);
});

it('breaks long notes at the width', () => {
  const notes = ['(1) one two three four five six seven eight nine ten'];
  const lines = renderGrid({ ...grid, notes }, { width: 30, palette: plainPalette, glyphs: unicodeGlyphs });
  expect(lines.slice(-2)).toEqual(['(1) one two three four five', '  six seven eight nine ten']);
});

it('keeps a table of Markdown in one piece', () => {
  const lines = renderGridMarkdown(grid);
  expect(lines).toContain('|  | 1 | 22 |');
  expect(lines).toContain('| `second\\|` | (1) | x |');
});

it('draws valid XML with a tooltip for each mark', () => {
  const svg = renderGridSvg(grid);
  expect(problemsInXml(svg)).toEqual([]);
  expect(svg.match(/<g><title>/g)).toHaveLength(4);
  expect(svg).toContain('second|: tip of (1)');
});
