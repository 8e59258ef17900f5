/** `chunkyard lesson`: walks all ten, prints one document, asks, and says no to what cannot be meant. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lessons } from '../../../lib/index.ts';
import { compilePackage, root } from '../../helpers/child.ts';
import { executable, runCli, runJson } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const total = lessons.reduce((sum, { steps }) => sum + steps.length, 0);

interface LessonDocument {
  format: string;
  lessons: {
    number: number;
    name: string;
    steps: {
      name: string;
      number: number;
      claim: string;
      calls: string[];
      memory: { address: string; words: { before: string | null; after: string | null }[] }[];
      question: { choices: string[]; right: number };
      answer: string;
      checks: { holds: boolean }[];
      notHere: string | null;
    }[];
  }[];
}

describe('lesson, all of it', () => {
  it('walks all ten, within the width, without colour, every hex number with 0x', async () => {
    const { code, stdout, stderr } = await runCli(['lesson'], { env: { COLUMNS: '72' } });
    expect([code, stderr]).toEqual([0, '']);
    expect([...stdout.matchAll(/^Lesson (\d+): /gm)].map(([, n]) => Number(n))).toEqual(
      lessons.map(({ number }) => number),
    );
    expect(stdout.match(/^Answer: /gm)?.length).toBe(total);
    expect(stdout).not.toMatch(/FAIL/);
    expect(stdout).not.toContain('\x1b');
    // Temporary paths in the process map are the system's words.
    const own = stdout.replaceAll(/\S*chunkyard-lesson-\S*/g, '');
    const bare = own.match(/(?<![\w.-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{4,}(?![\w-])/g);
    expect(bare).toBeNull();
    expect(stdout.split('\n').filter((line) => line.length > 72)).toEqual([]);
  });

  it('is drawn in 40 columns and in ASCII, too', async () => {
    const env = { COLUMNS: '40', LC_ALL: 'C' };
    const { code, stdout } = await runCli(['lesson', 'merging'], { env });
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.length > 40)).toEqual([]);
    expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
  });

  it('walks by keys on a terminal, back and forth', async (context) => {
    if (spawnSync('script', ['--version'], { timeout: 10_000 }).status !== 0) context.skip();
    await compilePackage();
    const command = `${process.execPath} ${executable} lesson merging`;
    const ended = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: root,
      encoding: 'utf8',
      input: 'nnpbq',
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', NODE_OPTIONS: '' },
      timeout: 30_000,
    });
    const heads = [...ended.stdout.matchAll(/merging --step ([\w-]+), \d of 8/g)].map(([, name]) => name);
    expect(heads).toEqual(['nothing-free', 'bck-free', 'fwd-free', 'bck-free', 'nothing-free']);
    expect([ended.status, ended.stdout]).toEqual([0, expect.stringContaining('q: leave')]);
  });
});

describe('lesson --json', () => {
  it('is one document: steps as data, numbers as 0x strings', async () => {
    const document = await runJson<LessonDocument>(['lesson', 'free-writes']);
    expect(document.format).toBe('chunkyard-lesson 1');
    expect(document.lessons.map(({ name, number }) => [name, number])).toEqual([['free-writes', 9]]);
    const [{ steps }] = document.lessons;
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, k) => k + 1));
    for (const { claim, calls, memory, question, answer, checks, notHere } of steps) {
      expect([claim, answer, notHere]).toEqual([
        expect.stringMatching(/./),
        expect.stringMatching(/./),
        null,
      ]);
      expect(calls.length).toBeGreaterThan(0);
      expect(question.choices[question.right]).toBeTypeOf('string');
      expect(checks.every(({ holds }) => holds)).toBe(true);
      for (const { address, words } of memory) {
        expect(address).toMatch(/^0x[0-9a-f]+$/);
        for (const { before, after } of words)
          for (const value of [before, after]) expect(value ?? '0x0').toMatch(/^0x[0-9a-f]+$/);
      }
    }
  });

  it('prints one step, by number and by name', async () => {
    for (const step of ['2', 'comes-back']) {
      const document = await runJson<LessonDocument>(['lesson', '6', '--step', step]);
      expect(document.lessons[0].steps.map(({ name, number }) => [name, number])).toEqual([
        ['comes-back', 2],
      ]);
    }
  });

  it('lists without running', async () => {
    const document = await runJson<LessonDocument>(['lesson', '--list']);
    expect(document.format).toBe('chunkyard-lessons 1');
    const listed = document.lessons.map(({ name, steps }) => [name, steps.map((step) => step.name)]);
    expect(listed).toEqual(lessons.map(({ name, steps }) => [name, steps.map((step) => step.name)]));
    const { stdout } = await runCli(['lesson', 'reuse', '--list']);
    expect(stdout).toMatch(/^6 {2}reuse: .*\n {3}1 {2}released {8}/);
  });
});

it('lesson --svg writes the pictures of the steps that are shown', async () => {
  using temporary = temporaryFolder();
  const folder = temporary.file('slides');
  const { code, stderr } = await runCli(['lesson', 'merging', '--step', 'glibc-both-free', '--svg', folder]);
  expect([code, stderr]).toEqual([0, expect.stringContaining('glibc-both-free-2.svg: free(b)')]);
  const files = readdirSync(folder);
  expect(files).toEqual(['merging-glibc-both-free-1.svg', 'merging-glibc-both-free-2.svg']);
  for (const file of files) expect(readFileSync(join(folder, file), 'utf8')).toMatch(/^<svg[\s\S]*<\/svg>/);
  const blocked = await runCli(['lesson', 'reuse', '--step', '1', '--svg', join(folder, files[0])]);
  expect(blocked.code).toBe(2);
});

describe('lesson --quiz', () => {
  const letterOf = (index: number): string => 'abc'[index];
  const rights = lessons.find(({ name }) => name === 'overflow')!.steps.map(({ question }) => question.right);

  it('asks before it tells, takes answers from a pipe, and counts', async () => {
    const answers = rights.map((right, k) => letterOf(k === 1 ? (right + 1) % 3 : right));
    const { code, stdout } = await runCli(['lesson', 'overflow', '--quiz'], {
      input: `${answers.join('\n')}\n`,
    });
    expect(code).toBe(0);
    expect(stdout.match(/^Right\.$/gm)?.length).toBe(rights.length - 1);
    expect(stdout).toContain(`You said ${answers[1]}).`);
    expect(stdout).toContain(`${rights.length - 1} of ${rights.length} answers were right.`);
    const question = stdout.indexOf('Question: ');
    expect(question).toBeGreaterThan(-1);
    expect(question).toBeLessThan(stdout.indexOf('calls\n'));
    expect(stdout.indexOf('Answer: ')).toBeGreaterThan(stdout.indexOf('calls\n'));
  });

  it('asks again after what is no answer, and ends well when no more answers come', async () => {
    const input = `perhaps\n${letterOf(rights[2])}\n`;
    const one = await runCli(['lesson', 'overflow', '--step', '3', '--quiz'], { input });
    expect(one.stdout).toContain('Please answer with a letter from a to c.');
    expect(one.stdout).toContain('1 of 1 answers were right.');
    expect(one.stdout.match(/^Question: /gm)?.length).toBe(1);
    const none = await runCli(['lesson', 'overflow', '--quiz'], { input: '' });
    expect([none.code, none.stdout.match(/^Answer: /gm)?.length]).toEqual([0, rights.length]);
    expect(none.stdout).toContain('0 of 0 answers were right.');
  });
});

describe('what cannot be meant ends with 2', () => {
  it.each([
    [
      'a lesson that is not there',
      ['lesson', 'cooking'],
      /no lesson is called cooking; there are system, why/,
    ],
    ['a lesson number too high', ['lesson', '11'], /no lesson is called 11/],
    [
      'a step that is not there',
      ['lesson', 'reuse', '--step', '6'],
      /reuse has no step 6; it has 1 to 5: rel/,
    ],
    ['a step without a lesson', ['lesson', '--step', '1'], /--step needs the name of a lesson/],
    ['a quiz as a document', ['lesson', 'reuse', '--quiz', '--json'], /--quiz talks/],
    ['a second name', ['lesson', 'reuse', 'merging'], /too many arguments/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});
