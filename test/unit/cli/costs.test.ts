/** `chunkyard costs`, run for real: what must hold on any machine. No time is asserted. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CostReport, catalogue, reportFormat } from '../../../lib/costs/index.ts';
import { runCli, runJson } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { costReport } from '../costs/reports.ts';

/** Names that other programs rely on. */
const promised = [
  ...['null-call', 'mmap-munmap-4k', 'mmap-munmap-64k', 'mmap-touch-munmap-64k', 'mprotect-flip', 'brk-page'],
  ...[
    'touch-write-page',
    'touch-read-page',
    'madvise-dontneed-touch',
    'malloc-free-32',
    'malloc-free-1m-mmap',
  ],
  ...['napi-call', 'guard-hit-record'],
];

describe('a quick run', () => {
  it('has every case of the catalogue, measured or with a reason', async () => {
    const report = await runJson<CostReport & { lesson: unknown[]; ways: unknown[] }>(['costs', '--quick']);
    expect(report.format).toBe(reportFormat);
    const { cases, notAvailable, machine, load } = report;
    const names = [...cases, ...notAvailable].map((one) => one.name);
    expect(names.sort()).toEqual(catalogue.map((info) => info.name).sort());
    expect(notAvailable.filter((one) => one.reason === '' || /ended with/.test(one.reason))).toEqual([]);
    for (const one of cases) {
      const { minNs, lowNs, medianNs, highNs, p90Ns } = one;
      expect([minNs, lowNs, medianNs, highNs].every(Number.isFinite), one.name).toBe(true);
      expect(minNs <= lowNs && lowNs <= medianNs && medianNs <= highNs && medianNs <= p90Ns, one.name).toBe(
        true,
      );
      expect(one.samples).toBeGreaterThanOrEqual(3);
      expect(typeof one.unstable).toBe('boolean');
    }
    if (process.platform === 'linux') {
      expect(cases.map((one) => one.name)).toEqual(expect.arrayContaining(promised));
    }
    expect(machine).toMatchObject({ node: process.version, pageBytes: expect.any(Number) });
    expect(load.offProcessorShare).toBeGreaterThanOrEqual(0);
    expect(report.lesson.length).toBeGreaterThan(5);
    expect(report.ways.length).toBeGreaterThan(3);
  });
});

describe('some cases', () => {
  it('are written to a file, drawn, and compared with themselves', async () => {
    using folder = temporaryFolder();
    const file = folder.file('before.json');
    const first = await runCli(['costs', '--quick', '--only', 'mprotect,null-call', '--json', file]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/null-call +[\d.]+ ns/);
    expect(first.stdout).toContain('Measured on');
    const report = JSON.parse(readFileSync(file, 'utf8')) as CostReport;
    expect(report.cases.map((one) => one.name)).toContain('mprotect-flip-16m');

    const plots = folder.file('plots');
    const second = await runCli(['costs', '--from', file, '--against', file, '--svg', plots]);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain(
      `${report.cases.length} of ${report.cases.length} cases differ by no more`,
    );
    expect(readdirSync(plots).sort()).toEqual(['costs-ladder.svg', 'costs-mprotect.svg']);
    expect(second.stderr.trim().split('\n')).toHaveLength(2);
  });

  it('differ where they do', async () => {
    using folder = temporaryFolder();
    const [before, now] = [folder.file('before.json'), folder.file('now.json')];
    writeFileSync(before, JSON.stringify(costReport({ 'null-call': 100, 'brk-page': 1000 })));
    writeFileSync(now, JSON.stringify(costReport({ 'null-call': 150, 'brk-page': 1000 })));
    const { against } = await runJson<{ against: { differences: { name: string; verdict: string }[] } }>([
      ...['costs', '--from', now, '--against', before],
    ]);
    expect(against.differences.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['null-call', 'slower'],
      ['brk-page', 'same'],
    ]);
    const { stdout } = await runCli(['costs', '--from', now, '--against', before]);
    expect(stdout).toMatch(/null-call +100 ns +150 ns +1\.5 times +slower/);
  });
});

it('--list tells every case and measures nothing', async () => {
  const { code, stdout } = await runCli(['costs', '--list']);
  expect(code).toBe(0);
  for (const { name } of catalogue) expect(stdout).toContain(name);
});

describe('wrong usage ends with 2', () => {
  it.each([
    [['--only', 'sing'], 'sing'],
    [['--only', ','], 'names nothing'],
    [['--against', '/nowhere/at-all.json'], 'ENOENT'],
    [['--from', 'package.json'], 'no report'],
    [['--from', 'package.json', '--quick'], '--from'],
    [['--sing'], 'unknown option'],
  ])('%j', async (args, complaint) => {
    const { code, stdout, stderr } = await runCli(['costs', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(complaint);
  });

  it('leaves no file behind', async () => {
    using folder = temporaryFolder();
    await runCli(['costs', '--only', 'sing', '--json', folder.file('out.json')]);
    expect(existsSync(folder.file('out.json'))).toBe(false);
  });
});
