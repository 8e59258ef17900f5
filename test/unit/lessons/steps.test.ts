/** Every step of every lesson: its claims hold, and its words are what really stands in memory while it is looked at. */
import { beforeAll, describe, expect, it } from 'vitest';
import { isSupported, lessons } from '../../../lib/index.ts';
import { runCase } from '../../helpers/child.ts';

interface Word {
  name: string;
  before: string | null;
  after: string | null;
}
interface Range {
  start: string;
  end: string;
  protection: string;
}
interface Step {
  lesson: string;
  name: string;
  calls: string[];
  figures: object[];
  memory: { title: string; address: string; words: Word[] }[];
  map: { before: Range[]; after: Range[] } | null;
  checks: { what: string; holds: boolean; expected: string; actual: string }[];
  answer: string;
  notHere: string | null;
  wrong: string[];
}

let ran: Step[];
beforeAll(async () => {
  const { code, stdout, stderr } = await runCase('test/unit/lessons/play-all.mjs');
  expect([code, stderr]).toEqual([0, '']);
  ran = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Step);
});

describe.each(lessons.map(({ name }) => name))('lesson %s', (name) => {
  it('does what it claims, on memory that is really so', () => {
    const steps = ran.filter(({ lesson }) => lesson === name);
    expect(steps.map((step) => step.name)).toEqual(
      lessons.find((known) => known.name === name)?.steps.map((step) => step.name),
    );
    if (isSupported('memoryMap')) expect(steps.filter(({ notHere }) => notHere !== null)).toEqual([]);
    for (const { notHere, checks, wrong, calls, figures, answer } of steps) {
      if (notHere !== null) continue;
      expect(checks.filter(({ holds }) => !holds)).toEqual([]);
      expect(checks.length).toBeGreaterThan(0);
      expect(wrong).toEqual([]);
      expect(calls.length + figures.length).toBeGreaterThan(0);
      expect(answer).not.toBe('');
    }
  });
});

it('ten lessons, as the lecture has them, each step with a question that one choice answers', () => {
  expect(lessons.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const { name, steps } of lessons) {
    expect(new Set(steps.map((step) => step.name)).size, name).toBe(steps.length);
    for (const { question, claim } of steps) {
      expect(claim).not.toBe('');
      expect(question.choices.length).toBeGreaterThanOrEqual(2);
      expect(question.choices[question.right]).toBeDefined();
    }
  }
});

describe('single steps', () => {
  const stepOf = (lesson: string, name: string): Step =>
    ran.find((step) => step.lesson === lesson && step.name === name)!;
  const pieceOf = (step: Step, title: string): Step['memory'][number] =>
    step.memory.find((piece) => piece.title === title)!;
  const word = (step: Step, title: string, field: string): Word =>
    pieceOf(step, title).words.find(({ name }) => name === field)!;

  it.runIf(isSupported('memoryMap'))('mmap adds a line to the process map, mprotect splits one', () => {
    const { memory, map } = stepOf('system', 'mmap');
    const covers = ({ start, end }: Range): boolean =>
      BigInt(start) <= BigInt(memory[0].address) && BigInt(memory[0].address) < BigInt(end);
    expect(map?.before.filter(covers)).toEqual([]);
    expect(map?.after.filter(covers)).toMatchObject([{ protection: 'rw-' }]);
    const split = stepOf('system', 'mprotect');
    expect(split.map!.after.length).toBe(split.map!.before.length + 1);
  });

  it('a merge backwards changes size and fwd of a, and bck of c, and no other link', () => {
    const step = stepOf('merging', 'bck-free');
    const [b, c] = ['chunk b', 'chunk c'].map((title) => pieceOf(step, title).address);
    const a = pieceOf(step, 'chunk a').address;
    const size = word(step, 'chunk a', 'size');
    const freed = BigInt(word(step, 'chunk b', 'size').before!) - 1n;
    expect(BigInt(size.after!) - BigInt(size.before!)).toBe(freed);
    expect(word(step, 'chunk a', 'fwd')).toMatchObject({ before: b, after: c });
    expect(word(step, 'chunk c', 'bck')).toMatchObject({ before: b, after: a });
    const changed = step.memory.flatMap(({ title, words }) =>
      words.filter(({ before, after }) => before !== after).map(({ name }) => `${title} ${name}`),
    );
    expect(changed).toEqual([
      ...['chunk a size', 'chunk a fwd', 'chunk b size', 'chunk b request', 'chunk c bck'],
    ]);
  });

  it('forged links put the chosen value at the target; safe unlinking leaves it alone', () => {
    const forged = stepOf('free-writes', 'forged-links');
    const target = word(forged, 'block victim', 'target');
    expect(target.after).toBe(word(forged, 'chunk b', 'fwd').after);
    expect(target.after).not.toBe(target.before);
    const safe = word(stepOf('free-writes', 'safe-unlink'), 'block victim', 'target');
    expect(safe.after).toBe(safe.before);
  });
});
