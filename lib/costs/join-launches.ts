/**
 * Several launches of a process put together, so that what differs between them, the layout of memory above all, shows
 * as spread and is not mistaken for precision.
 */
import { type CostSummary, unstableShare } from '../core/index.ts';

/** Figures of several launches together. */
export interface LaunchesSummary extends CostSummary {
  launches: number;
  /** How far apart the launches' minima are, as a share of the least. */
  spread: number;
}

/**
 * Puts launches together. The least is the least of all; median and 90th percentile are those of the launch whose
 * median is the middle one. Samples of different launches are not independent, so the interval is not made from
 * all of them: it reaches from the lowest to the highest of the launches' own.
 * @param launches figures of each launch, at least one
 * @returns figures; unstable when the minima are more than a tenth apart, when the middle launch is unstable itself,
 *   and when there is only one launch, which nothing confirms
 */
export function joinLaunches(launches: readonly CostSummary[]): LaunchesSummary {
  const minima = launches.map((launch) => launch.minNs);
  const minNs = Math.min(...minima);
  const spread = minNs > 0 ? Math.max(...minima) / minNs - 1 : 0;
  const byMedian = [...launches].sort((a, b) => a.medianNs - b.medianNs);
  const middle = byMedian[(launches.length - 1) >> 1];
  return {
    ...middle,
    minNs,
    lowNs: Math.min(...launches.map((launch) => launch.lowNs)),
    highNs: Math.max(...launches.map((launch) => launch.highNs)),
    samples: launches.reduce((sum, launch) => sum + launch.samples, 0),
    unstable: launches.length < 2 || spread > unstableShare || middle.unstable,
    launches: launches.length,
    spread,
  };
}
