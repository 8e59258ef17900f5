/** Order statistics against values worked out by hand, and against samples whose median is known. */
import { describe, expect, it } from 'vitest';
import { ranksOutside, seededRandom, summarize } from '../../../lib/core/index.ts';

describe('ranksOutside', () => {
  // The ranks that textbooks give for a 95 % interval of the median, less one: of 20 samples the 6th and 15th.
  it.each([
    [1, 0],
    [5, 0],
    [6, 0],
    [10, 1],
    [20, 5],
    [50, 17],
    [100, 39],
    [1001, 468],
  ])('of %i samples leaves out %i on each side', (count, ranks) => {
    expect(ranksOutside(count)).toBe(ranks);
  });
});

describe('summarize', () => {
  it('finds the figures of 1 to 100, in whatever order they come', () => {
    const random = seededRandom(7);
    const samples = Array.from({ length: 100 }, (_, index) => index + 1).sort(() => random.fraction() - 0.5);
    expect(summarize(samples)).toEqual({
      minNs: 1,
      medianNs: 50.5,
      lowNs: 40,
      highNs: 61,
      p90Ns: 90,
      samples: 100,
      unstable: true,
    });
  });

  it('takes one sample for everything', () => {
    expect(summarize([3])).toEqual({
      minNs: 3,
      medianNs: 3,
      lowNs: 3,
      highNs: 3,
      p90Ns: 3,
      samples: 1,
      unstable: false,
    });
  });

  it('covers the true median about 95 times in 100', () => {
    const random = seededRandom(20_260_101);
    let covered = 0;
    const runs = 2000;
    for (let run = 0; run < runs; run++) {
      // A long tail, as timings have it; its median is 1 - ln(1/2).
      const samples = Float64Array.from({ length: 60 }, () => 1 - Math.log(1 - random.fraction()));
      const { lowNs, highNs } = summarize(samples);
      if (lowNs <= 1 + Math.LN2 && 1 + Math.LN2 <= highNs) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.94);
    expect(covered / runs).toBeLessThan(0.98);
  });
});
