/**
 * A trace from a file, from standard input, or one that comes with the package. The only file of this layer,
 * beside decompress.ts, that needs Node; both load its modules when called, so a browser bundle may hold them.
 */
import { decompress, tooLarge } from './decompress.ts';
import { parseTrace } from './parse.ts';
import type { Trace } from './trace.ts';
import { TraceError } from './trace-error.ts';

/** How to read. */
export interface ReadTraceOptions {
  /** Most bytes the unpacked text may have. @defaultValue 512 MiB */
  limitBytes?: number;
}

const defaultLimitBytes = 512 * 1024 * 1024;
// Packing makes a tiny text longer; the exact limit is that of the unpacked text.
const packingBytes = 64 * 1024;
const suffix = '.trace.gz';
// The same distance from lib/trace and from dist/trace.
const builtInFolder = '../../examples/traces/';

/**
 * Reads a trace.
 * @param source a path (`.trace`, `.rep`; plain, gzipped or zstd-compressed), `-` for standard input, or the
 *   name of a built-in trace; a file wins over a built-in of the same name
 * @returns the trace
 * @throws TraceError ERR_TRACE_NOT_FOUND, ERR_TRACE_FORMAT (with the line), ERR_TRACE_TOO_LARGE
 */
export async function readTrace(source: string, options: ReadTraceOptions = {}): Promise<Trace> {
  const limitBytes = options.limitBytes ?? defaultLimitBytes;
  const packed =
    source === '-' ? await readStandardInput(limitBytes) : await readFileOrBuiltIn(source, limitBytes);
  return parseTrace(await decompress(packed, source, limitBytes), { file: source, name: traceName(source) });
}

/**
 * Lists the traces that come with the package.
 * @returns their names, sorted
 */
export async function builtInTraces(): Promise<string[]> {
  const { readdir } = await import('node:fs/promises');
  const names = await readdir(new URL(builtInFolder, import.meta.url)).catch((): string[] => []);
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .sort();
}

function traceName(source: string): string {
  const file = source.slice(source.lastIndexOf('/') + 1);
  return source === '-' ? 'standard input' : file.replace(/\.(gz|zst)$/, '').replace(/\.(trace|rep)$/, '');
}

async function readFileOrBuiltIn(source: string, limitBytes: number): Promise<Uint8Array> {
  const found = await readIfThere(source, source, limitBytes);
  if (found) return found;
  if (/^[\w][\w.-]*$/.test(source)) {
    const builtIn = await readIfThere(
      new URL(`${builtInFolder}${source}${suffix}`, import.meta.url),
      source,
      limitBytes,
    );
    if (builtIn) return builtIn;
  }
  const known = (await builtInTraces()).join(', ');
  throw new TraceError('ERR_TRACE_NOT_FOUND', source, `no such file, nor a built-in trace (${known})`);
}

async function readIfThere(
  path: string | URL,
  source: string,
  limitBytes: number,
): Promise<Uint8Array | null> {
  const { readFile, stat } = await import('node:fs/promises');
  try {
    const { size } = await stat(path);
    if (size > limitBytes + packingBytes) throw tooLarge(source, limitBytes);
    return await readFile(path);
  } catch (error) {
    if (error instanceof TraceError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
    throw new TraceError('ERR_TRACE_NOT_FOUND', source, `the file cannot be read (${message})`);
  }
}

async function readStandardInput(limitBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of process.stdin as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > limitBytes + packingBytes) throw tooLarge('-', limitBytes);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}
