/**
 * How a drawing looks, apart from what it says: paint (functions, so that nothing here knows about terminals)
 * and glyphs. Every state differs by glyph as well as by colour, so a picture can be read without colour.
 * A paint function may add invisible escapes but must keep the visible text.
 */
import type { ChunkState } from '../core/index.ts';

/** Adds colour to a piece of text. */
export type Paint = (text: string) => string;

/** The colours of a drawing. */
export interface Palette {
  /** One colour for each state of a chunk. */
  state: Readonly<Record<ChunkState, Paint>>;
  /** Colours that rotate from chunk to chunk in a dump; at least one. */
  rotation: readonly Paint[];
  title: Paint;
  dim: Paint;
  /** What is new or right. */
  good: Paint;
  /** What is wrong or gone. */
  bad: Paint;
}

/** The characters of a drawing; one column each, but for the arrows and the ellipsis. */
export interface Glyphs {
  /** Stands at the first cell of every chunk and nowhere else. */
  bar: string;
  state: Readonly<Record<ChunkState, string>>;
  /** Shades for cells that hold many chunks: nothing in use up to all in use. */
  shades: readonly string[];
  arrowLeft: string;
  arrowRight: string;
  ellipsis: string;
  /** First, middle and last line of a chunk in a dump. */
  chunkTop: string;
  chunkSide: string;
  chunkEnd: string;
}

/** Words for the states, as legends and titles print them. */
export const stateNames: Readonly<Record<ChunkState, string>> = {
  arena: 'arena header',
  'in-use': 'in use',
  free: 'free',
  cached: 'cached',
  top: 'top',
  fence: 'end marker',
};

/** All states, in the order in which legends list them. */
export const stateOrder: readonly ChunkState[] = ['arena', 'in-use', 'free', 'cached', 'top', 'fence'];

const same: Paint = (text) => text;

/** No colour at all. */
export const plainPalette: Palette = {
  state: { arena: same, 'in-use': same, free: same, cached: same, top: same, fence: same },
  rotation: [same],
  title: same,
  dim: same,
  good: same,
  bad: same,
};

/** Block and line characters. */
export const unicodeGlyphs: Glyphs = {
  bar: '│',
  state: { arena: '▒', 'in-use': '█', free: '░', cached: '▚', top: '·', fence: '╳' },
  shades: ['·', '░', '▒', '▓', '█'],
  arrowLeft: '←',
  arrowRight: '→',
  ellipsis: '…',
  chunkTop: '┌',
  chunkSide: '│',
  chunkEnd: '└',
};

/** For terminals without anything better. */
export const asciiGlyphs: Glyphs = {
  bar: '|',
  state: { arena: '=', 'in-use': '#', free: '.', cached: '%', top: '_', fence: 'X' },
  shades: ['_', '.', '-', '+', '#'],
  arrowLeft: '<-',
  arrowRight: '->',
  ellipsis: '...',
  chunkTop: '+',
  chunkSide: '|',
  chunkEnd: '+',
};

/** What every text drawing takes. */
export interface TextStyle {
  /** Columns of the terminal, at least 40. */
  width: number;
  palette: Palette;
  glyphs: Glyphs;
}
