/** Reports: as text, as a line of JSON, and what is looked at when the process ends. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultDocument, formatFault, GuardedHeap, guard } from '../../../lib/index.ts';
import { compilePackage, root, runCase } from '../../helpers/child.ts';

/** One hit past the end of a block, and one of a freed block. */
function hits() {
  using heap = GuardedHeap.create({ policy: 'record', name: 'main arena' });
  const p = heap.malloc(61)!;
  heap.bytes[p + 64] = 1;
  const { bytes } = heap;
  heap.free(p);
  expect(bytes[p + 5]).toBeTypeOf('number');
  return heap.faults();
}

describe('text', () => {
  it('stands on its first three lines, then come the stacks', () => {
    const [overflow, stale] = hits();
    const lines = formatFault(overflow);
    expect(lines[0]).toMatch(
      /^==\d+==ERROR: chunkyard: heap-buffer-overflow: WRITE at 0x[0-9a-f]+ \("main arena", \+0x2000\)$/,
    );
    expect(lines[1]).toMatch(
      /^ {2}3 bytes past the end of 61-byte allocation #1 \[0x[0-9a-f]+,0x[0-9a-f]+\), slack of 3 bytes before the guard$/,
    );
    expect(lines[2]).toMatch(/^ {2}thread main(?: \(tid \d+\))?, SIG(?:SEGV|BUS) code \d+, pc 0x[0-9a-f]+/);
    const allocated = lines.findIndex((line) => /^ {2}allocated \d+ ms earlier by thread main:$/.test(line));
    expect(lines[allocated + 1]).toMatch(/^ {4}at hits .*reports\.test\.ts/);
    expect(lines.at(-1)).toMatch(/^ {2}SUMMARY: heap-buffer-overflow at /);
    const later = formatFault(stale);
    expect(later[0]).toMatch(/use-after-free: READ at/);
    expect(later[1]).toMatch(/^ {2}5 bytes into freed 61-byte allocation #1/);
    expect(later.join('\n')).toMatch(/freed \d+ ms earlier by thread main:\n {4}at hits/);
  });

  it('has the fields of the fault as JSON', () => {
    const [overflow] = hits();
    const document = JSON.parse(JSON.stringify(faultDocument(overflow)));
    expect(document).toMatchObject({
      format: 'chunkyard-fault 1',
      kind: 'heap-buffer-overflow',
      access: 'write',
      address: `0x${overflow.address.toString(16)}`,
      distanceBytes: 3,
      block: { sizeBytes: 61, state: 'live', number: 1, slackBytes: 3, freedAt: null },
    });
    expect(document.block.allocatedAt[0]).toMatch(/^at hits/);
  });
});

it('CHUNKYARD_REPORT_FD gets one line for each block, however often it was hit', async () => {
  await compilePackage();
  const script = join(root, 'test/death/cases/guard-report-fd.mjs');
  const env = { ...process.env, NODE_OPTIONS: '', CHUNKYARD_REPORT_FD: '3' };
  const { status, stdout, output } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  expect([status, output[2]]).toEqual([0, '']);
  expect(Number(stdout)).toBeGreaterThanOrEqual(2);
  const lines = output[3]!
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ block, distanceBytes }) => [block.number, distanceBytes])).toEqual([
    [1, 0],
    [2, 0],
  ]);
});

describe('at the end of the process', () => {
  it('the slack of live blocks is looked at, and the exit code tells', async () => {
    const { code, stdout, stderr } = await runCase('test/death/cases/guard-exit.mjs');
    expect([code, stdout]).toEqual([1, 'end\n']);
    expect(stderr).toMatch(/ERROR: chunkyard: heap-buffer-overflow: WRITE at 0x[0-9a-f]+ \("main"/);
    expect(stderr).toMatch(/0 bytes past the end of 61-byte allocation #1/);
    expect(stderr).toMatch(/allocated \d+ ms earlier by thread main:\n {4}at file:.*guard-exit\.mjs:6/);
    // Not of a heap that was destroyed.
    expect(stderr).not.toContain('"gone"');
  });

  it('nothing is said of sound blocks', async () => {
    const { code, stderr } = await runCase('test/death/cases/guard-exit.mjs', { args: ['sound'] });
    expect([code, stderr]).toEqual([0, '']);
  });
});

it('nothing is left when the last guarded heap is gone', () => {
  const listeners = process.listenerCount('exit');
  const { ranges } = guard.status();
  const heaps = [1, 2, 3].map(() => GuardedHeap.create({ policy: 'record' }));
  expect(process.listenerCount('exit')).toBe(listeners + 1);
  for (const heap of heaps) heap.destroy();
  expect(process.listenerCount('exit')).toBe(listeners);
  expect(guard.status().ranges).toBe(ranges);
  if (ranges === 0) expect(guard.status().signals.SIGSEGV.handler).not.toBe('ours');
});
