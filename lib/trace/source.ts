/**
 * Where the bytes of a trace come from: a file, standard input, or the package itself. Always in pieces, as a file may
 * be a pipe or a device without an end. Node's modules are loaded when called, so a browser bundle may hold this.
 */
import { TraceError } from './trace-error.ts';

const pieceBytes = 1024 * 1024;
const suffix = '.trace.gz';
// The same distance from lib/trace and from dist/trace.
const builtInFolder = '../../examples/traces/';

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

/** @returns how a trace is called that does not say it itself */
export function traceName(source: string): string {
  const file = source.slice(source.lastIndexOf('/') + 1);
  if (source === '-') return 'standard input';
  return file.replace(/\.(gz|zst)$/, '').replace(/\.(trace|rep|cytrace|mtrace)$/, '');
}

/**
 * Opens what a user names.
 * @param source a path, `-` for standard input, or a built-in trace; a file wins over a built-in of the same name
 * @returns its bytes in pieces
 * @throws TraceError ERR_TRACE_NOT_FOUND
 */
export async function openSource(source: string): Promise<AsyncIterable<Uint8Array>> {
  if (source === '-') return process.stdin as AsyncIterable<Uint8Array>;
  const found = await openIfThere(source, source);
  if (found) return found;
  if (/^[\w][\w.-]*$/.test(source)) {
    const builtIn = await openIfThere(new URL(`${builtInFolder}${source}${suffix}`, import.meta.url), source);
    if (builtIn) return builtIn;
  }
  const known = (await builtInTraces()).join(', ');
  throw new TraceError('ERR_TRACE_NOT_FOUND', source, `no such file, nor a built-in trace (${known})`);
}

async function openIfThere(path: string | URL, source: string): Promise<AsyncIterable<Uint8Array> | null> {
  const { open } = await import('node:fs/promises');
  try {
    const file = await open(path);
    return readPieces(file, source);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
    throw unreadable(source, error);
  }
}

/** A piece is valid until the next one is asked for. */
async function* readPieces(
  file: import('node:fs/promises').FileHandle,
  source: string,
): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(pieceBytes);
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, pieceBytes, null);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } catch (error) {
    throw unreadable(source, error);
  } finally {
    await file.close();
  }
}

function unreadable(source: string, error: unknown): TraceError {
  const { message } = error as Error;
  return new TraceError('ERR_TRACE_NOT_FOUND', source, `the file cannot be read (${message})`);
}
