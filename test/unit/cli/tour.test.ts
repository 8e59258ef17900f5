/** The tour: it ends well, and what its steps say about the same thing agrees. No time is asserted. */
import { beforeAll, describe, expect, it } from 'vitest';
import { machineGlibc } from '../../../lib/compare/index.ts';
import { isSupported } from '../../../lib/index.ts';
import { runCli, runJson } from '../../helpers/cli.ts';
import { isSanitized } from '../../helpers/sanitized.ts';

interface Range {
  start: string;
  end: string;
  protection: string;
  name?: string;
}
// biome-ignore lint/suspicious/noExplicitAny: facts differ from step to step
type Facts = Record<string, any>;
interface TourDocument {
  format: string;
  steps: { name: string; title: string; ran: boolean; reason?: string; facts: Facts }[];
  next: { command: string }[];
}

describe('tour --json', () => {
  let document: TourDocument;
  const facts = (name: string): Facts => document.steps.find((step) => step.name === name)?.facts ?? {};
  beforeAll(async () => {
    document = await runJson<TourDocument>(['tour']);
  });

  it('runs all five steps', () => {
    expect(document.format).toBe('chunkyard-tour 1');
    expect(document.steps.map(({ name, ran, reason }) => [name, ran, reason])).toEqual(
      ['arena', 'coalesce', 'trace', 'guard', 'costs'].map((name) => [name, true, undefined]),
    );
  });

  it.runIf(isSupported('memoryMap'))('finds the arena in the process map, without access, then with', () => {
    const { address, reservedBytes, committedBytes, mapBefore, mapAfter } = facts('arena');
    expect(BigInt(address) % 2n ** 32n).toBe(0n);
    const end = `0x${(BigInt(address) + BigInt(reservedBytes)).toString(16)}`;
    expect(mapBefore).toMatchObject([{ start: address, end, protection: '---' }]);
    const border = `0x${(BigInt(address) + BigInt(committedBytes)).toString(16)}`;
    expect((mapAfter as Range[]).map(({ start, end: to, protection }) => [start, to, protection])).toEqual([
      [address, border, 'rw-'],
      [border, end, '---'],
    ]);
  });

  it('allocates in that arena, and the merge changes three headers as the lecture tells it', () => {
    const { address } = facts('arena');
    const { pointers, before, after, changes, violations } = facts('coalesce');
    for (const pointer of pointers) expect(BigInt(pointer.address) - BigInt(address)).toBeLessThan(65_536n);
    expect(violations).toEqual([]);
    const sizeAt = (chunks: Facts[], offset: number): number =>
      chunks.find((chunk) => chunk.offset === offset)?.sizeBytes;
    const [first, second, third] = changes as Facts[];
    expect(sizeAt(after, first.offset)).toBe(sizeAt(before, first.offset) + sizeAt(before, second.offset));
    expect([first.kind, second.kind, third.kind]).toEqual(['changed', 'gone', 'changed']);
    expect(first.fields.map((field: Facts) => field.name)).toEqual(['size', 'fwd']);
    expect(third.fields.map((field: Facts) => field.name)).toEqual(['bck']);
    const chunkAddress = (offset: number): string => `0x${(BigInt(address) + BigInt(offset)).toString(16)}`;
    expect(first.fields[1].after).toBe(chunkAddress(third.offset));
    expect(third.fields[0].before).toBe(chunkAddress(second.offset));
    expect(third.fields[0].after).toBe(chunkAddress(first.offset));
  });

  it('replays a recorded program on ours and on the native malloc', () => {
    const { rows } = facts('trace');
    const names = rows.map((row: Facts) => row.allocator);
    expect(names).toEqual(['heap', 'chunklist', 'native']);
    const { agreement, glibc } = rows[0];
    expect(agreement.placements).toBeGreaterThan(20_000);
    if (glibc === machineGlibc()) expect(agreement.equal).toBe(agreement.placements);
    for (const row of rows) {
      expect(row.nsPerOperation).toBeGreaterThan(0);
      expect(row.peakHeapBytes).toBeGreaterThanOrEqual(row.peakLiveBytes);
      expect(row.utilization).toBeCloseTo(row.peakLiveBytes / row.peakHeapBytes, 12);
    }
  });

  it('sees the child die of the guard page, its last byte right before it', () => {
    const guard = facts('guard');
    expect(process.platform === 'darwin' ? ['SIGBUS', 'SIGSEGV'] : ['SIGSEGV']).toContain(guard.signal);
    expect(guard.exitCode).toBeNull();
    expect(BigInt(guard.blockAddress) + BigInt(guard.usableBytes)).toBe(BigInt(guard.guardAddress));
    expect(guard.bytesWritten).toBe(guard.usableBytes);
    expect(BigInt(guard.lastByteAddress) + 1n).toBe(BigInt(guard.guardAddress));
  });

  it('measures every cost, and a system call costs more than a malloc', () => {
    const { cases, notAvailable, machine } = facts('costs');
    expect(cases.length + notAvailable.length).toBe(7);
    for (const one of cases) {
      expect(one.minNs).toBeLessThanOrEqual(one.lowNs);
      expect(one.lowNs).toBeLessThanOrEqual(one.highNs);
      expect(one.samples).toBe(300);
    }
    expect(machine.node).toBe(process.version);
    const least = (name: string): number => cases.find((one: Facts) => one.name === name)?.minNs;
    if (!isSanitized) expect(least('mmap-munmap-4k')).toBeGreaterThan(least('malloc-free-32'));
  });

  it('proposes only commands that exist', async () => {
    expect(document.next.length).toBeGreaterThan(3);
    for (const { command } of document.next) {
      const words = command.split(' ');
      const { code, stdout } = await runCli([...words, '--help']);
      expect([command, code]).toEqual([command, 0]);
      expect(stdout).toContain('Examples:');
      // Options that are not known would be refused before the help is shown.
      for (const option of words.filter((word) => word.startsWith('--'))) expect(stdout).toContain(option);
    }
  });
});

describe('tour', () => {
  it('reads well in a pipe of 80 columns', async () => {
    const { code, stdout, stderr } = await runCli(['tour']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.match(/^\d\/5 {2}/gm)).toHaveLength(5);
    expect(stdout).not.toContain('cannot run here');
    expect(stdout).toContain('the process died of SIG');
    if (machineGlibc() !== null) expect(stdout).toMatch(/put 21,689 of 21,689 blocks exactly where/);
    for (const line of stdout.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
    const address = /the arena starts at (0x[0-9a-f]+)/.exec(stdout)?.[1];
    if (isSupported('memoryMap')) {
      expect(stdout).toMatch(
        new RegExp(`^ {2}${address}-0x[0-9a-f]+ +64 KiB {2}rw-p {2}chunkyard tour$`, 'm'),
      );
    }
    expect(stdout).toContain(`c = malloc(24) = ${address?.slice(0, -8)}`);
  });

  it('goes on when a step cannot run, and says why', async () => {
    const { code, stdout } = await runCli(['tour'], { env: { TMPDIR: '/nowhere/at/all' } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/This step cannot run here: .*ENOENT/);
    expect(stdout).toContain('5/5');
  });
});
