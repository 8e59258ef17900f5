/** The bytes of a `.cytrace`, and what is refused of them: by hand, as docs/trace-format.md draws them. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import {
  encodeTrace,
  generateTrace,
  openTrace,
  parseTrace,
  readTrace,
  streamInfo,
  TraceError,
  traceInfo,
} from '../../../lib/trace/index.ts';
import { type OpenSection, putTogether, readCytrace, takeApart } from '../../helpers/cytrace.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const text = '# heap-trace 1\n# name six\na 0 24\nm 1 64 300\nt 2\nr 0 70000\nf 1\nc 2 8\nf -1\n';

async function refusal(bytes: Uint8Array, limitBytes?: number): Promise<TraceError> {
  const error = await readCytrace(bytes, 4096, limitBytes).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TraceError);
  return error as TraceError;
}

async function sectionsOf(source: string): Promise<OpenSection[]> {
  return takeApart(await encodeTrace(parseTrace(Buffer.from(source))));
}

describe('layout', () => {
  test('starts with the magic bytes and the version', async () => {
    const file = Buffer.from(await encodeTrace(parseTrace(Buffer.from(text))));
    expect(file.subarray(0, 8).toString('hex')).toBe('894359540d0a1a01');
    expect(String.fromCharCode(file[8])).toBe('H');
  });

  test('the columns are as drawn', async () => {
    const [head, operations, end] = await sectionsOf(text);
    expect(JSON.parse(head.bytes.toString())).toMatchObject({
      name: 'six',
      numbering: 'counting',
      times: false,
    });
    expect(operations.operations).toBe(6);
    const lengths = Array.from({ length: 8 }, (_, place) => operations.bytes.readUInt32LE(4 * place));
    expect(lengths).toEqual([6, 2, 7, 1, 2, 0, 0, 0]);
    expect([...operations.bytes.subarray(32)]).toEqual([
      ...[0, 2, 3, 4, 1, 5], // malloc, memalign, realloc, free, calloc, free(NULL)
      ...[1, 0], // the realloc is of the block before the newest, the free of the newest
      ...[24, 0xac, 0x02, 0xf0, 0xa2, 0x04, 8], // sizes
      64, // alignment
      ...[2, 2], // after two operations thread 2
    ]);
    expect(JSON.parse(end.bytes.toString())).toMatchObject({
      operations: 6,
      blocks: 3,
      threads: 3,
      liveAtEnd: 2,
    });
  });

  test('a trace that uses numbers again needs no column for them', async () => {
    const lines = Array.from({ length: 50 }, (_, index) => `a 0 ${index}\na 1 9\nf 0\nf 1\n`);
    const again = ['a 1 1\na 0 2\n', 'f 1\nf 0\n'];
    const [head, operations] = await sectionsOf(`# heap-trace 1\n${lines.join('')}${again.join('')}`);
    expect(JSON.parse(head.bytes.toString()).numbering).toBe('recycled');
    // Frees and the first numbers that do not follow the rule; nothing for the other allocations.
    expect(operations.bytes.readUInt32LE(4)).toBeLessThan(205);
  });
});

describe('refused', () => {
  const sound = encodeTrace(parseTrace(Buffer.from(text)));

  test('every cut', async () => {
    const file = await sound;
    for (let length = 0; length < file.length; length++) {
      expect((await refusal(file.subarray(0, length))).code).toBe('ERR_TRACE_FORMAT');
    }
  });

  test('flipped bits of the operations', async () => {
    const file = await sound;
    const first = 8 + 16 + Buffer.from(file).readUInt32LE(12);
    const end = first + 16 + Buffer.from(file).readUInt32LE(first + 4);
    // Three bits of each byte: the packer's own and the operations' alike.
    for (let bit = 8 * first; bit < 8 * end; bit += 3) {
      const flipped = Buffer.from(file);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      // Bits of gzip's own header say nothing about the operations: flags, time, system.
      const trace = await readCytrace(flipped).catch((reason: unknown) => reason);
      if (!(trace instanceof TraceError))
        expect(trace).toMatchObject({ operationCount: 6, peakLiveBytes: 70300 });
    }
  });

  test.each<[string, RegExp, (file: Buffer) => Buffer]>([
    ['another version', /knows \.cytrace 1, found version 2/, (file) => withByte(file, 2, 7)],
    ['bytes behind the end', /goes on after its end/, (file) => Buffer.concat([file, Buffer.from([0])])],
    ['an unknown section', /expected a section but found byte 0x58/, (file) => withByte(file, 0x58, 8)],
    ['an endless section', /larger than sections are/, (file) => withWord(file, 2 ** 31, 12)],
    ['a bomb', /larger than sections are/, (file) => withWord(file, 2 ** 30, 16)],
  ])('%s', async (_, message, change) => {
    expect((await refusal(change(Buffer.from(await sound)))).message).toMatch(message);
  });

  test('a section that unpacks to more than it says, before it is unpacked', async () => {
    const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const bomb = putTogether([]);
    const header = Buffer.alloc(16);
    header[0] = 0x48;
    header.writeUInt32LE(zeros.length, 4);
    header.writeUInt32LE(100, 8);
    const before = process.memoryUsage().arrayBuffers;
    expect((await refusal(Buffer.concat([bomb, header, zeros]))).message).toMatch(/section is damaged/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  test('a number of blocks that no memory holds', async () => {
    const [head, operations, end] = await sectionsOf(text);
    const huge = Buffer.from(operations.bytes);
    huge[32] = 8; // the first malloc's number is given, and the column says 127
    expect((await refusal(putTogether([head, { ...operations, bytes: huge }, end]))).code).toBe(
      'ERR_TRACE_FORMAT',
    );
    const many = { kind: 0x4f, operations: 65_536, bytes: mallocs(65_536) };
    const sections = [head, ...Array.from({ length: 100 }, () => many)];
    expect((await refusal(putTogether(sections), 2 ** 20)).code).toBe('ERR_TRACE_TOO_LARGE');
  });

  test.each<[string, RegExp, string]>([
    ['a double free', /already freed/, 'a 0 1\nf 0\na 1 1\nf 1\n'],
    ['a wrong total', /promises 4 operations but there are 3/, 'a 0 1\nf 0\na 1 1\nf 1\n'],
  ])('%s', async (what, message, source) => {
    const [head, operations, end] = await sectionsOf(`# heap-trace 1\n${source}`);
    const bytes = what === 'a double free' ? twice(operations.bytes) : shorter(operations.bytes);
    const count = what === 'a double free' ? 4 : 3;
    expect(
      (await refusal(putTogether([head, { ...operations, operations: count, bytes }, end]))).message,
    ).toMatch(message);
  });
});

describe('streams', () => {
  const trace = generateTrace('all-calls', { operations: 200_000, seed: 3 });

  test('come in batches that follow each other', async () => {
    const path = folder.file('long.cytrace');
    writeFileSync(path, await encodeTrace(trace));
    const stream = await openTrace(path);
    let next = 0;
    for await (const batch of stream) {
      expect(batch.firstOperation).toBe(next);
      expect(batch.ids.subarray(0, batch.operationCount)).toEqual(
        trace.ids.subarray(next, next + batch.operationCount),
      );
      next += batch.operationCount;
    }
    expect(next).toBe(200_000);
    expect(stream.totals).toMatchObject({ operationCount: 200_000, peakLiveBytes: trace.peakLiveBytes });
    expect(await streamInfo(await openTrace(path))).toEqual(traceInfo(trace));
  });

  test('a gzipped one is read too, and a text is one batch', async () => {
    const path = folder.file('packed.cytrace.gz');
    writeFileSync(path, gzipSync(await encodeTrace(trace)));
    expect((await readTrace(path)).operationCount).toBe(200_000);
    const batches = [];
    for await (const batch of await openTrace('jq')) batches.push(batch.operationCount);
    expect(batches).toEqual([152_117]);
  });

  test('a limit bounds what is held of a whole one', async () => {
    const error = await readTrace(folder.file('long.cytrace'), { limitBytes: 1e6 }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'ERR_TRACE_TOO_LARGE' });
  });
});

function withByte(file: Buffer, value: number, at: number): Buffer {
  file.writeUInt8(value, at);
  return file;
}

function withWord(file: Buffer, value: number, at: number): Buffer {
  file.writeUInt32LE(value, at);
  return file;
}

/** Columns of nothing but mallocs of 1 byte. */
function mallocs(count: number): Buffer {
  const bytes = Buffer.alloc(32 + 2 * count);
  bytes.writeUInt32LE(count, 0);
  bytes.writeUInt32LE(count, 8);
  bytes.fill(1, 32 + count);
  return bytes;
}

/** `a f a f` with a second free of the first block in the place of the second malloc. */
function twice(columns: Buffer): Buffer {
  const calls = [0, 4, 4, 4];
  return Buffer.concat([lengths(4, 3, 1), Buffer.from(calls), Buffer.from([0, 0, 0]), columns.subarray(-1)]);
}

/** `a f a`. */
function shorter(columns: Buffer): Buffer {
  return Buffer.concat([lengths(3, 1, 2), Buffer.from([0, 4, 0, 0]), columns.subarray(-2)]);
}

function lengths(calls: number, blocks: number, sizes: number): Buffer {
  const bytes = Buffer.alloc(32);
  for (const [place, length] of [calls, blocks, sizes].entries()) bytes.writeUInt32LE(length, 4 * place);
  return bytes;
}
