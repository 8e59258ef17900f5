/** As many guarded blocks as the system bears, and a clear word where it bears no more; the process stays whole. */
import { expect, it } from 'vitest';
import { isSupported } from '../../../lib/index.ts';
import { runCase } from '../../helpers/child.ts';

const script = 'test/death/cases/guard-limits.mjs';

it.skipIf(!isSupported('guardInstall'))(
  '100,000 blocks with lightweight guards, and no more mappings',
  async () => {
    const { stdout, stderr, code } = await runCase(script, { args: ['lightweight'] });
    expect([stderr, code]).toEqual(['', 0]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ blocks: 100_000, error: null, caught: 20, thread: 'alive', again: true });
    expect(result.mappings).toBeLessThan(100);
    expect(result.left).toEqual({ ranges: 0, used: 0 });
  },
);

it('as many as the budget allows with mprotect, then an error with limit and remedy', async () => {
  const { stdout, stderr, code } = await runCase(script, { args: ['mprotect'] });
  expect([stderr, code]).toEqual(['', 0]);
  const { blocks, error, mappings, budget, ...result } = JSON.parse(stdout);
  expect(result).toMatchObject({ caught: 20, thread: 'alive', again: true, left: { ranges: 0, used: 0 } });
  if (process.platform !== 'linux') return;
  expect(blocks).toBeGreaterThan(1000);
  expect(blocks).toBeLessThan(100_000);
  expect(error).toMatchObject({
    code: 'ENOMEM',
    message: expect.stringMatching(/vm\.max_map_count = \d+.*raise it/),
  });
  // The engine maps memory of its own meanwhile.
  expect(mappings).toBeLessThanOrEqual(budget.total + 100);
});
