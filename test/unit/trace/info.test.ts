/** Figures of traces: a tiny one counted by hand, the built-in ones against the table of their recorder. */
import { describe, expect, test } from 'vitest';
import { parseTrace, readTrace, type Trace, traceInfo } from '../../../lib/trace/index.ts';

function parse(text: string): Trace {
  return parseTrace(Buffer.from(`# heap-trace 1\n${text}`));
}

test('counted by hand', () => {
  const info = traceInfo(parse('a 0 1\nc 1 5\nm 2 64 200000\nr 1 8\nf 0\nf -1\nf 2\n'));
  expect(info).toMatchObject({
    operations: 7,
    counts: { a: 1, c: 1, m: 1, r: 1, f: 2 },
    freesOfNull: 1,
    peakLiveBytes: 200009,
    peakLiveBlocks: 3,
    liveAtEnd: 1,
    freedYoung: 1,
    largestBytes: 200000,
    largeRequests: 1,
    sizeClasses: [
      { upToBytes: 1, requests: 1 },
      { upToBytes: 8, requests: 2 },
      { upToBytes: 262144, requests: 1 },
    ],
  });
});

test('young means freed within 16 operations', () => {
  const idle = 'f -1\n';
  expect(traceInfo(parse(`a 0 1\n${idle.repeat(15)}f 0\n`)).freedYoung).toBe(1);
  expect(traceInfo(parse(`a 0 1\n${idle.repeat(16)}f 0\n`)).freedYoung).toBe(0);
});

test('a trace without operations', () => {
  expect(traceInfo(parse(''))).toMatchObject({ operations: 0, counts: {}, largestBytes: 0, freedYoung: 0 });
});

// Columns a c m r f, f -1, peak blocks, young, p50, p90, p99, largest, above 128 KiB as the recorder's table has them.
describe('the recorder counted the same', () => {
  test.each([
    ['gdb', { a: 28293, c: 2560, m: 2, r: 1682, f: 25576 }, 6143, 11444, 61, [64, 1024, 16384, 262144], 4],
    ['git-repack', { a: 19874, c: 967, r: 848, f: 20084 }, 1405, 1253, 84, [256, 65536, 65536, 1048576], 9],
    ['jq', { a: 74674, c: 35, r: 1, f: 74709 }, 2698, 62482, 2, [32, 512, 512, 65536], 0],
    ['python-json', { a: 3524, c: 127, r: 1755, f: 3550 }, 244, 1555, 37, [1024, 4096, 32768, 1048576], 8],
  ])('%s', async (name, counts, freesOfNull, peakLiveBlocks, young, quantiles, largeRequests) => {
    const info = traceInfo(await readTrace(name));
    expect(info).toMatchObject({ counts, freesOfNull, peakLiveBlocks, largeRequests });
    expect(Math.floor(info.freedYoung * 100)).toBe(young);
    const largest = info.sizeClasses.at(-1)!.upToBytes;
    expect([info.medianBytes, info.p90Bytes, info.p99Bytes, largest]).toEqual(quantiles);
  });
});
