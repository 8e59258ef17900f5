/**
 * One trace under many settings: what would each do to footprint and time? Footprints come from the exact simulator;
 * for one thread they are what the native malloc takes, to the byte. Times are estimates: the simulated allocator's
 * own code as measured, and the kernel's part as counted, at this machine's prices. Those are made for the settings
 * that come into question.
 */
import { availableParallelism } from 'node:os';
import type { GlibcVersion, Tunables } from '../heap/index.ts';
import type { Trace } from '../trace/index.ts';
import { machineGlibc } from './fidelity.ts';
import { type KernelPrices, kernelPrices } from './kernel-prices.ts';
import { explainSetting } from './whatif-explain.ts';
import { allTogether, defaultGrid, type Grid, oneByOne, settingName, tunablesText } from './whatif-grid.ts';
import { TrialPool } from './whatif-pool.ts';
import type { Outcome, TrialOptions } from './whatif-trial.ts';

/** What to minimise. */
export type WhatIfGoal = 'footprint' | 'end' | 'time';

/** What to try, and how. */
export interface WhatIfOptions {
  /** @defaultValue the machine's, or 2.36 where there is no such heap */
  glibc?: GlibcVersion;
  /** Arena of a single thread. @defaultValue 'main' */
  arena?: 'main' | 'thread';
  /** All calls on one thread, also where several were recorded. @defaultValue false */
  oneThread?: boolean;
  /** @defaultValue the machine's */
  cores?: number;
  /** Every combination of these values, instead of those that `whatif` chooses. */
  grid?: Grid;
  /** @defaultValue 'footprint' */
  goal?: WhatIfGoal;
  /** A recommendation may be slower than the defaults by this factor, as estimated. @defaultValue 1.25 */
  slowerAtMost?: number;
  /** How often each setting that comes into question is timed. @defaultValue 5 */
  turns?: number;
  /** Worker threads. @defaultValue one for each core */
  workers?: number;
  /** Told after each setting: how many are done, and of how many. */
  onProgress?: (done: number, total: number) => void;
}

/** One setting, judged. */
export interface WhatIfRow extends Outcome {
  /** Words: `mmap_threshold=65536 top_pad=0`, or `defaults`. */
  setting: string;
  /** As GLIBC_TUNABLES has it; empty for the defaults. */
  environment: string;
  /** Time of the simulated allocator's own code; null for a setting that did not come into question. */
  simulatedNsPerOperation: number | null;
  /**
   * Estimated time relative to the defaults': allocator's code, calls and fresh pages. Where the code was not timed
   * it is taken to be as fast as with the defaults.
   */
  timeFactor: number;
  /** Peak relative to the defaults'. */
  footprintFactor: number;
}

/** What to do about it. */
export interface Recommendation extends WhatIfRow {
  savedBytes: number;
  /** Why, in two sentences. */
  explanation: string;
}

/** What `whatif` found. */
export interface WhatIfResult {
  trace: string;
  operations: number;
  peakLiveBytes: number;
  glibc: GlibcVersion;
  /** Threads simulated. With one, footprints are exact; with several, that is so for the recorded order of calls. */
  threads: number;
  arena: 'main' | 'thread';
  prices: KernelPrices;
  defaults: WhatIfRow;
  /** All settings tried, best first; the defaults are among them. */
  rows: WhatIfRow[];
  /** Null where the defaults are as good as anything. */
  recommendation: Recommendation | null;
}

/** Less is not worth a setting. */
const leastGain = 0.02;
/** What gains less alone is not tried together with others. */
const leastTogether = 0.0025;
/** Tunables that are tried together. */
const mostTogether = 4;
/** Settings that are timed, beside the defaults. */
const mostTimed = 12;
/** A setting of fewer tunables wins when it is this close. */
const asGood = 0.01;

/**
 * Tries settings.
 * @param trace what to run
 * @param options what to try
 * @throws ArgumentError for a grid that is too large or a value out of range
 * @throws Error when a trial fails
 */
export async function whatIf(trace: Trace, options: WhatIfOptions = {}): Promise<WhatIfResult> {
  const { goal = 'footprint', slowerAtMost = 1.25, onProgress, workers } = options;
  const trial = trialOptions(trace, options);
  const prices = kernelPrices();
  const pool = new TrialPool(trace, trial, workers);
  try {
    const outcomes = await tryAll(pool, trial, options.grid, onProgress);
    const rows = judge(outcomes).toSorted(
      (a, b) => scoreOf(a, goal) - scoreOf(b, goal) || countOf(a) - countOf(b),
    );
    const defaults = rows.find((row) => row.environment === '') ?? rows[0];
    await timeBest(pool, rows, defaults, {
      kernelNs: (row) => kernelNs(row, prices) / Math.max(1, trace.operationCount),
      ...{ goal, slowerAtMost, turns: options.turns ?? 5 },
    });
    if (goal === 'time') rows.sort((a, b) => a.timeFactor - b.timeFactor);
    return {
      trace: trace.name,
      operations: trace.operationCount,
      peakLiveBytes: trace.peakLiveBytes,
      ...{ glibc: trial.glibc, threads: trial.threads, arena: trial.arena },
      prices,
      defaults,
      rows,
      recommendation: recommend(rows, defaults, goal, slowerAtMost),
    };
  } finally {
    await pool.close();
  }
}

function trialOptions(trace: Trace, options: WhatIfOptions): TrialOptions {
  return {
    glibc: options.glibc ?? machineGlibc() ?? '2.36',
    arena: options.arena ?? 'main',
    threads: options.oneThread || options.arena ? 1 : trace.threadCount,
    cores: options.cores ?? availableParallelism(),
  };
}

/** The defaults first, then the user's grid, or each value alone and then the best of them together. */
async function tryAll(
  pool: TrialPool,
  { threads }: TrialOptions,
  grid: Grid | undefined,
  onProgress?: (done: number, total: number) => void,
): Promise<Outcome[]> {
  const first = grid ? allTogether(grid) : oneByOne(defaultGrid, threads);
  let done = 0;
  let total = first.length + 1;
  const tell = (): void => onProgress?.(++done, total);
  const outcomes = await pool.run([{}, ...first], tell);
  if (grid) return outcomes;
  const together = allTogether(bestValues(outcomes)).filter((one) => Object.keys(one).length > 1);
  total += together.length;
  return [...outcomes, ...(await pool.run(together, tell))];
}

/** The values that gained most alone, two of a tunable at most, as many as make no more than 81 combinations. */
function bestValues([defaults, ...alone]: Outcome[]): Grid {
  const gains = alone
    .filter((outcome) => outcome.failedAllocations <= defaults.failedAllocations)
    .map((outcome) => ({ outcome, gain: 1 - outcome.peakHeapBytes / defaults.peakHeapBytes }))
    .filter(({ gain }) => gain >= leastTogether)
    .sort((a, b) => b.gain - a.gain);
  const grid: { [Name in keyof Tunables]?: number[] } = {};
  for (const { outcome } of gains) {
    const [[name, value]] = Object.entries(outcome.tunables) as [keyof Tunables, number][];
    const values = grid[name];
    if (values === undefined && Object.keys(grid).length < mostTogether) grid[name] = [value];
    else if (values?.length === 1) values.push(value);
  }
  return grid;
}

function judge(outcomes: readonly Outcome[]): WhatIfRow[] {
  const whole = outcomes[0].peakHeapBytes;
  return outcomes.map((outcome) => ({
    setting: settingName(outcome.tunables),
    environment: tunablesText(outcome.tunables),
    ...outcome,
    footprintFactor: whole === 0 ? 1 : outcome.peakHeapBytes / whole,
    simulatedNsPerOperation: null,
    timeFactor: 1,
  }));
}

/** How rows are timed. */
interface Timing {
  /** The kernel's part of an operation. */
  kernelNs: (row: WhatIfRow) => number;
  goal: WhatIfGoal;
  slowerAtMost: number;
  turns: number;
}

/** Times the defaults, then turn by turn with them the best rows that the kernel's part alone does not rule out. */
async function timeBest(
  pool: TrialPool,
  rows: readonly WhatIfRow[],
  defaults: WhatIfRow,
  { kernelNs, goal, slowerAtMost, turns }: Timing,
): Promise<void> {
  const [codeNs] = await pool.time([{}], turns);
  const estimate = (row: WhatIfRow): number => (row.simulatedNsPerOperation ?? codeNs) + kernelNs(row);
  for (const row of rows) row.timeFactor = estimate(row) / (codeNs + kernelNs(defaults));
  const byTime = rows.toSorted((a, b) => a.timeFactor - b.timeFactor || countOf(a) - countOf(b));
  const candidates = goal === 'time' ? byTime : rows.filter((row) => row.timeFactor <= slowerAtMost);
  const timed = [defaults, ...candidates.filter((row) => row !== defaults).slice(0, mostTimed)];
  const times = await pool.time(
    timed.map((row) => row.tunables),
    turns,
  );
  for (const [k, row] of timed.entries()) row.simulatedNsPerOperation = times[k];
  const whole = estimate(defaults);
  for (const row of timed) row.timeFactor = estimate(row) / whole;
}

/** @returns the kernel's part of a run */
function kernelNs({ systemCalls, freshPages }: WhatIfRow, prices: KernelPrices): number {
  const calls = Object.values(systemCalls).reduce((sum, times) => sum + times, 0);
  return calls * prices.callNs + freshPages * prices.freshPageNs;
}

function countOf({ tunables }: WhatIfRow): number {
  return Object.keys(tunables).length;
}

function scoreOf(row: WhatIfRow, goal: WhatIfGoal): number {
  if (goal === 'time') return row.timeFactor;
  return goal === 'end' ? row.endHeapBytes : row.peakHeapBytes;
}

function recommend(
  rows: readonly WhatIfRow[],
  defaults: WhatIfRow,
  goal: WhatIfGoal,
  slowerAtMost: number,
): Recommendation | null {
  const allowed = rows.filter(
    (row) =>
      row.simulatedNsPerOperation !== null &&
      row.failedAllocations <= defaults.failedAllocations &&
      (goal === 'time' ? row.footprintFactor : row.timeFactor) <= slowerAtMost,
  );
  const [best] = allowed;
  if (best === undefined || scoreOf(best, goal) >= (1 - leastGain) * scoreOf(defaults, goal)) return null;
  const close = allowed.filter((row) => scoreOf(row, goal) <= (1 + asGood) * scoreOf(best, goal));
  const chosen = close.reduce((simplest, row) => (countOf(row) < countOf(simplest) ? row : simplest), best);
  return {
    ...chosen,
    savedBytes: defaults.peakHeapBytes - chosen.peakHeapBytes,
    explanation: explainSetting(defaults, chosen),
  };
}
