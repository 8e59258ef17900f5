/** docs/attacks.md and its picture show what the program finds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { attackTable, defenceTable } from '../../lib/attacks/index.ts';
import { gridOfDefences, gridOfTable } from '../../lib/cli/attack/grids.ts';
import { renderGridMarkdown, renderGridSvg } from '../../lib/view/index.ts';
import { root } from '../helpers/child.ts';

const page = readFileSync(join(root, 'docs', 'attacks.md'), 'utf8');

it('docs/attacks.md has the table of techniques and versions', () => {
  expect(page).toContain(renderGridMarkdown(gridOfTable(attackTable())).join('\n'));
});

it('docs/attacks.md has the table of techniques and defences', () => {
  expect(page).toContain(renderGridMarkdown(gridOfDefences(defenceTable('2.36'))).join('\n'));
});

it('docs/attacks.svg is that table', async () => {
  await expect(renderGridSvg(gridOfTable(attackTable()))).toMatchFileSnapshot('../../docs/attacks.svg');
});
