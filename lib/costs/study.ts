/** The whole study: which cases, in how many launches, put together into one report. */
import { type CaseInfo, caseInfo, type GroupName } from './catalogue.ts';
import { joinLaunches, type LaunchesSummary } from './join-launches.ts';
import { type LaunchAnswer, launch } from './launch.ts';
import { type Load, LoadWatch } from './load.ts';
import { describeMachine, type Machine } from './machine.ts';
import type { Effort, MeasuredCase, MissingCost } from './measure.ts';
import { settledBy } from './settled.ts';

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

const fullEffort: Effort = { batches: 500, budgetMs: 150, warmUpMs: 60 };
const largeEffort: Effort = { batches: 2, budgetMs: 1 };
const quickEffort: Effort = { batches: 40, budgetMs: 12, warmUpMs: 20 };
/** No launch is begun after this once every case has had one. */
const fullBudgetMs = 72_000;
const quickBudgetMs = 2000;
/** All cases are measured so many times, then those that are not settled. */
const firstTurns = 3;
const mostTurns = 20;
const quickTurns = 2;

/**
 * Measures.
 * @param options what, and how thoroughly
 * @returns the report
 */
export async function runStudy(options: StudyOptions): Promise<CostReport> {
  const { cases, script, quick = false, onProgress } = options;
  const watch = new LoadWatch();
  // Room for further looks; how many cases need one is not known yet.
  const total = cases.length * (quick ? quickTurns : 2 * firstTurns);
  const answers = new Map<string, LaunchAnswer[]>();
  let done = 0;
  const end = performance.now() + (quick ? quickBudgetMs : fullBudgetMs);
  for (let turn = 0; turn < (quick ? quickTurns : mostTurns); turn++) {
    for (const request of quick ? planQuickTurn(cases, turn) : planTurn(cases, turn, answers)) {
      if (performance.now() > end && request.names.every((name) => answers.has(name))) continue;
      const tell = ({ name }: LaunchAnswer): void => onProgress?.(Math.min(++done, total), total, name);
      const found = await launch(script, request, tell);
      for (const answer of found) answers.set(answer.name, [...(answers.get(answer.name) ?? []), answer]);
    }
  }
  return report(cases, answers, { quick, watch });
}

function namesInOrder(cases: readonly CaseInfo[]): string[] {
  return [...cases]
    .sort((a, b) => Number(a.hasCompany ?? false) - Number(b.hasCompany ?? false))
    .map((info) => info.name);
}

/** All small cases in one launch. */
function planQuickTurn(cases: readonly CaseInfo[], processor: number): PlannedLaunch[] {
  const names = namesInOrder(cases.filter((info) => !info.isLarge));
  return names.length === 0 ? [] : [{ names, effort: quickEffort, processor }];
}

/**
 * A launch for each group; the large cases have one in the first turns only. By turns, all groups once and then all again,
 * so that a busy minute does not fall on one group alone; and each turn on the next processor, because whatever else keeps
 * one busy is seldom on all of them.
 */
function planTurn(
  cases: readonly CaseInfo[],
  turn: number,
  answers: ReadonlyMap<string, readonly LaunchAnswer[]>,
): PlannedLaunch[] {
  const isSettled = settledBy([...answers.values()].flat());
  const isFirst = turn < firstTurns;
  const small = cases.filter(
    (info) => !info.isLarge && (isFirst || !isSettled(answers.get(info.name) ?? [])),
  );
  const plan = [...new Set(small.map((info) => info.group))].map((group) => ({
    names: namesInOrder(small.filter((info) => info.group === group)),
    effort: fullEffort,
    processor: turn,
  }));
  const large = namesInOrder(cases.filter((info) => info.isLarge && isFirst));
  return large.length === 0 ? plan : [...plan, { names: large, effort: largeEffort, processor: turn }];
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
