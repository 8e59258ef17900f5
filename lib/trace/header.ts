/** The first lines of a trace: which format it is, and what it says about itself. */
import type { Cursor } from './cursor.ts';

/** What a header promises; absent where it says nothing. */
export interface TraceHeader {
  format: 'heap-trace' | 'malloc-lab';
  name?: string;
  what?: string;
  operations?: number;
  blocks?: number;
  threads?: number;
}

const hash = 0x23;
const firstLine = /^# heap-trace (\S+)$/;

/** Reads the header; the cursor stands before the first operation's line. */
export function readHeader(cursor: Cursor): TraceHeader {
  if (!cursor.nextLine()) cursor.fail('expected a trace but there is nothing in it');
  if (cursor.bytes[cursor.at] !== hash) return readLabHeader(cursor);
  const line = cursor.restOfLine();
  const version = firstLine.exec(line)?.[1];
  if (version === undefined) cursor.fail('expected "# heap-trace 1" as the first line');
  if (version !== '1') cursor.fail(`this reader knows heap-trace 1, not heap-trace ${version.slice(0, 20)}`);
  const header: TraceHeader = { format: 'heap-trace' };
  while (cursor.nextLine() && cursor.bytes[cursor.at] === hash) readKey(cursor, header);
  return header;
}

function readKey(cursor: Cursor, header: TraceHeader): void {
  const [, key, value] = /^#\s*(\S*)\s*(.*)$/.exec(cursor.restOfLine()) ?? [];
  if (key === 'name' || key === 'what') header[key] = withoutControls(value);
  if (key === 'ops') header.operations = headerNumber(cursor, key, value);
  if (key === 'ids') header.blocks = headerNumber(cursor, key, value);
  if (key === 'threads') header.threads = headerNumber(cursor, key, value);
}

function headerNumber(cursor: Cursor, key: string, value: string): number {
  if (!/^\d{1,15}$/.test(value))
    cursor.fail(`expected a number after "# ${key}" but found "${printable(value)}"`);
  return Number(value);
}

/** Names are shown on terminals: nothing in them may steer one. */
export function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, '?').slice(0, 200);
}

function printable(text: string): string {
  return text.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
}

/** Malloc-lab: one number to a line, `weight ids ops hint`, or `ids ops`, or none at all. */
function readLabHeader(cursor: Cursor): TraceHeader {
  const numbers: number[] = [];
  while (cursor.nextLine() && cursor.atDigit()) {
    if (numbers.length === 4) cursor.fail('expected an operation after the 4 numbers of the header');
    numbers.push(cursor.naturalHere('a number of the header', Number.MAX_SAFE_INTEGER));
    cursor.endOfLine();
  }
  if (numbers.length % 2 === 1) {
    cursor.fail(`expected a malloc-lab header of 4, 2 or no numbers but found ${numbers.length}`);
  }
  if (numbers.length === 0) return { format: 'malloc-lab' };
  const [blocks, operations] = numbers.length === 4 ? numbers.slice(1) : numbers;
  return { format: 'malloc-lab', blocks, operations };
}
