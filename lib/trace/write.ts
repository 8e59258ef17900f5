/** A trace to a file, in the format that its name asks for. Node's modules are loaded when called. */
import { type TraceStream, traceStream } from './batch.ts';
import { numberingOf, writeOperations } from './cytrace.ts';
import type { CytraceHead } from './cytrace-layout.ts';
import { CytraceStream } from './cytrace-read.ts';
import { CytraceWriter } from './cytrace-write.ts';
import { formatPieces } from './format.ts';
import { concatenate } from './piece-reader.ts';
import type { Trace } from './trace.ts';

/**
 * Writes a trace as a `.cytrace`.
 * @param trace any trace
 * @returns the file's bytes
 * @throws TraceError ERR_TRACE_FORMAT when its block numbers are too far apart to be meant
 */
export async function encodeTrace(trace: Trace): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await writeCytrace(traceStream(trace), (piece) => pieces.push(piece));
  return concatenate(pieces);
}

/**
 * Writes a stream as a `.cytrace`, holding no more of it than a section.
 * @param stream not yet read
 * @param emit takes the pieces of the file, in order
 * @returns operations written
 */
export async function writeCytrace(stream: TraceStream, emit: (piece: Uint8Array) => void): Promise<number> {
  let writer: CytraceWriter | undefined;
  for await (const batch of stream) {
    const { timesNs, sites } = batch;
    const numbering = stream instanceof CytraceStream ? stream.cytraceHead.numbering : numberingOf(batch);
    writer ??= await CytraceWriter.open(
      headOf(stream, numbering, { times: timesNs.length > 0, sites: sites.length > 0 }),
      emit,
    );
    writeOperations(writer, batch);
  }
  writer ??= await CytraceWriter.open(headOf(stream, 'counting', { times: false, sites: false }), emit);
  writer.finish(stream.totals?.siteNames, stream.totals?.recording);
  return writer.operations;
}

function headOf(
  { head: { name, what, format, recording } }: TraceStream,
  numbering: CytraceHead['numbering'],
  columns: Pick<CytraceHead, 'times' | 'sites'>,
): CytraceHead {
  return { name, what, numbering, ...columns, source: format, ...(recording ? { recording } : {}) };
}

/**
 * Writes a trace as `heap-trace 1`.
 * @param trace any trace
 * @param emit takes the pieces of the text, in order
 * @returns operations written
 */
export function writeText(trace: Trace, emit: (piece: Uint8Array) => void): number {
  for (const piece of formatPieces(trace)) emit(new TextEncoder().encode(piece));
  return trace.operationCount;
}

/**
 * Writes a file: whole, or not at all. What stood there is replaced at the end, so a trace may be rewritten in place.
 * @param path gzipped when it ends in `.gz`
 * @param write makes the pieces
 * @returns how many operations and bytes it has
 * @throws what `write` throws, and Node's own errors about the file
 */
export async function writeTraceFile(
  path: string,
  write: (emit: (piece: Uint8Array) => void) => number | Promise<number>,
): Promise<{ operations: number; bytes: number }> {
  const { closeSync, openSync, renameSync, rmSync, statSync, writeSync } = await import('node:fs');
  const { gzipSync } = await import('node:zlib');
  const pack = path.endsWith('.gz');
  // A device or a pipe is written to as it is.
  const isSpecial = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  const place = isSpecial ? path : `${path}.partial`;
  const file = openSync(place, 'w');
  let bytes = 0;
  try {
    const operations = await write((piece) => {
      // Members of gzip may follow each other; pieces are long enough for it.
      const packed = pack ? gzipSync(piece) : piece;
      for (let done = 0; done < packed.length; ) done += writeSync(file, packed, done);
      bytes += packed.length;
    });
    if (!isSpecial) renameSync(place, path);
    return { operations, bytes };
  } catch (error) {
    if (!isSpecial) rmSync(place, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
