/**
 * Compressed bytes to text, gzip and zstd told by their first bytes. A file that would unpack to more than the
 * limit is refused before the memory is taken; a broken one is a `TraceError` like any other bad trace.
 */
import { concatenate } from './piece-reader.ts';
import { TraceError } from './trace-error.ts';

/** @returns true when the bytes start as a gzip member does */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** @returns true when the bytes start as a zstd frame, or a skippable one, does */
function isZstd(bytes: Uint8Array): boolean {
  const magic = bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd;
  const skippable = bytes[1] === 0x2a && bytes[2] === 0x4d && bytes[3] === 0x18;
  return (bytes[0] === 0x28 && magic) || ((bytes[0] & 0xf0) === 0x50 && skippable);
}

/** @returns true when the bytes start as something that `decompress` unpacks */
export function isPacked(bytes: Uint8Array): boolean {
  return isGzip(bytes) || isZstd(bytes);
}

/**
 * Unpacks what is packed; other bytes are returned as they are.
 * @param bytes a whole file
 * @param file its name, for errors
 * @param limitBytes most bytes the result may have
 * @throws TraceError ERR_TRACE_FORMAT, ERR_TRACE_TOO_LARGE
 */
export async function decompress(bytes: Uint8Array, file: string, limitBytes: number): Promise<Uint8Array> {
  if (isGzip(bytes)) return await gunzip(bytes, file, limitBytes);
  if (isZstd(bytes)) return await unzstd(bytes, file, limitBytes);
  if (bytes.length > limitBytes) throw tooLarge(file, limitBytes);
  return bytes;
}

/** The refusal of a trace beyond the limit. */
export function tooLarge(file: string, limitBytes: number): TraceError {
  return new TraceError(
    'ERR_TRACE_TOO_LARGE',
    file,
    `the trace is larger than the limit of ${limitBytes} bytes`,
  );
}

async function gunzip(bytes: Uint8Array, file: string, limitBytes: number): Promise<Uint8Array> {
  const { gunzipSync } = await import('node:zlib');
  try {
    return gunzipSync(bytes, { maxOutputLength: limitBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file, limitBytes);
    throw damaged(file, 'gzip', error);
  }
}

// Node 20 has no zstd, so it is done in JavaScript, in pieces: the limit stops a bomb after one block.
async function unzstd(bytes: Uint8Array, file: string, limitBytes: number): Promise<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const pieces: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((piece) => {
    length += piece.length;
    if (length > limitBytes) throw tooLarge(file, limitBytes);
    pieces.push(piece.slice());
  });
  try {
    stream.push(bytes, true);
  } catch (error) {
    throw error instanceof TraceError ? error : damaged(file, 'zstd', error);
  }
  return concatenate(pieces);
}

function damaged(file: string, kind: string, error: unknown): TraceError {
  const reason = error instanceof Error ? error.message : String(error);
  return new TraceError('ERR_TRACE_FORMAT', file, `the ${kind} data is damaged or cut off (${reason})`);
}
