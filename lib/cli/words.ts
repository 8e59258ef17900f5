/** Numbers as people read them, options as commands check them, help that ends with an example. */
import { type Command, InvalidArgumentError } from 'commander';

/** @returns `43,178` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** @returns a time with three significant digits and a unit: `34.7 ns`, `6.13 us` */
export function duration(ns: number): string {
  const units = ['ns', 'us', 'ms', 's'];
  let value = ns;
  let unit = 0;
  // 999.5 would be written as 1000.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value === 0 ? '0' : value < 100 ? value.toPrecision(3) : value.toFixed(0)} ${units[unit]}`;
}

/** @returns `93.5 %`, or a dash for what is not known */
export function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)} %`;
}

/** @returns a ratio as people say it: `1.4`, `22`, `1,160` */
export function times(ratio: number): string {
  return ratio < 9.95 ? ratio.toFixed(1) : count(Math.round(ratio));
}

/** @returns `mmap 2, munmap 1`, `none`, or a dash for what cannot be counted */
export function callList(calls: Readonly<Record<string, number>> | null): string {
  if (calls === null) return '-';
  const words = Object.entries(calls).map(([name, made]) => `${name} ${count(made)}`);
  return words.length === 0 ? 'none' : words.join(', ');
}

/** @returns a parser for commander: an integer between two bounds, decimal or 0x.. */
export function integerOption(
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = /^(?:\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value;
    const upTo =
      maximum === Number.MAX_SAFE_INTEGER ? `, ${minimum} or more` : ` from ${minimum} to ${maximum}`;
    throw new InvalidArgumentError(`Expected an integer${upTo}.`);
  };
}

/** Adds `--json` to a command. */
export function addJson(command: Command): Command {
  return command.option('--json', 'print one JSON document and nothing else');
}

/** Adds examples to a command's help. */
export function addExamples(command: Command, ...examples: string[]): Command {
  const lines = examples.map((example) => `  $ chunkyard ${example}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Cuts the middle out of a text that is too long. */
export function shorten(text: string, width: number, ellipsis: string): string {
  if (text.length <= width) return text;
  const room = Math.max(0, width - ellipsis.length);
  const head = Math.floor(room / 3);
  return text.slice(0, head) + ellipsis + text.slice(text.length - (room - head));
}

/** Breaks a text into lines at blanks. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}
