/** A trace of any format from anywhere: as a whole, or as a stream that takes the same memory however long it is. */
import { type TraceStream, traceStream } from './batch.ts';
import { collectTrace } from './cytrace.ts';
import { isCytrace, openCytrace } from './cytrace-read.ts';
import { decompress, isPacked, tooLarge } from './decompress.ts';
import { parseTrace } from './parse.ts';
import { PieceReader } from './piece-reader.ts';
import { openSource, traceName } from './source.ts';
import type { Trace } from './trace.ts';

/** How to read. */
export interface ReadTraceOptions {
  /**
   * Most bytes that the unpacked text may have; of a `.cytrace`, ten for each operation. A stream of a `.cytrace` may
   * have any number of operations: there it bounds what is kept of its blocks. @defaultValue 512 MiB
   */
  limitBytes?: number;
}

const defaultLimitBytes = 512 * 1024 * 1024;
const bytesPerOperation = 10;
// Packing makes a tiny text longer; the exact limit is that of the unpacked text.
const packingBytes = 64 * 1024;
const startBytes = 4096;

/**
 * Reads a trace.
 * @param source a path (`.cytrace`, `.trace`, `.rep`, or what mtrace or heaptrack wrote; plain, gzipped or
 *   zstd-compressed), `-` for standard input, or the name of a built-in trace; a file wins over a built-in of the
 *   same name
 * @returns the trace
 * @throws TraceError ERR_TRACE_NOT_FOUND, ERR_TRACE_FORMAT (with the line), ERR_TRACE_TOO_LARGE
 */
export async function readTrace(source: string, options: ReadTraceOptions = {}): Promise<Trace> {
  const limitBytes = options.limitBytes ?? defaultLimitBytes;
  const found = await open(source, limitBytes);
  if ('opcodes' in found) return found;
  const refuse = (): never => {
    throw tooLarge(source, limitBytes);
  };
  return await collectTrace(found, Math.floor(limitBytes / bytesPerOperation), refuse);
}

/**
 * Opens a trace to read it piece by piece. A `.cytrace` of any length takes the memory of one piece and of its live
 * blocks; the other formats are read as a whole first.
 * @param source as for `readTrace`
 * @returns the stream; iterate it once
 * @throws TraceError as `readTrace`, also while it is iterated
 */
export async function openTrace(source: string, options: ReadTraceOptions = {}): Promise<TraceStream> {
  const found = await open(source, options.limitBytes ?? defaultLimitBytes);
  return 'opcodes' in found ? traceStream(found) : found;
}

async function open(source: string, limitBytes: number): Promise<Trace | TraceStream> {
  const reader = new PieceReader(await openSource(source));
  const start = await reader.peek(startBytes);
  if (isCytrace(start)) return await openCytrace(reader, source, limitBytes);
  const bytes = await readWhole(reader, start, source, limitBytes);
  if (isCytrace(bytes)) return await openCytrace(new PieceReader(once(bytes)), source, limitBytes);
  return parseTrace(bytes, { file: source, name: traceName(source) });
}

/** Reads and unpacks all of it, but no more than the limit. */
async function readWhole(
  reader: PieceReader,
  start: Uint8Array,
  source: string,
  limitBytes: number,
): Promise<Uint8Array> {
  // What cannot be a trace is read no further, as it may go on for ever: its first line says what is wrong.
  if (!isPacked(start) && !mayBeText(start)) {
    const first = start.slice();
    await reader.close();
    return first;
  }
  const bytes = await reader.rest(limitBytes + packingBytes);
  if (bytes.length > limitBytes + packingBytes) throw tooLarge(source, limitBytes);
  return await decompress(bytes, source, limitBytes);
}

/** @returns true when the bytes may start one of the text formats; none of them has a zero byte */
function mayBeText(start: Uint8Array): boolean {
  const opening = new TextDecoder('latin1').decode(start);
  return !start.includes(0) && /^\s*(?:[#\d=@]|[arfv]\s|$)/.test(opening);
}

async function* once<T>(piece: T): AsyncGenerator<T> {
  yield piece;
}
