/**
 * One heap, many worker threads: what they do at the same time leaves the heap sound, a scheduler finds what would not,
 * and a worker that is terminated at any moment leaves it usable, or refusing with a reason.
 *
 * CHUNKYARD_THREADS_SECONDS and CHUNKYARD_TERMINATIONS make the long forms; CHUNKYARD_SEED another course of events.
 */
import { describe, expect, it } from 'vitest';
import { runCase } from '../helpers/child.ts';

const seed = process.env.CHUNKYARD_SEED ?? '1';
const seconds = process.env.CHUNKYARD_THREADS_SECONDS ?? '2';
const terminations = process.env.CHUNKYARD_TERMINATIONS ?? '8';
const timeoutMs = 1000 * (50 + 3 * Number(seconds) + 2 * Number(terminations));

async function run(script: string, ...args: string[]): Promise<Record<string, never>> {
  const { code, signal, stdout, stderr } = await runCase(`test/death/cases/${script}`, { args, timeoutMs });
  expect({ code, signal, stderr, stdout }).toMatchObject({ code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

describe('8 workers on one heap', { timeout: timeoutMs }, () => {
  it.each([
    ['their own arenas', {}],
    ['one arena', { tunables: { arena_max: 1 } }],
  ])('%s: contents kept, no violation, no block lost', async (_, options) => {
    const result = await run('heap-threads.mjs', '8', seconds, seed, JSON.stringify(options));
    expect(result).toMatchObject({ problems: [], inUseChunks: 1, attached: 1 });
    expect(result.operations).toBeGreaterThan(1000);
  });

  it.each(['2.31', '2.43'])('glibc %s', async (glibc) => {
    const result = await run('heap-threads.mjs', '3', '1', seed, JSON.stringify({ glibc }));
    expect(result).toMatchObject({ problems: [], attached: 1 });
  });
});

describe('a worker of a worker', () => {
  it('attaches by the handle that was handed on; after the end of the heap it is refused', async () => {
    expect(await run('nested-worker-heap.mjs')).toEqual({
      isTheirs: true,
      threads: 1,
      inUseChunks: 1,
      violations: 0,
      late: 'ERR_HEAP_CLOSED',
    });
  });
});

describe('under a scheduler', () => {
  const schedule = async (bug: string, seeds: number) =>
    await run('heap-schedule.mjs', bug, seed, `${seeds}`);

  it('no interleaving breaks the heap, and a seed is the same interleaving each time', async () => {
    const first = await schedule('none', 10);
    expect(first).toMatchObject({ seeds: 10, found: [] });
    expect(await schedule('none', 10)).toMatchObject({ switches: first.switches, hash: first.hash });
  });

  it.each(['no-arena-lock', 'no-system-lock', 'unlocked-free'])('finds %s', async (bug) => {
    const { found } = await schedule(bug, 16);
    expect(found).not.toEqual([]);
  });
});

describe('workers terminated at random moments', { timeout: timeoutMs }, () => {
  it.each([
    ['their own arenas', {}],
    ['one arena without caches', { tunables: { arena_max: 1, tcache_count: 0 } }],
  ])('%s: the heap can be used, or says why not', async (_, options) => {
    const result = await run('heap-terminate.mjs', terminations, seed, JSON.stringify(options));
    expect(result).toMatchObject({ errors: [] });
    expect(result.terminations).toBeGreaterThanOrEqual(Number(terminations));
  });
});
