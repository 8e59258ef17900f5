/** Many comparisons, one after the other, and what they add up to. */
import type { Trace } from '../trace/index.ts';
import type { Difference } from './agreement.ts';
import {
  type FidelityOptions,
  type FidelityResult,
  judgeRun,
  type NativeRun,
  runNative,
} from './fidelity.ts';

/** One comparison of many. */
export interface FidelityTask {
  /** Made when its turn comes, so that thousands need no memory at one time. */
  trace: () => Trace | Promise<Trace>;
  options: FidelityOptions;
}

/**
 * Runs many comparisons; while one is judged here the next runs natively in its own process.
 * @param tasks in order
 * @yields a result for each, with its trace
 */
export async function* compareMany(
  tasks: Iterable<FidelityTask>,
): AsyncGenerator<{ trace: Trace; task: FidelityTask; result: FidelityResult }> {
  let ahead: Promise<Started> | null = null;
  for (const task of tasks) {
    const started = start(task);
    // Somebody waits for it in the next round; until then a failure is nobody's.
    started.catch(() => undefined);
    if (ahead) yield finish(await ahead);
    ahead = started;
  }
  if (ahead) yield finish(await ahead);
}

interface Started {
  task: FidelityTask;
  trace: Trace;
  run: NativeRun;
}

async function start(task: FidelityTask): Promise<Started> {
  const trace = await task.trace();
  return { task, trace, run: await runNative(trace, task.options) };
}

function finish({ task, trace, run }: Started): { trace: Trace; task: FidelityTask; result: FidelityResult } {
  return { trace, task, result: judgeRun(trace, run, task.options) };
}

/** Results of a group added up. */
export interface FidelityTotal {
  traces: number;
  operations: number;
  equal: number;
  /** The first trace that differs, in the order given. */
  firstDifference: (Difference & { trace: string; arena: 'main' | 'thread' }) | null;
  imagesCompared: number;
  imagesEqual: number;
}

/** @returns a total of nothing */
export function emptyTotal(): FidelityTotal {
  return { traces: 0, operations: 0, equal: 0, firstDifference: null, imagesCompared: 0, imagesEqual: 0 };
}

/** Adds one result to a total. */
export function addResult(total: FidelityTotal, result: FidelityResult): void {
  const { trace, arena, firstDifference, image } = result;
  total.traces++;
  total.operations += result.operations;
  total.equal += result.equal;
  if (firstDifference) total.firstDifference ??= { trace, arena, ...firstDifference };
  if (image === null) return;
  total.imagesCompared++;
  if (image.differingWords === 0) total.imagesEqual++;
}
