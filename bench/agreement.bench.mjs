// Does `chunkyard costs` agree with an independent measurement? Six calls timed by the addon and, by turns in the same
// minute, by agreement.c, a program of its own, compiled here. Fresh processes every time; the least of all counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from '../dist/costs/index.js';
import { onOneProcessor } from '../dist/posix/index.js';

const turns = process.argv.includes('--quick') ? 2 : 10;
const effort = process.argv.includes('--quick')
  ? { batches: 100, budgetMs: 20 }
  : { batches: 600, budgetMs: 150 };
const names = [
  'null-call',
  'mmap-munmap-4k',
  'mmap-munmap-64k',
  'mprotect-flip',
  'brk-page',
  'touch-write-page',
];
const path = (relative) => new URL(relative, import.meta.url).pathname;

function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
  return stdout;
}

/** @returns the least of both, by name */
async function measureByTurns(program) {
  const least = { addon: new Map(), c: new Map() };
  const keep = (side, name, ns) => side.set(name, Math.min(ns, side.get(name) ?? Number.POSITIVE_INFINITY));
  for (let turn = 0; turn < turns; turn++) {
    // Both keep to one processor: a process that has been on two pays more for each change of protection.
    const printed = onOneProcessor(turn, () => run(program));
    for (const [, name, ns] of printed.matchAll(/^(\S+) (\S+)$/gm)) keep(least.c, name, Number(ns));
    const answers = await launch(
      path('../dist/cli/study/child.js'),
      { names, effort, processor: turn },
      () => {},
    );
    for (const answer of answers) if ('minNs' in answer) keep(least.addon, answer.name, answer.minNs);
  }
  return least;
}

const folder = mkdtempSync(join(tmpdir(), 'chunkyard-bench-'));
try {
  const program = join(folder, 'agreement');
  run('cc', '-O2', '-o', program, path('agreement.c'));
  const { addon, c } = await measureByTurns(program);
  const both = names.filter((name) => addon.has(name) && c.has(name));
  const apart = (name) => Math.abs(addon.get(name) / c.get(name) - 1);
  process.stdout.write(
    JSON.stringify({
      title: `the least of ${turns} launches each, ns: the addon, and a C program of its own`,
      columns: ['case', 'addon', 'C program', 'addon / C'],
      rows: both.map((name) => [name, addon.get(name), c.get(name), addon.get(name) / c.get(name)]),
      notes: [`${both.filter((name) => apart(name) <= 0.1).length} of ${both.length} are within 10 %`],
    }),
  );
} finally {
  rmSync(folder, { recursive: true });
}
