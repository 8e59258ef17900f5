/** The README tells the truth: its picture is drawn by the program, its JavaScript runs and prints what it says. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChunkList } from '../../lib/chunklist/index.ts';
import { MiB } from '../../lib/core/index.ts';
import { bufferSource } from '../../lib/pages/index.ts';
import { readTrace, replay, traceHead } from '../../lib/trace/index.ts';
import { renderSvg } from '../../lib/view/index.ts';
import { root, runCase } from '../helpers/child.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

it('docs/heap.svg shows python-json after 60 operations', async () => {
  const trace = await readTrace('python-json');
  // A plain ArrayBuffer pretends a fixed address, so the drawing is the same everywhere.
  using heap = ChunkList.create({ source: bufferSource({ limitBytes: MiB }) });
  replay(traceHead(trace, 60), heap);
  const svg = renderSvg(heap.snapshot(), {
    title: 'The heap of a Python program, 60 calls old',
    subtitle: 'every block where malloc put it; recorded, replayed on lib/chunklist',
  });
  await expect(`${svg.trimEnd()}\n`).toMatchFileSnapshot('../../docs/heap.svg');
});

/** A JavaScript block and the lines its `// ->` comments promise. */
const snippets = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => ({
  code,
  promised: [...code.matchAll(/\/\/ -> (.*)/g)].map(([, line]) => line),
}));

describe('snippets', () => {
  it('there are some, and each promises output', () => {
    expect(snippets.length).toBeGreaterThanOrEqual(3);
    for (const { promised } of snippets) expect(promised.length).toBeGreaterThan(0);
  });

  it.each(snippets.map((snippet, index) => ({ index, ...snippet })))(
    'snippet $index prints what its comments say',
    async ({ index, code, promised }) => {
      // Inside the package, so that `chunkyard` means this checkout.
      const file = join(root, 'build', 'readme', `snippet-${index}.mjs`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, code);
      const result = await runCase(file);
      rmSync(file);
      expect(result.stderr).toBe('');
      expect(result.stdout.trimEnd().split('\n')).toEqual(promised);
    },
  );
});
