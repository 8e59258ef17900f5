/** `whatif`: the page, the document, the native check, and what it refuses. Runs the executable, workers and all. */
import { describe, expect, it } from 'vitest';
import { machineGlibc } from '../../../lib/compare/index.ts';
import { runCli, runJson } from '../../helpers/cli.ts';

const small = ['--grid', 'arena_max=1', '--workers', '2'];

describe('whatif', () => {
  it('recommends one arena where three hold what one could', async () => {
    const { code, stdout, stderr } = await runCli(['whatif', 'git-repack', ...small, '--slower', '100']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('3 threads, in turn as recorded');
    expect(stdout).toContain('GLIBC_TUNABLES=glibc.malloc.arena_max=1');
    expect(stdout).toMatch(/saves \d+\.\d % of the peak/);
  });

  it('tries its own settings, each alone and the best together, on worker threads', async () => {
    const document = await runJson<{ rows: { tunables: object }[]; threads: number; prices: object }>([
      ...['whatif', 'python-json', '--glibc', '2.36', '--by', 'end'],
    ]);
    expect(document.threads).toBe(1);
    expect(document.rows.length).toBeGreaterThan(20);
    expect(document.prices).toEqual({ callNs: expect.any(Number), freshPageNs: expect.any(Number) });
  });

  it.runIf(machineGlibc() !== null)('is right about the native malloc', async () => {
    const { verification } = await runJson<{ verification: { equal: boolean; setting: string }[] }>([
      ...[
        'whatif',
        'python-json',
        '--grid',
        'top_pad=0,65536',
        '--grid',
        'tcache_count=0',
        '--verify',
        'all',
      ],
    ]);
    expect(verification).toHaveLength(6);
    expect(verification.filter((one) => !one.equal)).toEqual([]);
  });

  it.each([
    [['--grid', 'tea=1'], 'names are'],
    [['--grid', 'top_pad'], 'NAME=VALUE'],
    [['--grid', 'top_pad=x'], 'integer'],
    [['--grid', 'arena_max=1', '--slower', '0.5'], '1 or more'],
    [['--glibc', '1.0'], '2.31'],
    [['--by', 'luck'], 'footprint'],
    [['--workers', '0'], 'integer'],
    [['--verify', 'none'], 'integer'],
    [['--arena', 'main', '--one-thread'], 'already'],
    [['--glibc', machineGlibc() === '2.31' ? '2.36' : '2.31', '--verify'], '--verify'],
  ])('refuses %j', async (args, reason) => {
    const { code, stdout, stderr } = await runCli(['whatif', 'python-json', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(reason);
  });

  it('refuses a trace that is none', async () => {
    const { code, stderr } = await runCli(['whatif', '-'], { input: 'tea\n' });
    expect(code).toBe(2);
    expect(stderr).toContain(':1: expected');
  });
});
