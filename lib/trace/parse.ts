/**
 * Text to trace. Pure: bytes in, a trace or a `TraceError` out; runs in a browser. Memory is bounded by the
 * length of the text, whatever numbers stand in it.
 */
import { Blocks } from './blocks.ts';
import { Cursor } from './cursor.ts';
import { countLines } from './foreign-lines.ts';
import { readHeader, type TraceHeader } from './header.ts';
import { isHeaptrack, parseHeaptrack } from './import-heaptrack.ts';
import { isMtrace, parseMtrace } from './import-mtrace.ts';
import { OperationList } from './operation-list.ts';
import { type LineReader, readHeapCall, readRareLine } from './read-operation.ts';
import type { Trace } from './trace.ts';

/** How to call the trace. */
export interface ParseTraceOptions {
  /** Named in errors. @defaultValue `trace` */
  file?: string;
  /** Name of the trace if its header has none. @defaultValue `file` */
  name?: string;
}

const hash = 0x23;
const smallestLine = 4;

/**
 * Reads a trace in `heap-trace 1` or malloc-lab form, or what mtrace or heaptrack wrote, told apart by the first line.
 * @param bytes the text, not compressed
 * @returns the trace; a replay of it is valid
 * @throws TraceError ERR_TRACE_FORMAT with the line
 */
export function parseTrace(bytes: Uint8Array, options: ParseTraceOptions = {}): Trace {
  const file = options.file ?? 'trace';
  if (isMtrace(bytes)) return parseMtrace(bytes, file, options.name ?? file);
  if (isHeaptrack(bytes)) return parseHeaptrack(bytes, file, options.name ?? file);
  const cursor = new Cursor(bytes, file);
  const header = readHeader(cursor);
  const blocks = new Blocks();
  const list = new OperationList(countLines(bytes, cursor.at));
  // A block needs a line of its own, so a larger number than the text has room for cannot be meant.
  const mostBlocks = Math.max(2 ** 20, Math.ceil(bytes.length / smallestLine));
  const reader: LineReader = {
    cursor,
    blocks,
    list,
    lastBlock: Math.min(header.blocks ?? mostBlocks, mostBlocks) - 1,
    lenient: header.format === 'malloc-lab',
  };
  readOperations(reader);
  checkPromises(cursor, header, list);
  const { name = options.name ?? file, what = '', format } = header;
  return list.finish({ name, what, format }, blocks);
}

function readOperations(reader: LineReader): void {
  const { cursor, lenient } = reader;
  while (cursor.nextLine()) {
    const letter = cursor.bytes[cursor.at];
    if (letter === hash) {
      cursor.restOfLine();
      continue;
    }
    cursor.at++;
    if (!readHeapCall(reader, letter) && (lenient || !readRareLine(reader, letter))) {
      refuse(cursor, letter, lenient);
    }
    cursor.endOfLine();
  }
}

function refuse(cursor: Cursor, letter: number, lenient: boolean): never {
  const shown =
    letter > 0x20 && letter < 0x7f ? `"${String.fromCharCode(letter)}"` : `byte 0x${letter.toString(16)}`;
  const known = lenient
    ? 'a, r or f (a file of other operations starts with "# heap-trace 1")'
    : 'one of acmrf t usoDwpqPQln';
  cursor.fail(`expected an operation, ${known}, but found ${shown}`);
}

function checkPromises(cursor: Cursor, header: TraceHeader, list: OperationList): void {
  const { operations, threads, format } = header;
  if (operations !== undefined && list.count < operations) {
    cursor.fail(
      `the header promises ${operations} operations but the trace ends after ${list.count}: it is cut off`,
    );
  }
  // Malloc-lab headers in the wild promise one too few; those of our own recorder are exact.
  if (operations !== undefined && list.count > operations && format === 'heap-trace') {
    cursor.fail(`the header promises ${operations} operations but there are ${list.count}`);
  }
  if (threads !== undefined && list.threadCount > Math.max(1, threads)) {
    cursor.fail(`the header promises ${threads} threads but there are ${list.threadCount}`);
  }
}
