/** Two reports side by side: which differences are larger than noise. */

import { unstableShare } from '../core/index.ts';
import type { CostReport, ReportedCase } from './study.ts';

/** One case of two reports. */
export interface CostDifference {
  name: string;
  beforeNs: number;
  afterNs: number;
  /** afterNs / beforeNs. */
  ratio: number;
  /** A ratio this far from 1 may be chance: the larger spread of the two, a tenth at least. */
  noise: number;
  verdict: 'same' | 'slower' | 'faster';
}

/** What comparing two reports gives. */
export interface ReportComparison {
  differences: CostDifference[];
  /** Cases that only one of them has. */
  onlyBefore: string[];
  onlyAfter: string[];
  /** What differs between the machines, in words; empty for the same machine. */
  machineChanges: string[];
}

/**
 * Compares the least times, case by case. A difference is one when the least times are further apart than launches
 * of one report are, and the intervals of the medians do not meet either.
 * @param before the older report
 * @param after the newer one
 */
export function compareReports(before: CostReport, after: CostReport): ReportComparison {
  const old = new Map(before.cases.map((one) => [one.name, one]));
  const fresh = new Set(after.cases.map((one) => one.name));
  return {
    differences: after.cases.flatMap((now) => {
      const then = old.get(now.name);
      return then === undefined ? [] : [differenceOf(then, now)];
    }),
    onlyBefore: before.cases.map((one) => one.name).filter((name) => !fresh.has(name)),
    onlyAfter: after.cases.map((one) => one.name).filter((name) => !old.has(name)),
    machineChanges: machineChanges(before, after),
  };
}

function differenceOf(then: ReportedCase, now: ReportedCase): CostDifference {
  const ratio = then.minNs > 0 ? now.minNs / then.minNs : 1;
  const noise = Math.max(unstableShare, then.spread, now.spread);
  // By factors, so that twice as slow and twice as fast are equally far from 1.
  const isFar = Math.max(ratio, 1 / ratio) > 1 + noise;
  const meets = then.lowNs <= now.highNs && now.lowNs <= then.highNs;
  const verdict = !isFar || meets ? 'same' : ratio > 1 ? 'slower' : 'faster';
  return { name: now.name, beforeNs: then.minNs, afterNs: now.minNs, ratio, noise, verdict };
}

function machineChanges(before: CostReport, after: CostReport): string[] {
  const then = { ...before.machine, cycleCounter: before.machine.cycleCounter?.name };
  const now = { ...after.machine, cycleCounter: after.machine.cycleCounter?.name };
  return (Object.keys(now) as (keyof typeof now)[])
    .filter((key) => then[key] !== now[key])
    .map((key) => `${key}: ${then[key]} before, ${now[key]} now`);
}
