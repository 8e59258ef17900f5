/** When a case need not be measured again: made-up launches, because real ones cannot be told to be slow. */
import { describe, expect, it } from 'vitest';
import type { LaunchAnswer } from '../../../lib/costs/launch.ts';
import { settledBy } from '../../../lib/costs/settled.ts';

/** A launch that found `minNs` while the processor needed `tenthNs` for what takes 1000 at best. */
function answer(minNs: number, tenthNs: number): LaunchAnswer {
  return {
    ...{ name: 'null-call', minNs, medianNs: minNs, lowNs: minNs, highNs: minNs, p90Ns: minNs, samples: 300 },
    ...{ unstable: false, byProcessorTime: false, involuntarySwitches: 0, wallNs: 1, processorNs: 1 },
    pace: { leastNs: 1000, tenthNs },
  };
}

const fast = 1050;
const slow = 1800;
const refused: LaunchAnswer = { name: 'null-call', reason: 'EBUSY' };

describe('settledBy', () => {
  const isSettled = (...answers: LaunchAnswer[]): boolean => settledBy(answers)(answers);

  it('asks for a second launch that came near', () => {
    expect(isSettled(answer(100, fast))).toBe(false);
    expect(isSettled(answer(100, fast), answer(110, fast))).toBe(false);
    expect(isSettled(answer(110, fast), answer(102, fast), answer(100, fast))).toBe(true);
  });

  it('does not believe launches that agree on a slow processor', () => {
    expect(isSettled(answer(150, slow), answer(151, slow))).toBe(false);
    expect(isSettled(answer(150, slow), answer(151, fast))).toBe(true);
  });

  it('takes the fastest moment of all cases as the measure', () => {
    const all = [answer(150, slow), { ...answer(7, slow), pace: { leastNs: 1700, tenthNs: 1800 } }];
    expect(settledBy(all)(all.slice(1))).toBe(false);
    expect(settledBy(all.slice(1))([all[1], all[1]])).toBe(true);
    expect(settledBy(all)([all[1], all[1]])).toBe(false);
  });

  it('gives up a case that every launch refused, not one that only some did', () => {
    expect(isSettled(refused, refused)).toBe(true);
    expect(isSettled(refused, answer(100, fast))).toBe(false);
  });
});
