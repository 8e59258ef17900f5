/** `replay` and `compare`: what they print and write must agree with what was replayed. */
import { readFileSync, statSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli, runJson } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

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
}

describe('replay --json', () => {
  it.each(['chunklist', 'native', 'buffer'])('on %s', async (allocator) => {
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
    if (allocator === 'chunklist') expect(report.systemCalls).toMatchObject({ mprotect: expect.any(Number) });
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

describe('compare', () => {
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

  it('refuses an allocator it does not know', async () => {
    const { code, stderr } = await runCli(['compare', 'jq', '--on', 'native,tea']);
    expect(code).toBe(2);
    expect(stderr).toContain('Known are');
  });
});
