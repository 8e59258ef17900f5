/** The heap over time: simulated and native are the same at every look; other mallocs are really the ones asked for. */
import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  encodeProgram,
  findPreload,
  fragmentation,
  machineGlibc,
  NativeReplayer,
  nativeSizesOf,
  peakLiveAt,
  preloadNames,
  sizesOf,
  type TimelineSample,
  timelineOn,
} from '../../../lib/compare/index.ts';
import { parseTrace, readTrace, type Trace } from '../../../lib/trace/index.ts';

function parse(text: string): Trace {
  return parseTrace(Buffer.from(`# heap-trace 1\n${text}`), { name: 'tiny' });
}

test('the operation after which the most is live', () => {
  expect(peakLiveAt(parse('a 0 10\na 1 20\nf 0\na 2 5\nr 1 3\n'))).toBe(2);
  expect(peakLiveAt(parse('a 0 10\nf 0\nf -1\na 0 10\n'))).toBe(1);
  expect(peakLiveAt(parse('f -1\n'))).toBe(0);
});

test('samples come every so many operations, at the one asked for, and at the end', () => {
  const trace = parse('a 0 10\na 1 20\nf 0\na 2 5\nr 1 30\nf 2\nf 1\n');
  const samples = timelineOn(trace, 'heap', { every: 3, alsoAt: 2 });
  expect(samples.map(({ operations, liveBytes, liveBlocks }) => [operations, liveBytes, liveBlocks])).toEqual(
    [
      [2, 30, 2],
      [3, 20, 1],
      [6, 30, 1],
      [7, 0, 0],
    ],
  );
  expect(samples[0]).toMatchObject({ usableBytes: 48, heapBytes: 135_168 });
});

test('shares of a footprint add up to one', () => {
  const sample: TimelineSample = {
    ...{ operations: 1, liveBytes: 60, usableBytes: 70, liveBlocks: 1 },
    ...{ heapBytes: 200, topBytes: 0, residentBytes: 100 },
  };
  expect(fragmentation(sample)).toEqual({ internalFragmentation: 0.1, externalFragmentation: 0.3 });
  expect(fragmentation({ ...sample, residentBytes: null })).toEqual({
    internalFragmentation: 0.05,
    externalFragmentation: 0.65,
  });
  expect(fragmentation({ ...sample, residentBytes: 0 })).toEqual({
    internalFragmentation: null,
    externalFragmentation: null,
  });
});

describe.runIf(machineGlibc() !== null)('the native malloc', () => {
  const glibc = machineGlibc() ?? '2.36';

  test.each(['main', 'thread'] as const)(
    'takes what the simulator takes, and as much of it is resident; %s arena',
    async (arena) => {
      const trace = await readTrace('python-json');
      const native = await nativeSizesOf(trace, { arena }, 100);
      const ours = sizesOf(trace, 'heap', { glibc, arena }, 100);
      expect(native.timeline.length).toBeGreaterThan(92);
      expect(ours.timeline).toEqual(native.timeline);
    },
  );

  test.each([0, 1, 2])('so do several threads that take turns, arena_max %i', async (most) => {
    const trace = await readTrace('git-repack');
    const environment = most === 0 ? {} : { GLIBC_TUNABLES: `glibc.malloc.arena_max=${most}` };
    const native = await nativeSizesOf(trace, { threads: true, environment }, 1000);
    const ours = sizesOf(
      trace,
      'heap',
      {
        glibc,
        ...{ threads: trace.threadCount, cores: availableParallelism() },
        ...(most === 0 ? {} : { tunables: { arena_max: most } }),
      },
      1000,
    );
    expect(trace.threadCount).toBe(3);
    expect(ours.timeline).toEqual(native.timeline);
  });
});

test('a program with threads names them before their operations', () => {
  const trace = parse('a 0 1\nt 2\na 1 1\nt 0\nf 0\n');
  const letters = (options = {}): string =>
    [...Buffer.from(encodeProgram(trace, options)).subarray(32)]
      .filter((_, at) => at % 16 === 0)
      .map((letter) => String.fromCharCode(letter))
      .join('');
  expect(letters()).toBe('aaf');
  expect(letters({ threads: true })).toBe('atatf');
});

describe.each(preloadNames)('%s', (name) => {
  const library = findPreload(name);
  // Not installed on this machine: `apt install` of the package that `requirePreload` names brings it.
  test.skipIf(library === null)('serves the replay when it is preloaded', async () => {
    const trace = await readTrace('python-json');
    const sizes = await nativeSizesOf(trace, { preload: library! });
    expect(sizes.failedAllocations).toBe(0);
    expect(sizes.peakResidentBytes).toBeGreaterThanOrEqual(trace.peakLiveBytes);
    expect(sizes.timeline.at(-1)).toMatchObject({ operations: 9200, heapBytes: null, topBytes: null });
    using native = new NativeReplayer(trace, { preload: library! });
    const lines = await native.placements();
    expect(lines).toHaveLength(9200);
    expect(await native.systemCalls()).not.toBeNull();
  });
});

test.runIf(process.platform === 'linux')(
  'a library that cannot be loaded is not passed over in silence',
  async () => {
    using native = new NativeReplayer(parse('a 0 1\n'), { preload: '/nowhere/libother.so' });
    await expect(native.footprint()).rejects.toThrow(/was to be preloaded/);
  },
);
