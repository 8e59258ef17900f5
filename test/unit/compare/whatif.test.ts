/** What if: settings, their ranking, the words; and predictions against the native malloc. Runs in this process. */
import { describe, expect, test } from 'vitest';
import { machineGlibc, verifyWhatIf, type WhatIfResult, whatIf } from '../../../lib/compare/index.ts';
import { allTogether, oneByOne, settingName, tunablesText } from '../../../lib/compare/whatif-grid.ts';
import { parseTrace, readTrace, type Trace } from '../../../lib/trace/index.ts';

describe('a grid', () => {
  test('one by one', () => {
    const grid = { arena_max: [1, 2], top_pad: [0] };
    expect(oneByOne(grid, 1)).toEqual([{ top_pad: 0 }]);
    expect(oneByOne(grid, 2)).toEqual([{ arena_max: 1 }, { arena_max: 2 }, { top_pad: 0 }]);
  });

  test('all together, without the defaults', () => {
    expect(allTogether({ top_pad: [0, 1], mxfast: [64] })).toEqual([
      { mxfast: 64 },
      { top_pad: 0 },
      { top_pad: 0, mxfast: 64 },
      { top_pad: 1 },
      { top_pad: 1, mxfast: 64 },
    ]);
    const many = Array.from({ length: 50 }, (_, value) => value);
    expect(() => allTogether({ top_pad: many, mxfast: many })).toThrow(/2000/);
  });

  test('in words, and as the environment has it', () => {
    expect(settingName({})).toBe('defaults');
    expect(settingName({ top_pad: 0, mxfast: 64 })).toBe('top_pad=0 mxfast=64');
    expect(tunablesText({ top_pad: 0, mxfast: 64 })).toBe('glibc.malloc.top_pad=0:glibc.malloc.mxfast=64');
  });
});

/** Three buffers that grow in turn, again and again: what fixed thresholds are good for. */
function growingBuffers(): Trace {
  const lines = ['# heap-trace 1'];
  for (let id = 0; id < 15; id++) {
    if (id % 3 === 0 && id > 0) lines.push(`f ${id - 3}`, `f ${id - 2}`, `f ${id - 1}`);
    if (id % 3 !== 2) continue;
    for (const one of [id - 2, id - 1, id]) lines.push(`a ${one} 50000`);
    for (let bytes = 60_000; bytes < 2_000_000; bytes = Math.floor(bytes * 1.2)) {
      for (const one of [id - 2, id - 1, id]) lines.push(`r ${one} ${bytes}`);
    }
  }
  return parseTrace(Buffer.from(`${lines.join('\n')}\n`), { name: 'growing' });
}

describe('a trace that the defaults suit badly', () => {
  const grid = { mmap_threshold: [65_536, 131_072], mxfast: [0] };

  test('what is best comes first, and is recommended with its reasons', async () => {
    const { rows, defaults, recommendation } = await whatIf(growingBuffers(), { grid, slowerAtMost: 1000 });
    expect(rows).toHaveLength(6);
    const peaks = rows.map((row) => row.peakHeapBytes);
    expect(peaks).toEqual(peaks.toSorted((a, b) => a - b));
    expect(defaults).toMatchObject({
      setting: 'defaults',
      environment: '',
      footprintFactor: 1,
      timeFactor: 1,
    });
    expect(recommendation?.environment).toContain('glibc.malloc.mmap_threshold=');
    expect(recommendation?.savedBytes).toBeGreaterThan(0.2 * defaults.peakHeapBytes);
    expect(recommendation?.explanation).toMatch(/^At its peak the default heap takes .* It needs .*\.$/);
    expect(recommendation?.atPeak.heapBytes).toBe(recommendation?.peakHeapBytes);
  });

  test('the least time is a goal too', async () => {
    const { rows } = await whatIf(growingBuffers(), { grid, goal: 'time' });
    const factors = rows.map((row) => row.timeFactor);
    expect(factors).toEqual(factors.toSorted((a, b) => a - b));
  });
});

test('nothing is recommended where nothing is to be gained', async () => {
  const trace = parseTrace(Buffer.from('# heap-trace 1\na 0 24\nf 0\n'));
  const { recommendation } = await whatIf(trace, { grid: { tcache_count: [0], mxfast: [0] } });
  expect(recommendation).toBeNull();
});

test('a trace without operations has defaults and nothing else to say', async () => {
  const { defaults, recommendation } = await whatIf(parseTrace(Buffer.from('# heap-trace 1\n')), {
    grid: { top_pad: [0] },
  });
  expect([defaults.peakHeapBytes, recommendation]).toEqual([0, null]);
});

describe.runIf(machineGlibc() !== null)('predictions are what the native malloc takes, to the byte', () => {
  async function unequal(trace: Trace, result: WhatIfResult): Promise<string[]> {
    const verified = await verifyWhatIf(trace, result, result.rows, { rounds: 1 });
    expect(verified).toHaveLength(result.rows.length);
    return verified.filter((one) => !one.equal).map((one) => one.setting);
  }

  test('growing buffers', async () => {
    const trace = growingBuffers();
    const grid = { mmap_threshold: [65_536, 1_000_000], trim_threshold: [0] };
    expect(await unequal(trace, await whatIf(trace, { grid, turns: 1 }))).toEqual([]);
  });

  test('a recorded program', async () => {
    const trace = await readTrace('python-json');
    const grid = { top_pad: [0, 1_000_000], mxfast: [0], tcache_max: [64] };
    expect(await unequal(trace, await whatIf(trace, { grid, turns: 1 }))).toEqual([]);
  });

  test('one of three threads, and the same on one', async () => {
    const trace = await readTrace('git-repack');
    const several = await whatIf(trace, { grid: { arena_max: [1, 2] }, turns: 1 });
    expect(several.threads).toBe(3);
    expect(await unequal(trace, several)).toEqual([]);
    const one = await whatIf(trace, { grid: { mmap_threshold: [65_536] }, arena: 'thread', turns: 1 });
    expect(one.threads).toBe(1);
    expect(await unequal(trace, one)).toEqual([]);
  });
});
