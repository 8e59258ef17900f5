/** Whether a case has been measured often enough: what other work on the machine, or on its host, spoils is done again. */
import type { LaunchAnswer } from './launch.ts';
import type { MeasuredCase } from './measure.ts';

/** A least time is confirmed when another launch came this near, as a share. */
const confirmedShare = 0.03;
/** A launch is believed if the processor was, a tenth of the time, at most so much slower than at its best, as a share. */
const slowShare = 0.1;

/**
 * Tells when a case need not be measured again: two launches found nearly the same least time, one of them on a processor
 * as fast as it gets. On one that shares its core two launches agree as well, on a time that is too long.
 * @param all answers of all cases so far: the fastest moment of any of them is the measure
 * @returns true for the answers of a case that is settled, or that no launch could measure
 */
export function settledBy(all: readonly LaunchAnswer[]): (answers: readonly LaunchAnswer[]) => boolean {
  const best = Math.min(...measuredOf(all).map(({ pace }) => pace.leastNs));
  const isFast = ({ pace }: MeasuredCase): boolean => pace.tenthNs <= best * (1 + slowShare);
  return (answers) => {
    const [least, second] = measuredOf(answers).sort((a, b) => a.minNs - b.minNs);
    if (least === undefined) return true;
    if (second === undefined || second.minNs > least.minNs * (1 + confirmedShare)) return false;
    return isFast(least) || isFast(second);
  };
}

function measuredOf(answers: readonly LaunchAnswer[]): MeasuredCase[] {
  return answers.flatMap((answer) => ('reason' in answer ? [] : [answer]));
}
