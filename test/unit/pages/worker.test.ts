/** Mappings of worker threads: each has its own addon instance, and leaves nothing behind. */
import { expect, it } from 'vitest';
import { runCase } from '../../helpers/child.ts';

it('three workers map, protect, reserve a window, and their mappings end with them', async () => {
  const result = await runCase('test/death/cases/worker-mapping.mjs');
  expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(JSON.parse(result.stdout)).toEqual({
    during: [true, true, true],
    after: [false, false, false],
    sums: [14, 14, 14],
    refusal: 'ENOTSUP',
  });
});

it.runIf(process.platform === 'linux')('a heap that a worker never destroyed ends with it', async () => {
  const result = await runCase('test/death/cases/worker-heap.mjs');
  expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(JSON.parse(result.stdout)).toEqual({ seen: [1, 1, 1, 1, 1], after: 0 });
});
