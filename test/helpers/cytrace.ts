/** `.cytrace` bytes without a file; and taken apart into sections, so that a test can change what is packed. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { collectTrace } from '../../lib/trace/cytrace.ts';
import { fileHeaderBytes, sectionHeaderBytes } from '../../lib/trace/cytrace-layout.ts';
import { openCytrace } from '../../lib/trace/cytrace-read.ts';
import type { Trace } from '../../lib/trace/index.ts';
import { PieceReader } from '../../lib/trace/piece-reader.ts';

/** Given to the reader in pieces of so many bytes. */
async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Reads a whole file's bytes. */
export async function readCytrace(
  bytes: Uint8Array,
  pieceBytes: number = 4096,
  limitBytes: number = 2 ** 26,
): Promise<Trace> {
  const stream = await openCytrace(new PieceReader(pieces(bytes, pieceBytes)), 'bytes', limitBytes);
  return await collectTrace(stream, 1e7, () => {
    throw new Error('more operations than a test makes');
  });
}

/** One section, unpacked. */
export interface OpenSection {
  kind: number;
  operations: number;
  bytes: Buffer;
}

/** @returns the sections of a sound file */
export function takeApart(file: Uint8Array): OpenSection[] {
  const bytes = Buffer.from(file);
  const sections: OpenSection[] = [];
  for (let at = fileHeaderBytes; at < bytes.length; ) {
    const packed = bytes.readUInt32LE(at + 4);
    const start = at + sectionHeaderBytes;
    sections.push({
      kind: bytes[at],
      operations: bytes.readUInt32LE(at + 12),
      bytes: gunzipSync(bytes.subarray(start, start + packed)),
    });
    at = start + packed;
  }
  return sections;
}

/** Puts sections together, packed anew. */
export function putTogether(sections: readonly OpenSection[], version = 1): Buffer {
  const parts = [Buffer.from([0x89, 0x43, 0x59, 0x54, 0x0d, 0x0a, 0x1a, version])];
  for (const { kind, operations, bytes } of sections) {
    const packed = gzipSync(bytes);
    const header = Buffer.alloc(sectionHeaderBytes);
    header[0] = kind;
    header.writeUInt32LE(packed.length, 4);
    header.writeUInt32LE(bytes.length, 8);
    header.writeUInt32LE(operations, 12);
    parts.push(header, packed);
  }
  return Buffer.concat(parts);
}
