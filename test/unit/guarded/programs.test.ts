/**
 * Programs made at random, some per process: every access outside of a block is caught, by the guard or by the slack,
 * and its report names the block and the distance; correct programs are left alone. CHUNKYARD_SEED changes the seed.
 */
import { expect, it } from 'vitest';
import { runCase } from '../../helpers/child.ts';

const seed = Number(process.env.CHUNKYARD_SEED ?? 20_261);

it(`1,000 overflow programs and 1,000 correct ones, seed ${seed}`, async () => {
  const { stdout, stderr, code, signal } = await runCase('test/death/cases/guard-programs.mjs', {
    args: [String(seed), '1000'],
    timeoutMs: 50_000,
  });
  expect([stderr, code, signal]).toEqual(['', 0, null]);
  const { overflows, correct, ranges, handlers } = JSON.parse(stdout);
  expect(overflows).toEqual({ ran: 1000, hits: 1000, wrong: [] });
  expect(correct).toEqual({ ran: 1000, hits: 0, wrong: [] });
  // The last guard is gone: so is the handler.
  expect(ranges).toBe(0);
  expect(handlers).not.toContain('ours');
});
