/** The whole study: which cases, in how many launches, put together into one report. */
import { type CaseInfo, caseInfo, type GroupName } from './catalogue.ts';
import { joinLaunches, type LaunchesSummary } from './join-launches.ts';
import { type LaunchAnswer, launch } from './launch.ts';
import { type Load, LoadWatch } from './load.ts';
import { describeMachine, type Machine } from './machine.ts';
import type { Effort, MeasuredCase, MissingCost } from './measure.ts';

/** One line of a report. */
export interface ReportedCase extends LaunchesSummary {
  name: string;
  group: GroupName;
  byProcessorTime: boolean;
  involuntarySwitches: number;
  /** Ticks of the cycle counter in the least time; null where there is none. */
  minTicks: number | null;
}

/** What a study found. */
export interface CostReport {
  format: typeof reportFormat;
  /** Day and time in UTC. */
  date: string;
  quick: boolean;
  machine: Machine;
  load: Load;
  cases: ReportedCase[];
  notAvailable: MissingCost[];
}

/** First field of the JSON document. */
export const reportFormat = 'chunkyard-costs 1';

/** How a study is run. */
export interface StudyOptions {
  cases: readonly CaseInfo[];
  /** What each launch runs: a script that calls `serveLaunch`. */
  script: string;
  /** Few samples, two launches, nothing large. @defaultValue false */
  quick?: boolean;
  /** Told of every case of every launch; `total` stays the same. */
  onProgress?: (done: number, total: number, name: string) => void;
}

/** One process to be started. */
interface PlannedLaunch {
  names: string[];
  effort: Effort;
  processor: number;
}

const fullEffort: Effort = { batches: 300, budgetMs: 150, warmUpMs: 100 };
const largeEffort: Effort = { batches: 3, budgetMs: 1 };
const quickEffort: Effort = { batches: 40, budgetMs: 12, warmUpMs: 20 };
/** No launch is begun after this once every case has had one. */
const fullBudgetMs = 75_000;
const quickBudgetMs = 2000;
const fullLaunches = 8;
const quickLaunches = 2;
const largeLaunches = 2;
/** A least time is confirmed when another launch came this near, as a share; until then the case is measured again. */
const confirmedShare = 0.03;
/** Turns for cases that are not. */
const extraTurns = 8;

/**
 * Measures.
 * @param options what, and how thoroughly
 * @returns the report
 */
export async function runStudy(options: StudyOptions): Promise<CostReport> {
  const { cases, script, quick = false, onProgress } = options;
  const watch = new LoadWatch();
  const plan = planLaunches(cases, quick);
  // Room for a case's second look; how many need one is not known yet.
  const total = plan.reduce((sum, { names }) => sum + names.length, 0) + (quick ? 0 : cases.length);
  const answers = new Map<string, LaunchAnswer[]>();
  let done = 0;
  const end = performance.now() + (quick ? quickBudgetMs : fullBudgetMs);
  const measure = async (request: PlannedLaunch): Promise<void> => {
    const tell = ({ name }: LaunchAnswer): void => onProgress?.(Math.min(++done, total), total, name);
    const found = await launch(script, request, tell);
    for (const answer of found) answers.set(answer.name, [...(answers.get(answer.name) ?? []), answer]);
  };
  for (const request of plan) {
    const isLate = performance.now() > end && request.names.every((name) => answers.has(name));
    if (isLate) done += request.names.length;
    else await measure(request);
  }
  for (let turn = 0; turn < extraTurns && !quick && performance.now() < end; turn++) {
    const names = cases.filter((info) => !info.isLarge && !isConfirmed(answers.get(info.name) ?? []));
    if (names.length === 0) break;
    await measure({ names: namesInOrder(names), effort: fullEffort, processor: turn });
  }
  return report(cases, answers, { quick, watch });
}

/** True when two launches found nearly the same least time, or none will: what is not available stays so. */
function isConfirmed(answers: readonly LaunchAnswer[]): boolean {
  const minima = answers.flatMap((answer) => ('reason' in answer ? [] : [answer.minNs]));
  const [least = 0, second = Number.POSITIVE_INFINITY] = minima.sort((a, b) => a - b);
  if (minima.length === 0) return true;
  return second <= least * (1 + confirmedShare);
}

function namesInOrder(cases: readonly CaseInfo[]): string[] {
  return [...cases]
    .sort((a, b) => Number(a.hasCompany ?? false) - Number(b.hasCompany ?? false))
    .map((info) => info.name);
}

/**
 * By turns: all groups once, then all again, so that a busy minute does not fall on one group alone. Each turn on the next
 * processor: whatever else keeps one busy is seldom on all of them.
 */
function planLaunches(cases: readonly CaseInfo[], quick: boolean): PlannedLaunch[] {
  const small = cases.filter((info) => !info.isLarge);
  if (quick) {
    const names = namesInOrder(small);
    return names.length === 0
      ? []
      : Array.from({ length: quickLaunches }, (_, processor) => ({ names, effort: quickEffort, processor }));
  }
  const plan: PlannedLaunch[] = [];
  const groups = [...new Set(small.map((info) => info.group))];
  const large = cases.filter((info) => info.isLarge).map((info) => info.name);
  for (let turn = 0; turn < fullLaunches; turn++) {
    for (const group of groups) {
      const names = namesInOrder(small.filter((info) => info.group === group));
      plan.push({ names, effort: fullEffort, processor: turn });
    }
    if (large.length > 0 && turn < largeLaunches) {
      plan.push({ names: large, effort: largeEffort, processor: turn });
    }
  }
  return plan;
}

function report(
  cases: readonly CaseInfo[],
  answers: ReadonlyMap<string, LaunchAnswer[]>,
  { quick, watch }: { quick: boolean; watch: LoadWatch },
): CostReport {
  const machine = describeMachine();
  const reported: ReportedCase[] = [];
  const notAvailable: MissingCost[] = [];
  const measured: MeasuredCase[] = [];
  for (const { name } of cases) {
    const found = (answers.get(name) ?? []).filter((answer): answer is MeasuredCase => !('reason' in answer));
    const refused = answers.get(name)?.find((answer): answer is MissingCost => 'reason' in answer);
    measured.push(...found);
    if (found.length > 0) reported.push(reportCase(name, found, machine));
    else notAvailable.push(refused ?? { name, reason: 'takes too long for a quick run' });
  }
  const load = watch.finish(measured);
  const date = new Date().toISOString();
  return { format: reportFormat, date, quick, machine, load, cases: reported, notAvailable };
}

function reportCase(name: string, found: readonly MeasuredCase[], machine: Machine): ReportedCase {
  const joined = joinLaunches(found.map(({ name: _, byProcessorTime: __, ...figures }) => figures));
  const { minNs, medianNs, lowNs, highNs, p90Ns, samples, unstable, launches, spread } = joined;
  return {
    ...{ name, group: caseInfo(name)!.group },
    ...{ minNs, medianNs, lowNs, highNs, p90Ns, samples, unstable, launches, spread },
    byProcessorTime: found.some((one) => one.byProcessorTime),
    involuntarySwitches: found.reduce((sum, one) => sum + one.involuntarySwitches, 0),
    minTicks: machine.cycleCounter === null ? null : (minNs * machine.cycleCounter.hertz) / 1e9,
  };
}
