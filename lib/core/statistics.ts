/**
 * What a set of timings says: least, median with its 95 % interval, 90th percentile. No mean: one preempted batch
 * would move it by a multiple.
 */

/** Figures of one case, in nanoseconds per operation. */
export interface CostSummary {
  minNs: number;
  medianNs: number;
  /** 95 % confidence interval of the median, by order statistics: no shape of the distribution is assumed. */
  lowNs: number;
  highNs: number;
  p90Ns: number;
  samples: number;
  /** True when the interval is wider than a tenth of the median: run it again on a quieter machine. */
  unstable: boolean;
}

/** An interval wider than this share of the median is called unstable. */
export const unstableShare = 0.1;

/**
 * Sums samples up.
 * @param samplesNs nanoseconds per operation, one number per batch; at least one, none NaN
 * @returns figures, each one of the samples (the median of an even number lies between two)
 */
export function summarize(samplesNs: ArrayLike<number>): CostSummary {
  const sorted = Float64Array.from(samplesNs).sort();
  const count = sorted.length;
  const middle = count >> 1;
  const medianNs = count % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  const outside = ranksOutside(count);
  const lowNs = sorted[outside];
  const highNs = sorted[count - 1 - outside];
  return {
    minNs: sorted[0],
    medianNs,
    lowNs,
    highNs,
    p90Ns: sorted[Math.min(count - 1, Math.ceil(count * 0.9) - 1)],
    samples: count,
    unstable: highNs - lowNs > unstableShare * medianNs,
  };
}

/**
 * How many of the smallest samples (and of the largest) lie outside the interval. The number of samples below the
 * true median is binomial (n, 1/2); the interval misses it on one side when at most `ranks` samples lie there.
 * @param count number of samples, > 0
 * @returns the most ranks that may be left out on each side at 95 %; 0 where there are too few samples for that
 */
export function ranksOutside(count: number): number {
  // Above that 0.5^n is no number any more, and the normal approximation is as good.
  if (count > 1000) return Math.floor((count - 1.96 * Math.sqrt(count)) / 2) - 1;
  let ranks = 0;
  let term = count * 0.5 ** count;
  let missed = 0.5 ** count + term;
  while (missed <= 0.025) {
    ranks++;
    term *= (count - ranks) / (ranks + 1);
    missed += term;
  }
  return ranks;
}
