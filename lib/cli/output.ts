/**
 * Where a command's words go: text or one JSON document on standard output, notes and progress on standard error.
 * Colour only on a terminal and only without NO_COLOR; progress only where standard error is a terminal.
 */
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import pico from 'picocolors';
import type { Glyphs, Palette, TextStyle } from '../view/index.ts';
import { asciiGlyphs, plainPalette, unicodeGlyphs } from '../view/index.ts';

/** Columns of a table. */
export interface TableColumn {
  title: string;
  align?: 'left' | 'right';
}

/** What commands print with. */
export interface Output extends TextStyle {
  /** Prints lines. */
  print(...lines: string[]): void;
  /** Prints one JSON document, `format` first; bigints become hexadecimal strings. */
  printJson(format: string, document: object): void;
  /** Prints a line on standard error, for what is not the result. */
  note(line: string): void;
  /** @returns the lines of a table; cells are strings already */
  table(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[];
  /** A bar on standard error; silent where that is no terminal. */
  progress(label: string, total: number): Progress;
}

/** A running progress bar. */
export interface Progress {
  update(done: number, label?: string): void;
  stop(): void;
}

/** The widest that lines are made, however wide the terminal is. */
const mostColumns = 120;
const leastColumns = 40;

/** @returns the output of this process */
export function openOutput(): Output {
  const { stdout, stderr, env } = process;
  const isTerminal = stdout.isTTY === true && env.TERM !== 'dumb';
  const color = isTerminal && (env.NO_COLOR ?? '') === '';
  const glyphs = glyphsFor(env);
  return {
    width: columnsOf(stdout.columns ?? Number(env.COLUMNS ?? 80)),
    palette: color ? colorPalette() : plainPalette,
    glyphs,
    print: (...lines) => {
      if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
    },
    printJson: (format, document) => {
      const text = JSON.stringify({ format, ...document }, (_, value) =>
        typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
      );
      stdout.write(`${text}\n`);
    },
    note: (line) => void stderr.write(`${line}\n`),
    table: (columns, rows) => renderTable(columns, rows, { color, rule: glyphs === asciiGlyphs ? '-' : '─' }),
    progress: (label, total) => startProgress(label, total, stderr.isTTY === true),
  };
}

function columnsOf(columns: number): number {
  // A terminal that was not told its size says 0.
  if (!Number.isInteger(columns) || columns === 0) return 80;
  return Math.min(mostColumns, Math.max(leastColumns, columns));
}

/** Block characters, unless the environment says that they would not be shown. */
function glyphsFor(env: NodeJS.ProcessEnv): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const isPlain = env.TERM === 'linux' || /^(?:C|POSIX)$/.test(locale) || /8859|ascii/i.test(locale);
  return isPlain ? asciiGlyphs : unicodeGlyphs;
}

function colorPalette(): Palette {
  const c = pico.createColors(true);
  return {
    state: {
      arena: c.magenta,
      'in-use': c.green,
      free: c.cyan,
      cached: c.yellow,
      top: c.gray,
      fence: c.red,
    },
    rotation: [c.yellow, c.cyan, c.magenta, c.green, c.blue],
    title: c.bold,
    dim: c.gray,
    good: c.green,
    bad: c.red,
  };
}

/** No frame, two blanks between columns, one rule under the head. */
function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  { color, rule }: { color: boolean; rule: string },
): string[] {
  const c = pico.createColors(color);
  const table = new Table({
    head: columns.map((column) => c.bold(column.title)),
    colAligns: columns.map((column) => column.align ?? 'left'),
    chars: {
      ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
      ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
      ...{ left: '', 'left-mid': '', right: '', 'right-mid': '', middle: '  ' },
      ...{ mid: rule, 'mid-mid': rule.repeat(2) },
    },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

function startProgress(label: string, total: number, visible: boolean): Progress {
  if (!visible) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: '{bar} {percentage} % {label}',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
  });
  bar.start(total, 0, { label });
  return {
    update: (done, now) => bar.update(done, { label: now ?? label }),
    stop: () => bar.stop(),
  };
}
