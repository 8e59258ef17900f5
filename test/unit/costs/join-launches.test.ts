/** Launches put together: what differs between them must show. */
import { describe, expect, it } from 'vitest';
import { summarize } from '../../../lib/core/index.ts';
import { joinLaunches } from '../../../lib/costs/index.ts';

describe('joinLaunches', () => {
  const low = summarize([10, 11, 11, 11, 12]);
  const middle = summarize([10.5, 12, 12, 12, 13]);
  const high = summarize([20, 30, 30, 30, 31]);

  it('takes the least of all, the median of the launch in the middle, and every interval', () => {
    const joined = joinLaunches([high, low, middle]);
    expect(joined).toMatchObject({ minNs: 10, medianNs: 12, p90Ns: 13, lowNs: 10, highNs: 31, samples: 15 });
    expect(joined).toMatchObject({ launches: 3, spread: 1, unstable: true });
  });

  it('keeps the order least, low, median, high', () => {
    const { minNs, lowNs, medianNs, highNs, p90Ns } = joinLaunches([low, high]);
    expect([minNs, lowNs, medianNs, highNs]).toEqual([10, 10, 11, 31]);
    expect(p90Ns).toBeGreaterThanOrEqual(medianNs);
  });

  it('is stable when launches agree', () => {
    const steady = summarize(Array.from({ length: 100 }, () => 5));
    expect(joinLaunches([steady, steady])).toMatchObject({ spread: 0, unstable: false });
    expect(joinLaunches([steady])).toMatchObject({ launches: 1, minNs: 5, unstable: true });
  });

  it('has no spread where nothing takes time', () => {
    expect(joinLaunches([summarize([0, 0]), summarize([0, 1])]).spread).toBe(0);
  });
});
