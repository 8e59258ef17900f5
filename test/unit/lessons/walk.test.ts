/** Walking a lesson, and the notes behind it, on a lesson of the test's own. */
import { describe, expect, it } from 'vitest';
import { PosixError } from '../../../lib/core/index.ts';
import { LessonWalk } from '../../../lib/lessons/index.ts';
import { defineLesson, type StepPlan } from '../../../lib/lessons/lesson.ts';
import { asText, asWord } from '../../../lib/lessons/regions.ts';
import { longNames } from '../../../lib/lessons/visitor-plan.ts';
import { mmap } from '../../../lib/pages/index.ts';

interface State {
  log: string[];
}

const question = { text: '?', choices: ['yes', 'no'], right: 0 };
function plan(name: string, play: StepPlan<State>['play']): StepPlan<State> {
  return { name, title: name, claim: `${name} happens`, question, play };
}

function makeLesson(log: string[], steps: readonly StepPlan<State>[]): ReturnType<typeof defineLesson> {
  return defineLesson<State>({
    number: 1,
    name: 'own',
    title: 'own',
    about: '',
    open: () => {
      log.push('open');
      return { log };
    },
    close: (state) => void state.log.push('close'),
    steps,
  });
}

const threeSteps = ['a', 'b', 'c'].map((name) =>
  plan(name, ({ log }) => {
    log.push(name);
    return name;
  }),
);

describe('a walk', () => {
  it('goes forwards and backwards; a step runs once, when it is reached first', async () => {
    const log: string[] = [];
    const walk = new LessonWalk(makeLesson(log, threeSteps));
    expect([walk.step, log]).toEqual([null, []]);
    const first = await walk.next();
    expect([first?.name, first?.number, log]).toEqual(['a', 1, ['open', 'a']]);
    expect(walk.back()).toBeNull();
    const second = await walk.next();
    expect(walk.back()).toBe(first);
    expect(await walk.next()).toBe(second);
    expect((await walk.next())?.name).toBe('c');
    expect(await walk.next()).toBeNull();
    expect(walk.step?.name).toBe('c');
    expect(log).toEqual(['open', 'a', 'b', 'c', 'close']);
    expect(walk.back()).toBe(second);
  });

  it('jumps to a step; closed early it gives back what the lesson holds, and keeps what was seen', async () => {
    const log: string[] = [];
    const walk = new LessonWalk(makeLesson(log, threeSteps), makeLesson(log, threeSteps));
    expect((await walk.to(2))?.name).toBe('b');
    expect((await walk.to(5))?.name).toBe('b');
    expect((await walk.to(1))?.name).toBe('a');
    expect(await walk.to(7)).toBeNull();
    const other = new LessonWalk(makeLesson(log, threeSteps));
    log.length = 0;
    await other.next();
    await other.close();
    expect(log).toEqual(['open', 'a', 'close']);
    expect(other.step?.name).toBe('a');
    expect(await other.next()).toBeNull();
  });

  it('says why a step cannot run here, and goes on; a defect comes out, and everything is given back', async () => {
    const log: string[] = [];
    const refused = plan('refused', () => {
      throw new PosixError('ENOSYS', { errno: 38, syscall: 'brk' });
    });
    const broken = plan('broken', () => {
      throw new TypeError('ours');
    });
    const walk = new LessonWalk(makeLesson(log, [refused, threeSteps[0], broken]));
    expect((await walk.next())?.notHere).toMatch(/ENOSYS: brk/);
    expect((await walk.next())?.notHere).toBeNull();
    await expect(walk.next()).rejects.toThrow(new TypeError('ours'));
    expect(log).toEqual(['open', 'a', 'close']);
  });
});

describe('notes', () => {
  it('read memory before and after; nothing is there is null', async () => {
    using mapping = mmap({ length: 4096 });
    const { address } = mapping;
    const other = mmap({ length: 4096 });
    const gone = other.address;
    const step = plan('writes', (_, notes) => {
      mapping.bytes.write('earlier!');
      notes.watch({ title: 'page', address, fields: [{ offset: 0, name: 'first', means: asText }] });
      notes.watch({ title: 'other', address: gone, fields: [{ offset: 8, name: 'second' }] });
      notes.call('write', () => mapping.bytes.write('later!!!'));
      notes.check('holds', 1, 1);
      notes.check('does not', 1n, 16n);
      other.unmap();
      return 'yes';
    });
    const walk = new LessonWalk(makeLesson([], [step]));
    const { memory, checks, calls } = (await walk.next())!;
    expect(memory[0].words).toEqual([
      {
        offset: 0,
        name: 'first',
        before: asWord('earlier!'),
        after: asWord('later!!!'),
        beforeMeans: '"earlier!"',
        afterMeans: '"later!!!"',
      },
    ]);
    expect(memory[1].words).toMatchObject([{ before: 0n, after: null, afterMeans: '' }]);
    expect(calls).toEqual(['write']);
    expect(checks.map(({ holds, expected, actual }) => [holds, expected, actual])).toEqual([
      [true, '1', '1'],
      [false, '0x1', '0x10'],
    ]);
    await walk.close();
  });
});

describe('longNames', () => {
  /** What strcpy makes of a target. */
  function strcpyAll(target: Buffer, names: Buffer[]): void {
    for (const name of names) {
      expect(name.includes(0)).toBe(false);
      name.copy(target);
      target[name.length] = 0;
    }
  }

  it.each([
    ['without zero bytes', 0x7f60_44c3_f310n],
    ['with one inside', 0x7f60_0044_c3f3n],
    ['with zeros at both ends', 0x7f00_44c3_f300n],
    ['with several', 0x7f00_0000_1000n],
    ['that is short', 0x1_0000_4010n],
  ])('plant an address %s', (_, address) => {
    const target = Buffer.alloc(96, 0xcc);
    target.writeBigUInt64LE(0x7f12_3456_789an, 64);
    strcpyAll(target, longNames(64, address));
    expect(target.readBigUInt64LE(64) & 0xffff_ffff_ffffn).toBe(address);
  });
});
