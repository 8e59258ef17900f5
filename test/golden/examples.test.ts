/** The examples run to their end; each checks itself by assertions. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root, runCase } from '../helpers/child.ts';

const examples = readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.mjs'));

it.each(examples)('%s', async (file) => {
  const { code, signal, stdout, stderr } = await runCase(join('examples', file));
  expect([code, signal, stderr]).toEqual([0, null, '']);
  expect(stdout).not.toBe('');
});
