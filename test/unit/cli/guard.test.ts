/** `chunkyard guard`: every demonstration ends as it says, under every policy, with a report that names the block. */
import { describe, expect, it } from 'vitest';
import { guard } from '../../../lib/index.ts';
import { runCli, runJson } from '../../helpers/cli.ts';

interface Result {
  name: string;
  asExpected: boolean;
  signal: string | null;
  exitCode: number | null;
  error: { code: string; message: string } | null;
  report: string[];
  faults: {
    format: string;
    kind: string;
    distanceBytes: number | null;
    block: { sizeBytes: number; allocatedAt: string[] };
  }[];
}

const { policies } = guard.status();

describe.each(['die', 'throw', 'record', 'trace'] as const)('--policy %s', (policy) => {
  it.skipIf(!policies[policy])('ends as each demonstration says', async () => {
    const { demos } = await runJson<{ demos: Result[] }>(['guard', '--policy', policy]);
    expect(demos.map(({ name }) => name)).toEqual([
      ...['overflow', 'underflow', 'use-after-free', 'double-free', 'off-by-one', 'strcpy', 'missed'],
    ]);
    expect(demos.filter(({ asExpected }) => !asExpected)).toEqual([]);
    const [overflow, underflow, useAfterFree, doubleFree, offByOne, strcpy, missed] = demos;
    expect(overflow.faults[0]).toMatchObject({ kind: 'heap-buffer-overflow', distanceBytes: 0 });
    expect(underflow.faults[0]).toMatchObject({ kind: 'heap-buffer-underflow', distanceBytes: -1 });
    expect(useAfterFree.faults[0]).toMatchObject({ kind: 'use-after-free', distanceBytes: null });
    expect(offByOne.faults[0]).toMatchObject({ block: { sizeBytes: 61 }, distanceBytes: 0 });
    expect(strcpy.faults[0]).toMatchObject({ block: { sizeBytes: 16 }, distanceBytes: 0 });
    for (const { faults } of [overflow, underflow, useAfterFree, offByOne, strcpy]) {
      expect(faults[0].format).toBe('chunkyard-fault 1');
      expect(faults[0].block.allocatedAt.join()).toContain('demos.js');
    }
    expect(doubleFree.error).toMatchObject({ code: 'ERR_HEAP_DOUBLE_FREE' });
    expect(missed).toMatchObject({ faults: [], error: null, signal: null, exitCode: 0 });
  });
});

it('prints the report of a process that died, and why nothing was seen', async () => {
  const died = await runCli(['guard', 'overflow']);
  expect(died.code).toBe(0);
  expect(died.stdout).toMatch(
    /==\d+==ERROR: chunkyard: heap-buffer-overflow: WRITE at 0x[0-9a-f]+ \("overflow"/,
  );
  expect(died.stdout).toMatch(/0 bytes past the end of 64-byte allocation #1/);
  expect(died.stdout).toMatch(/The process died of SIG(?:SEGV|BUS)\./);
  const missed = await runCli(['guard', 'missed']);
  expect(missed.stdout).toMatch(/jumps over the guard/);
  expect(missed.stdout).toMatch(/Nobody noticed\./);
});

it('refuses a demonstration that is not there, and names those that are', async () => {
  const { code, stdout, stderr } = await runCli(['guard', 'underwear']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/no demonstration is called underwear; there are overflow, underflow/);
});
