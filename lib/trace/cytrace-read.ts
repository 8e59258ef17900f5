/** Reads a `.cytrace` section by section. Every length is checked before memory is taken for it. */
import type { TraceBatch, TraceStream, TraceStreamHead, TraceTotals } from './batch.ts';
import { SectionDecoder } from './cytrace-decode.ts';
import { parseHead, parseSites, parseTotals } from './cytrace-json.ts';
import {
  type CytraceHead,
  type CytraceTotals,
  cytraceMagic,
  cytraceVersion,
  fileHeaderBytes,
  Section,
  sectionBytes,
  sectionHeaderBytes,
  sectionOperations,
} from './cytrace-layout.ts';
import { tooLarge } from './decompress.ts';
import type { PieceReader } from './piece-reader.ts';
import { TraceError } from './trace-error.ts';

type Zlib = Pick<typeof import('node:zlib'), 'gunzipSync'>;

// gzip adds 18 bytes, and 5 to each 64 KiB that do not get smaller.
const mostPackedBytes = sectionBytes + 1024;
/** Bytes that a reader needs for a block number. */
const bytesPerBlock = 16;

/** @returns true when a file starts as a `.cytrace` does, of whatever version */
export function isCytrace(bytes: Uint8Array): boolean {
  return cytraceMagic.every((byte, place) => bytes[place] === byte);
}

/**
 * Opens a `.cytrace`.
 * @param reader at its first byte
 * @param file its name, for errors
 * @param limitBytes most memory that the account of its blocks may take
 * @returns the stream, its head read
 * @throws TraceError ERR_TRACE_FORMAT, now or while it is read; ERR_TRACE_TOO_LARGE
 */
export async function openCytrace(
  reader: PieceReader,
  file: string,
  limitBytes: number,
): Promise<CytraceStream> {
  const start = await reader.take(fileHeaderBytes);
  if (!isCytrace(start)) throw new TraceError('ERR_TRACE_FORMAT', file, 'expected a .cytrace file');
  const version = start[cytraceMagic.length];
  if (version !== cytraceVersion) {
    const found = version === undefined ? 'an end of the file' : `version ${version}`;
    throw new TraceError(
      'ERR_TRACE_FORMAT',
      file,
      `this reader knows .cytrace ${cytraceVersion}, found ${found}`,
    );
  }
  const sections = new SectionReader(reader, file, await import('node:zlib'));
  const first = await sections.next();
  if (first.kind !== Section.head) sections.fail('expected the head as the first section');
  return new CytraceStream(sections, parseHead(first.bytes, sections), file, limitBytes);
}

/** Steps from section to section. */
class SectionReader {
  readonly #reader: PieceReader;
  readonly #file: string;
  readonly #zlib: Zlib;
  /** Bytes of the file read. */
  #at = fileHeaderBytes;

  constructor(reader: PieceReader, file: string, zlib: Zlib) {
    this.#reader = reader;
    this.#file = file;
    this.#zlib = zlib;
  }

  fail(message: string): never {
    throw new TraceError('ERR_TRACE_FORMAT', this.#file, `${message} (before byte ${this.#at})`);
  }

  async next(): Promise<{ kind: number; bytes: Uint8Array; operations: number }> {
    const header = await this.#take(sectionHeaderBytes);
    const view = new DataView(header.buffer, header.byteOffset, sectionHeaderBytes);
    const kind = view.getUint8(0);
    if (!(Object.values(Section) as number[]).includes(kind) || view.getUint32(0, true) !== kind) {
      this.fail(`expected a section but found byte 0x${kind.toString(16).padStart(2, '0')}`);
    }
    const packed = view.getUint32(4, true);
    const unpacked = view.getUint32(8, true);
    const operations = view.getUint32(12, true);
    if (packed > mostPackedBytes || unpacked > sectionBytes || operations > sectionOperations) {
      this.fail('a section is larger than sections are');
    }
    if ((kind === Section.operations) !== operations > 0)
      this.fail('a section has a wrong number of operations');
    return { kind, bytes: this.#unpack(await this.#take(packed), unpacked), operations };
  }

  async end(): Promise<void> {
    const more = await this.#reader.take(1);
    await this.close();
    if (more.length > 0) this.fail('the file goes on after its end section');
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #take(count: number): Promise<Uint8Array> {
    const bytes = await this.#reader.take(count);
    this.#at += bytes.length;
    if (bytes.length < count) this.fail('the file is cut off');
    return bytes;
  }

  #unpack(packed: Uint8Array, length: number): Uint8Array {
    let bytes: Uint8Array;
    try {
      bytes = this.#zlib.gunzipSync(packed, { maxOutputLength: Math.max(1, length) });
    } catch (error) {
      this.fail(`a section is damaged (${error instanceof Error ? error.message : String(error)})`);
    }
    if (bytes.length !== length) this.fail('a section is shorter than it says');
    return bytes;
  }
}

/** A `.cytrace` being read. */
export class CytraceStream implements TraceStream {
  readonly head: TraceStreamHead;
  readonly cytraceHead: CytraceHead;
  totals: TraceTotals | null = null;
  readonly #sections: SectionReader;
  readonly #decoder: SectionDecoder;
  readonly #file: string;
  readonly #limitBytes: number;
  readonly #siteNames: string[] = [];

  constructor(sections: SectionReader, head: CytraceHead, file: string, limitBytes: number) {
    const { name, what, recording } = head;
    this.head = { name, what, format: 'cytrace', ...(recording ? { recording } : {}) };
    this.cytraceHead = head;
    this.#sections = sections;
    this.#file = file;
    this.#limitBytes = limitBytes;
    const fail = (message: string): never =>
      sections.fail(`operation ${this.#decoder.operations}: ${message}`);
    this.#decoder = new SectionDecoder(head, { fail });
  }

  /** Gives the batches; a second time it gives nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TraceBatch> {
    try {
      while (this.totals === null) {
        const { kind, bytes, operations } = await this.#sections.next();
        if (kind === Section.operations) yield this.#decode(bytes, operations);
        else if (kind === Section.sites) this.#siteNames.push(...parseSites(bytes, this.#sections));
        else if (kind === Section.end) await this.#finish(parseTotals(bytes, this.#sections));
        else this.#sections.fail('there is a second head');
        if (this.#siteNames.length > this.#limitBytes / bytesPerBlock)
          throw tooLarge(this.#file, this.#limitBytes);
      }
    } finally {
      await this.#sections.close();
    }
  }

  #decode(bytes: Uint8Array, operations: number): TraceBatch {
    const batch = this.#decoder.decode(bytes, operations);
    if (batch.blockCount > this.#limitBytes / bytesPerBlock) throw tooLarge(this.#file, this.#limitBytes);
    return batch;
  }

  async #finish(promised: CytraceTotals): Promise<void> {
    await this.#sections.end();
    const { blocks, operations, threadCount, hasDamage, largestSite } = this.#decoder;
    const counted = {
      operations,
      blocks: blocks.count,
      threads: threadCount,
      peakLiveBytes: blocks.peakBytes,
      peakLiveBlocks: blocks.peakBlocks,
      liveAtEnd: blocks.liveBlocks,
    };
    for (const key of Object.keys(counted) as (keyof typeof counted)[]) {
      if (counted[key] !== promised[key]) {
        this.#sections.fail(`the end promises ${promised[key]} ${key} but there are ${counted[key]}`);
      }
    }
    if (largestSite >= this.#siteNames.length) this.#sections.fail(`call site ${largestSite} has no name`);
    const { peakLiveBytes, peakLiveBlocks, liveAtEnd } = counted;
    this.totals = {
      operationCount: operations,
      blockCount: blocks.count,
      threadCount,
      hasDamage,
      ...{ peakLiveBytes, peakLiveBlocks, liveAtEnd },
      ...(this.cytraceHead.sites ? { siteNames: this.#siteNames } : {}),
      ...(promised.recording ? { recording: { ...this.head.recording, ...promised.recording } } : {}),
    };
  }
}
