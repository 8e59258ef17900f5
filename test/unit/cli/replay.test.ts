/** `replay` and `compare`: what they print and write must agree with what was replayed. */
import { readFileSync, statSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { machineGlibc } from '../../../lib/compare/index.ts';
import type { ChildResult } from '../../helpers/child.ts';
import { runCli, runJson } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { problemsInXml } from '../../helpers/xml.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const small = '# heap-trace 1\n# name small\na 0 40\na 1 100\nf 0\na 2 24\nf -1\nf 1\n';

interface Row {
  trace: string;
  allocator: string;
  operations: number;
  nsPerOperation: number;
  peakHeapBytes: number;
  peakLiveBytes: number;
  utilization: number | null;
  systemCalls: Record<string, number> | null;
  glibc?: string;
  agreement?: { placements: number; equal: number; firstDifference: object | null };
}

describe('replay --json', () => {
  it.each(['heap', 'chunklist', 'native', 'buffer'])('on %s', async (allocator) => {
    const report = await runJson<Row & { format: string }>([
      'replay',
      'git-repack',
      '--on',
      allocator,
      '--rounds',
      '1',
    ]);
    expect(report.format).toBe('chunkyard-replay 1');
    expect(report).toMatchObject({
      trace: 'git-repack',
      allocator,
      operations: 43_178,
      peakLiveBytes: 3_085_411,
    });
    expect(report.nsPerOperation).toBeGreaterThan(0);
    expect(report.peakHeapBytes).toBeGreaterThanOrEqual(report.peakLiveBytes);
    expect(report.utilization).toBeCloseTo(report.peakLiveBytes / report.peakHeapBytes, 12);
    if (allocator === 'heap') expect(report.glibc).toBe('2.36');
    if (allocator === 'heap' || allocator === 'chunklist')
      expect(report.systemCalls).toMatchObject({ mprotect: expect.any(Number) });
    if (allocator === 'buffer') expect(report.systemCalls).toBeNull();
  });
});

describe('replay', () => {
  it('checks the heap as often as told, and once at the end', async () => {
    const report = await runJson<{ checks: number }>([
      'replay',
      'git-repack',
      '--on',
      'chunklist',
      '--check',
      '1000',
      '--rounds',
      '1',
    ]);
    expect(report.checks).toBe(Math.floor(43_178 / 1000) + 1);
  });

  it('writes placements and the image of the arena', async () => {
    const placements = folder.file('placements');
    const image = folder.file('image');
    const args = ['replay', '-', '--on', 'chunklist', '--placements', placements, '--image', image];
    const { code } = await runCli(args, { input: small });
    expect(code).toBe(0);
    // First fit: the third block takes the hole of the first. Offsets count from the first chunk header.
    expect(readFileSync(placements, 'utf8')).toBe('32\n112\n-\n32\n-\n-\n');
    expect(statSync(image).size % 4096).toBe(0);
    expect(readFileSync(image).subarray(0, 6).toString('latin1')).toBe('CHUNKS');
  });

  describe('on heap', () => {
    const replayHeap = (...args: string[]): Promise<ChildResult> =>
      runCli(['replay', '-', '--on', 'heap', '--placements', '-', ...args], { input: small });

    // By hand: the cache struct takes 0x290 bytes, then 48 and 112.
    it.each([
      ['2.31', 'main', '672\n720\n-\n832\n-\n-\n'],
      ['2.36', 'main', '672\n720\n-\n832\n-\n-\n'],
      ['2.36', 'thread', '672\n720\n-\n832\n-\n-\n'],
      ['2.41', 'main', '672\n720\n-\n832\n-\n-\n'],
    ])('of glibc %s, %s arena, blocks lie where glibc has them', async (glibc, arena, lines) => {
      const { code, stdout, stderr } = await replayHeap('--glibc', glibc, '--arena', arena);
      expect([code, stderr, stdout]).toEqual([0, '', lines]);
    });

    it('of this machine agrees with native, line by line', async () => {
      const glibc = machineGlibc();
      if (glibc === null) return;
      for (const arena of ['main', 'thread']) {
        const [ours, native] = [folder.file('ours'), folder.file('native')];
        const common = ['--arena', arena, '--tunable', 'glibc.malloc.tcache_count=3', '--rounds', '1'];
        await runJson(['replay', 'gdb', '--on', 'heap', '--glibc', glibc, '--placements', ours, ...common]);
        await runJson(['replay', 'gdb', '--on', 'native', '--placements', native, ...common]);
        expect(readFileSync(ours, 'utf8') === readFileSync(native, 'utf8')).toBe(true);
      }
    });

    it('checks itself and writes its image, header by header', async () => {
      const image = folder.file('heap-image');
      const { code, stdout } = await runCli(
        ['replay', '-', '--on', 'heap', '--check', '1', '--image', image, '--json'],
        { input: small },
      );
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ glibc: '2.36', checks: 7, failedAllocations: 0 });
      const bytes = readFileSync(image);
      expect(bytes.length).toBe(132 * 1024);
      // The cache struct, then the chunk of the first block.
      expect([bytes.readBigUInt64LE(8), bytes.readBigUInt64LE(0x298)]).toEqual([0x291n, 0x31n]);
    });

    it.each(['main', 'thread'])('runs damage to its end, %s arena', async (arena) => {
      const twice = '# heap-trace 1\n# name twice\na 0 40\nD 0\nD 0\n';
      const args = ['replay', '-', '--on', 'heap', '--damage', '--arena', arena];
      const { code, stdout } = await runCli([...args, '--json'], { input: twice });
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        ended: 'free(): double free detected in tcache 2',
        nsPerOperation: null,
      });
      const lines = await runCli([...args, '--placements', '-'], { input: twice });
      expect(lines.stdout).toBe('672\n-\n! free(): double free detected in tcache 2\n');
    });
  });

  it('takes the search order of chunklist', async () => {
    const args = ['replay', '-', '--on', 'chunklist', '--placements', '-', '--fit', 'next-fit'];
    const { code, stdout } = await runCli(args, { input: small });
    expect(code).toBe(0);
    expect(stdout.split('\n')[3]).not.toBe('32');
  });

  it('prints native placements, one line per operation', async () => {
    const { code, stdout } = await runCli(['replay', '-', '--on', 'native', '--placements', '-'], {
      input: small,
    });
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines).toHaveLength(7);
    expect(lines.slice(0, 6).map((line) => line === '-')).toEqual([false, false, true, false, true, true]);
  });

  it('tells how the native malloc ended a run that was meant to', async () => {
    const twice = '# heap-trace 1\n# name twice\na 0 40\nD 0\nD 0\n';
    const asked = await runCli(['replay', '-', '--on', 'native', '--damage', '--json'], { input: twice });
    expect(asked.code).toBe(0);
    expect(JSON.parse(asked.stdout)).toMatchObject({ ended: expect.any(String) });
  });
});

describe('replay over time and on several threads', () => {
  it('writes the heap over time; simulated and native alike', async () => {
    const ask = (on: string): Promise<ChildResult> =>
      runCli([
        'replay',
        'git-repack',
        '--on',
        on,
        '--every',
        '10000',
        '--csv',
        '-',
        '--rounds',
        '1',
        '--threads',
      ]);
    const [heap, native] = await Promise.all([ask('heap'), ask('native')]);
    expect([heap.code, native.code]).toEqual([0, 0]);
    const lines = heap.stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^operations,live_bytes,.*resident_bytes/);
    expect(lines.slice(1).map((line) => Number(line.split(',')[0]))).toEqual([
      10_000, 20_000, 30_000, 37_254, 40_000, 43_178,
    ]);
    if (machineGlibc() === '2.36') expect(native.stdout).toBe(heap.stdout);
  });

  it('has the samples in the document too', async () => {
    const document = await runJson<{ timeline: unknown[]; peakResidentBytes: number; threads?: number }>([
      ...['replay', 'python-json', '--on', 'chunklist', '--rounds', '1', '--every', '5000'],
    ]);
    expect(document.timeline).toHaveLength(3);
    expect(document.threads).toBeUndefined();
  });

  it.each([
    [['--on', 'heap', '--every', '10'], '--csv'],
    [['--on', 'heap', '--every', '0', '--csv', '-'], 'integer'],
    [['--on', 'heap', '--threads'], 'one thread'],
    [['--on', 'heap', '--threads', '--arena', 'main'], 'excludes'],
    [['--on', 'buffer', '--csv', '-'], 'means nothing'],
    [['--on', 'heap', '--csv', '-', '--json'], 'one document'],
  ])('refuses %j', async (args, reason) => {
    const { code, stderr } = await runCli(['replay', 'python-json', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});

describe('compare', () => {
  it('prints a page that says what its columns are, and draws', async () => {
    const file = folder.file('all.svg');
    const { code, stdout } = await runCli([
      ...['compare', 'python-json', 'git-repack', '--on', 'heap,native', '--svg', file],
      ...['--passes', '1', '--rounds', '1'],
    ]);
    expect(code).toBe(0);
    for (const word of ['as native', 'resident', 'in blocks', 'system calls of one run', 'peak heap:']) {
      expect(stdout).toContain(word);
    }
    for (const name of ['python-json', 'git-repack']) {
      const svg = readFileSync(folder.file(`all-${name}.svg`), 'utf8');
      expect(svg).toContain('heap (glibc');
      expect(problemsInXml(svg)).toEqual([]);
    }
  });

  it('has a row for every allocator and trace, in the order asked for', async () => {
    const document = await runJson<{ format: string; traces: { trace: string; rows: Row[] }[] }>([
      ...[
        'compare',
        'git-repack',
        'python-json',
        '--on',
        'native,chunklist',
        '--passes',
        '1',
        '--rounds',
        '1',
      ],
    ]);
    expect(document.format).toBe('chunkyard-compare 1');
    expect(document.traces.map(({ trace }) => trace)).toEqual(['git-repack', 'python-json']);
    for (const { trace, rows } of document.traces) {
      expect(rows.map((row) => row.allocator)).toEqual(['native', 'chunklist']);
      for (const row of rows) {
        expect(row.trace).toBe(trace);
        expect(row.nsPerOperation).toBeGreaterThan(0);
      }
    }
  });

  it.runIf(machineGlibc() !== null)('tells how much of heap agrees with native', async () => {
    const { traces } = await runJson<{ traces: { rows: Row[] }[] }>([
      ...['compare', 'git-repack', '--on', 'heap,native', '--passes', '1', '--rounds', '1'],
    ]);
    const { agreement } = traces[0].rows[0];
    expect(agreement).toMatchObject({ placements: expect.any(Number), firstDifference: null });
    expect(agreement!.equal).toBe(agreement!.placements);
    expect(traces[0].rows[1].agreement).toBeUndefined();
  });

  it('refuses an allocator it does not know', async () => {
    const { code, stderr } = await runCli(['compare', 'jq', '--on', 'native,tea']);
    expect(code).toBe(2);
    expect(stderr).toContain('Known are');
  });
});
