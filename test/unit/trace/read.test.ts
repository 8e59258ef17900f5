/** Files, compression, built-in names, limits: what comes before the text. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { builtInTraces, readTrace, TraceError, type TraceErrorCode } from '../../../lib/trace/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const text = '# heap-trace 1\n# name five\na 0 24\na 1 24\nf 0\nf 1\nf -1\n';
// `zstd -19` of the text above, so that the test does not need the program.
const zstdBytes = Buffer.from(
  'KLUv/QRojQEAYkMLEbBrDCR5t0wsZsjc+uD3gTICh+E9fE+8R8Z4HhmL87SdXVGmweFacrGgUs0gADu8KgQ=',
  'base64',
);

function file(name: string, contents: string | Uint8Array): string {
  const path = folder.file(name);
  writeFileSync(path, contents);
  return path;
}

async function refusal(source: string, limitBytes?: number): Promise<TraceError> {
  const error = await readTrace(source, limitBytes === undefined ? {} : { limitBytes }).catch(
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(TraceError);
  return error as TraceError;
}

describe('files', () => {
  test.each<[string, string, string | Uint8Array]>([
    ['plain', 'plain.trace', text],
    ['gzip', 'packed.trace.gz', gzipSync(text)],
    ['gzip under a name that does not say so', 'odd.trace', gzipSync(text)],
    [
      'gzip in two members',
      'two.trace.gz',
      Buffer.concat([gzipSync(text.slice(0, 30)), gzipSync(text.slice(30))]),
    ],
    ['zstd', 'packed.trace.zst', zstdBytes],
    [
      'zstd behind a skippable frame',
      'skip.zst',
      Buffer.concat([Buffer.from('502a4d18020000004142', 'hex'), zstdBytes]),
    ],
  ])('%s', async (_, name, contents) => {
    expect(await readTrace(file(name, contents))).toMatchObject({ name: 'five', operationCount: 5 });
  });

  test('a trace without a name takes that of its file', async () => {
    expect((await readTrace(file('short1.rep.gz', gzipSync('a 0 8\n')))).name).toBe('short1');
  });

  test('a file wins over a built-in trace, a path never means one', async () => {
    expect((await refusal('./jq')).code).toBe('ERR_TRACE_NOT_FOUND');
    expect((await readTrace('jq')).name).toBe('jq');
  });

  test.each<[string, TraceErrorCode, RegExp, string | Uint8Array]>([
    ['gzip cut off', 'ERR_TRACE_FORMAT', /gzip data is damaged or cut off/, gzipSync(text).subarray(0, 40)],
    ['gzip with only its first bytes', 'ERR_TRACE_FORMAT', /gzip/, Buffer.from([0x1f, 0x8b])],
    ['gzip with a wrong checksum', 'ERR_TRACE_FORMAT', /gzip/, damagedNearEnd(gzipSync(text))],
    ['gzip of rubbish', 'ERR_TRACE_FORMAT', /expected an operation/, gzipSync(Buffer.from([1, 2, 3, 255]))],
    ['zstd cut off', 'ERR_TRACE_FORMAT', /zstd data is damaged or cut off/, zstdBytes.subarray(0, 20)],
    ['zstd with only its first bytes', 'ERR_TRACE_FORMAT', /zstd/, zstdBytes.subarray(0, 4)],
    ['an empty file', 'ERR_TRACE_FORMAT', /nothing in it/, ''],
    ['rubbish', 'ERR_TRACE_FORMAT', /:1: expected an operation/, Buffer.from([0x7f, 0x45, 0x4c, 0x46])],
  ])('%s', async (_, code, message, contents) => {
    const error = await refusal(file('bad', contents));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('no such file names the built-in traces', async () => {
    const error = await refusal('no-such-trace');
    expect(error.code).toBe('ERR_TRACE_NOT_FOUND');
    expect(error.message).toContain('gdb, git-repack, jq, python-json');
  });

  test('a folder is no trace', async () => {
    expect((await refusal(folder.path)).message).toMatch(/cannot be read/);
  });
});

describe('limits', () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '), { level: 9 });

  test('a gzip bomb is refused before it is unpacked', async () => {
    const before = process.memoryUsage().arrayBuffers;
    expect((await refusal(file('bomb.gz', bomb), 1024 * 1024)).code).toBe('ERR_TRACE_TOO_LARGE');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  test('so is a zstd bomb', async () => {
    const zeros = zstdOfZeros(64 * 1024 * 1024);
    expect((await refusal(file('bomb.zst', zeros), 1024 * 1024)).code).toBe('ERR_TRACE_TOO_LARGE');
  });

  test('so is a plain file', async () => {
    expect((await refusal(file('long.trace', text), 20)).code).toBe('ERR_TRACE_TOO_LARGE');
  });

  test('a limit that is just enough', async () => {
    const path = file('fits.gz', gzipSync(text));
    expect((await readTrace(path, { limitBytes: text.length })).operationCount).toBe(5);
    expect((await refusal(path, text.length - 1)).code).toBe('ERR_TRACE_TOO_LARGE');
  });
});

describe('built-in traces', () => {
  // Counted by the recorder, not by this reader.
  test.each([
    ['gdb', 64256, 30855, 3, 5700688, 5279],
    ['git-repack', 43178, 20841, 3, 3085411, 757],
    ['jq', 152117, 74709, 1, 7201849, 0],
    ['python-json', 9200, 3651, 1, 3685087, 101],
  ])('%s', async (name, operationCount, blockCount, threadCount, peakLiveBytes, liveAtEnd) => {
    const trace = await readTrace(name);
    expect(trace).toMatchObject({ name, operationCount, blockCount, threadCount, peakLiveBytes, liveAtEnd });
    expect(trace.what).not.toBe('');
    expect(trace.hasDamage).toBe(false);
  });

  test('are listed', async () => {
    expect(await builtInTraces()).toEqual(['gdb', 'git-repack', 'jq', 'python-json']);
  });
});

/** Changes the checksum that ends a gzip member. */
function damagedNearEnd(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 6] ^= 0xff;
  return copy;
}

/** A zstd frame of run-length blocks of zeros, 128 KiB each: header, then 3 bytes and one value per block. */
function zstdOfZeros(lengthBytes: number): Buffer {
  const blockBytes = 128 * 1024;
  const blocks = Math.ceil(lengthBytes / blockBytes);
  const frame = Buffer.alloc(6 + blocks * 4);
  frame.writeUInt32LE(0xfd2fb528, 0);
  frame[5] = 7 << 3;
  for (let index = 0; index < blocks; index++) {
    const last = index === blocks - 1 ? 1 : 0;
    frame.writeUIntLE(last | (1 << 1) | (blockBytes << 3), 6 + index * 4, 3);
  }
  return frame;
}
