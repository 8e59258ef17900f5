/** How busy the machine was with other things while costs were measured: minima survive that, medians do not. */
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import type { MeasuredCase } from './measure.ts';

/** Signs of other work. */
export interface Load {
  /** Processes that wanted to run, averaged over the minute before the first launch. */
  averageBefore: number;
  /** Share of the measuring time in which the measuring thread did not run. */
  offProcessorShare: number;
  /** Times the system took the processor away from it. */
  involuntarySwitches: number;
  /** Share of processor time that the host of a virtual machine took; null where it is not told. */
  stolenShare: number | null;
  /** What to make of it, when it is not quiet. */
  warning: string | null;
}

const busyShare = 0.05;
const stolenLimit = 0.02;
/** Of the processors, before this measurement added its own. */
const busyAverage = 0.6;

/** Watches from its making until `finish`. */
export class LoadWatch {
  readonly #averageBefore = loadavg()[0];
  readonly #ticksBefore = processorTicks();

  /**
   * @param launches every case of every launch
   * @returns what was seen
   */
  finish(launches: readonly MeasuredCase[]): Load {
    const wallNs = sum(launches.map((one) => one.wallNs));
    const offNs = sum(launches.map((one) => Math.max(0, one.wallNs - one.processorNs)));
    const load = {
      averageBefore: this.#averageBefore,
      offProcessorShare: wallNs > 0 ? offNs / wallNs : 0,
      involuntarySwitches: sum(launches.map((one) => one.involuntarySwitches)),
      stolenShare: stolenSince(this.#ticksBefore),
    };
    return { ...load, warning: warningFor(load) };
  }
}

/** @returns words for a busy machine, null for a quiet one */
export function warningFor(load: Omit<Load, 'warning'>): string | null {
  const signs: string[] = [];
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  if (load.averageBefore > busyAverage * availableParallelism()) {
    signs.push(`load average ${load.averageBefore.toFixed(1)} before the first launch`);
  }
  if (load.offProcessorShare > busyShare) {
    signs.push(`the measuring thread did not run for ${percent(load.offProcessorShare)} of its time`);
  }
  if ((load.stolenShare ?? 0) > stolenLimit) {
    signs.push(`the host took ${percent(load.stolenShare ?? 0)} of the processors`);
  }
  if (signs.length === 0) return null;
  return `the machine was busy: ${signs.join('; ')}. The least still holds; median, p90 and spread do not.`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** All and stolen ticks of all processors since boot; null where the system does not tell. */
function processorTicks(): { all: number; stolen: number } | null {
  try {
    const fields = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0].split(/\s+/).slice(1).map(Number);
    return { all: sum(fields.slice(0, 8)), stolen: fields[7] };
  } catch {
    return null;
  }
}

function stolenSince(before: { all: number; stolen: number } | null): number | null {
  const now = processorTicks();
  if (before === null || now === null || now.all === before.all) return null;
  return (now.stolen - before.stolen) / (now.all - before.all);
}
