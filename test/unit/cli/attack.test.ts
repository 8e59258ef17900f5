/** `chunkyard attack` from end to end: list, run, table, in all their forms. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { machineGlibc } from '../../../lib/compare/index.ts';
import { runCli, runJson } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { problemsInXml } from '../../helpers/xml.ts';

interface Table {
  format: string;
  versions: string[];
  defence?: string;
  rows: { technique: string; cells: { glibc: string; outcome: string; message?: string }[] }[];
}

describe('attack list', () => {
  it('names 35 attacks and two demonstrations, with what they need', async () => {
    const { format, techniques } = await runJson<{ format: string; techniques: { scope: string }[] }>([
      'attack',
      'list',
    ]);
    expect(format).toBe('chunkyard-attack-list 1');
    expect(techniques.filter(({ scope }) => scope !== 'demonstration')).toHaveLength(35);
    expect(techniques).toHaveLength(37);
    expect((await runCli(['attack', 'list'])).stdout).toMatch(/tcache_poisoning +a write after free/);
  });
});

describe('attack run', () => {
  it('tells needs, steps, proof and end', async () => {
    const { stdout, code } = await runCli(['attack', 'run', 'house_of_spirit', '--glibc', '2.31']);
    expect(code).toBe(0);
    expect(stdout).toContain('house_of_spirit, glibc 2.31');
    expect(stdout).toMatch(/^ {2}! target\[0x18\] = 0x41$/m);
    expect(stdout).toMatch(/^ {2}= the block lies in the target: /m);
    expect(stdout).toMatch(/^Here: it works\.$/m);
  });

  it('tells which defence stopped it', async () => {
    const args = ['attack', 'run', 'overlapping_chunks', '--defence', 'header-checksum'];
    expect(await runJson(args)).toMatchObject({
      format: 'chunkyard-attack-run 1',
      glibc: '2.36',
      outcome: 'stopped',
      message: 'header checksum: the size of the block is not the one it was given',
    });
  });

  it.skipIf(machineGlibc() === null)('--native: the same end', async () => {
    const { native } = await runJson<{ native: object }>([
      'attack',
      'run',
      'unsorted_bin_attack',
      '--native',
    ]);
    expect(native).toMatchObject({ outcome: 'stopped', agrees: true });
    const { stdout } = await runCli(['attack', 'run', 'tcache_poisoning', '--native']);
    expect(stdout).toContain("This machine's malloc: it works.");
    const { stdout: apart } = await runCli(['attack', 'run', 'house_of_roman', '--native']);
    expect(apart).toMatch(/it cannot run there, as it names addresses of the C library's own data/);
  });

  it.each([
    [['attack', 'run', 'house_of_cards'], 'one of first_fit'],
    [['attack', 'run', 'tcache_dup', '--glibc', '2.30'], 'Allowed choices'],
    [['attack', 'run', 'tcache_dup', '--defence', 'moat'], 'one of safe-linking'],
    [['attack', 'run', 'tcache_dup', '--native', '--defence', 'canary'], 'has no --defence'],
    [['attack', 'table', '--defence', 'moat'], 'Allowed choices'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});

describe('attack table', () => {
  it('--json is what the interface promises', async () => {
    const { format, versions, rows, defence } = await runJson<Table>(['attack', 'table']);
    expect(format).toBe('chunkyard-attack-table 1');
    expect(versions).toHaveLength(10);
    expect(defence).toBeUndefined();
    expect(rows).toHaveLength(35);
    for (const { cells } of rows) {
      expect(cells.map(({ glibc }) => glibc)).toEqual(versions);
      for (const { outcome, message } of cells) {
        expect(['works', 'stopped', 'not-applicable']).toContain(outcome);
        expect(message === undefined).toBe(outcome === 'works');
      }
    }
  });

  it('--defence shows what it stops', async () => {
    const { defence, rows } = await runJson<Table>([
      'attack',
      'table',
      '--defence',
      'quarantine',
      '--glibc',
      '2.36',
    ]);
    expect(defence).toBe('quarantine');
    expect(rows.find(({ technique }) => technique === 'fastbin_dup')?.cells).toEqual([
      {
        glibc: '2.36',
        outcome: 'stopped',
        message: 'quarantine: the block is already free',
        byDefence: true,
      },
    ]);
    const { stdout } = await runCli(['attack', 'table', '--defence', 'all']);
    expect(stdout).toMatch(/^F quarantine: stops \d+$/m);
  });

  it('--seeds makes it several times and finds no difference', async () => {
    const { code, stderr } = await runCli(['attack', 'table', '--glibc', '2.36', '--seeds', '3']);
    expect(code).toBe(0);
    expect(stderr).toBe('3 seeds, 3 equal tables\n');
  });

  it('fits into 80 columns; --markdown and --svg hold the same marks', async () => {
    const text = (await runCli(['attack', 'table'])).stdout;
    const table = text.split('\n').slice(3, 39);
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
    const marks = table
      .slice(1)
      .join(' ')
      .match(/yes\*?|\(\d\)|-(?= )/g)?.length;
    const markdown = (await runCli(['attack', 'table', '--markdown'])).stdout;
    expect(markdown).toContain('| `house_of_force` | yes | yes | (1) |');
    using folder = temporaryFolder();
    const file = folder.file('attacks.svg');
    const { code, stdout } = await runCli(['attack', 'table', '--svg', file]);
    expect([code, stdout]).toEqual([0, '']);
    const svg = readFileSync(file, 'utf8');
    expect(problemsInXml(svg)).toEqual([]);
    expect(svg.match(/<g><title>/g)).toHaveLength(350);
    expect(marks).toBeGreaterThan(300);
  });
});
