/** Lesson 8, where another function really runs, and what stops it: each ending is that of a process of its own. */
import { beforeAll, describe, expect, it } from 'vitest';
import { runJson } from '../helpers/cli.ts';

interface Step {
  name: string;
  memory: { title: string; words: { name: string; before: string; after: string; afterMeans: string }[] }[];
  child: { pid: number; exitCode: number | null; signal: string | null };
  checks: { what: string; actual: string; holds: boolean }[];
}

let steps: Map<string, Step>;
beforeAll(async () => {
  const document = await runJson<{ lessons: { steps: Step[] }[] }>(['lesson', 'function-pointer']);
  steps = new Map(document.lessons[0].steps.map((step) => [step.name, step]));
});

/** macOS reports protection faults as SIGBUS too. */
const faults = process.platform === 'darwin' ? ['SIGBUS', 'SIGSEGV'] : ['SIGSEGV'];
const stepOf = (name: string): Step => steps.get(name)!;
const meaning = (step: Step, title: string, field: string): string[] =>
  step.memory
    .find((piece) => piece.title === title)!
    .words.filter(({ name }) => name === field)
    .map(({ afterMeans }) => afterMeans);

it('as meant, and overwritten: each process ends well, one of them by the wrong function', () => {
  const meant = stepOf('as-meant');
  const hit = stepOf('overwritten');
  for (const { child } of [meant, hit]) expect(child).toMatchObject({ exitCode: 0, signal: null });
  expect(meaning(meant, 'the visitor', 'greet')).toEqual(['welcome']);
  expect(meaning(meant, 'its voice', 'said')).toEqual(['"welcome."', '"........"']);
  expect(meaning(hit, 'the visitor', 'greet')).toEqual(['openVault']);
  expect(meaning(hit, 'its voice', 'said')).toEqual(['"vault is"', '" open..."']);
  expect(hit.child.pid).not.toBe(process.pid);
  expect(hit.child.pid).not.toBe(meant.child.pid);
});

describe('each defence stops it by its own means', () => {
  it.each([
    ['guard-page', faults, 'welcome'],
    ['canary', ['SIGABRT'], 'openVault'],
    ['read-only', faults, 'welcome'],
    ['table-check', [null], 'openVault'],
  ])('%s', (name, signals, leadsTo) => {
    const step = stepOf(name);
    expect(signals).toContain(step.child.signal);
    if (step.child.signal === null) expect(step.child.exitCode).toBe(0);
    expect(meaning(step, 'the visitor', 'greet')).toEqual([leadsTo]);
    expect(meaning(step, 'its voice', 'said')).toEqual(['"........"', '"........"']);
    expect(step.checks.filter(({ holds }) => !holds)).toEqual([]);
  });

  it('guard page and read-only page stop at their first byte', () => {
    for (const name of ['guard-page', 'read-only']) {
      const stopped = stepOf(name).checks.find(({ what }) => what.startsWith('the first byte'))!.actual;
      expect(BigInt(stopped) % 4096n, name).toBe(0n);
    }
  });
});
