/** docs/lesson.md: every sentence of the lecture leads to steps that exist, and the list of steps is the lessons' own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lessons } from '../../lib/lessons/index.ts';
import { root } from '../helpers/child.ts';

const path = join(root, 'docs', 'lesson.md');
const document = readFileSync(path, 'utf8');
const marker = /<!-- From here on[^\n]*-->\n/;
const written = document.slice(0, document.search(marker)) + (marker.exec(document)?.[0] ?? '');

/** Rows of the first table: a quotation, and the anchors it leads to. */
const rows = [...written.matchAll(/^\| "([^|]+)" \| [^|]+ \| ([^|]+) \|$/gm)].map(([, quote, links]) => ({
  quote,
  steps: [...links.matchAll(/\[([\w/-]+)\]\(#([\w-]+)\)/g)].map(([, name, anchor]) => ({ name, anchor })),
}));
const steps = lessons.flatMap((lesson) => lesson.steps.map((step) => ({ lesson, step })));
const known = steps.map(({ lesson, step }) => `${lesson.name}/${step.name}`);

/** The lecture, if it lies beside the checkout; it is not ours to copy. */
const lecture = fileURLToPath(new URL('../../../shared/lesson.md', import.meta.url));

it('lists every lesson and step, with its claim', async () => {
  const list = lessons.map(({ number, name, title, about, steps: own }) =>
    [
      `## Lesson ${number}: ${title}`,
      about,
      ...own.map((step, k) => {
        const anchor = `<a id="${name}-${step.name}"></a>`;
        return `${anchor}**${number}.${k + 1} ${step.name}**: ${step.title}. ${step.claim}\n\`chunkyard lesson ${name} --step ${step.name}\``;
      }),
    ].join('\n\n'),
  );
  await expect(`${written}\n${list.join('\n\n')}\n`).toMatchFileSnapshot(path);
});

describe('each sentence of the lecture', () => {
  it('leads to steps that exist', () => {
    expect(rows.length).toBeGreaterThanOrEqual(31);
    for (const { quote, steps: linked } of rows) {
      expect(linked.length, quote).toBeGreaterThan(0);
      for (const { name, anchor } of linked) {
        expect(known, quote).toContain(name);
        expect(anchor).toBe(name.replace('/', '-'));
      }
    }
  });

  it.runIf(existsSync(lecture))('has a row, and no row is about anything else', () => {
    const text = readFileSync(lecture, 'utf8').replace(/^---[\s\S]*?---/, '');
    const sentences = text.split('\n').filter((line) => /^\s*- /.test(line));
    const headings = sentences.filter((line) => /^- Its vulnerability:$/.test(line));
    const unshown = sentences.filter(
      (line) => !headings.includes(line) && !rows.some(({ quote }) => line.includes(quote)),
    );
    expect(unshown).toEqual([]);
    expect(rows.filter(({ quote }) => !sentences.some((line) => line.includes(quote)))).toEqual([]);
  });

  it('and every step is part of the answer to some sentence', () => {
    const linked = new Set(rows.flatMap((row) => row.steps.map(({ name }) => name)));
    expect(known.filter((name) => !linked.has(name))).toEqual([]);
  });
});
