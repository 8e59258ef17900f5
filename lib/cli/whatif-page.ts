/** What `whatif` prints: the settings worth a look, the recommendation, what the native malloc says to it. */
import type { Verification, WhatIfResult, WhatIfRow } from '../compare/index.ts';
import { formatBytes } from '../core/index.ts';
import type { Output } from './output.ts';
import { count, duration, percent, wrap } from './words.ts';

/** What of the command's options the page shows. */
export interface WhatIfPageOptions {
  rows: number;
  slower: number;
  by: string;
}

/**
 * Draws the page.
 * @param result what `whatIf` found
 * @param verification what the native malloc says; absent when it was not asked
 * @returns lines
 */
export function renderWhatIf(
  result: WhatIfResult,
  verification: readonly Verification[] | undefined,
  options: WhatIfPageOptions,
  output: Output,
): string[] {
  const { trace, operations, glibc, threads, rows, defaults } = result;
  const how = threads > 1 ? `${threads} threads, in turn as recorded` : 'one thread';
  const shown = worthShowing(result, options);
  return [
    output.palette.title(`${trace}: ${count(operations)} operations on glibc ${glibc}, ${how}`),
    `${rows.length} settings replayed in the simulator, ${formatBytes(result.peakLiveBytes)} live at most`,
    '',
    ...settingTable([defaults, ...shown], result, output),
    ...notShown(rows.length - 1 - shown.length, options, output),
    '',
    ...recommended(result, output),
    ...(verification ? ['', ...verified(verification, result, options, output)] : []),
  ];
}

/** Rows that may be recommended, without those that only add tunables to another of the same size. */
function worthShowing(
  { rows, recommendation }: WhatIfResult,
  { rows: most, slower, by }: WhatIfPageOptions,
): WhatIfRow[] {
  const shown: WhatIfRow[] = [];
  for (const row of rows) {
    if (shown.length === most) break;
    if (row.environment === '' || (by === 'time' ? row.footprintFactor : row.timeFactor) > slower) continue;
    const isCovered = shown.some((other) => covers(other, row));
    if (!isCovered || row.setting === recommendation?.setting) shown.push(row);
  }
  return shown;
}

/** @returns true when `other` has only tunables that `row` has, and is as small */
function covers(other: WhatIfRow, row: WhatIfRow): boolean {
  const names = Object.entries(other.tunables);
  const isPart = names.every(([name, value]) => row.tunables[name as keyof typeof row.tunables] === value);
  return isPart && other.peakHeapBytes === row.peakHeapBytes;
}

function settingTable(
  rows: readonly WhatIfRow[],
  { recommendation }: WhatIfResult,
  output: Output,
): string[] {
  return output.table(
    [
      { title: 'setting (glibc.malloc.)' },
      { title: 'peak heap', align: 'right' },
      { title: '', align: 'right' },
      { title: 'at the end', align: 'right' },
      { title: 'time', align: 'right' },
      { title: 'calls', align: 'right' },
      { title: 'new pages', align: 'right' },
    ],
    rows.map((row) => [
      row.setting === recommendation?.setting ? `${row.setting} *` : row.setting,
      formatBytes(row.peakHeapBytes),
      percent(row.footprintFactor),
      formatBytes(row.endHeapBytes),
      `${row.simulatedNsPerOperation === null ? '~' : ''}${row.timeFactor.toFixed(2)}x`,
      count(Object.values(row.systemCalls).reduce((sum, times) => sum + times, 0)),
      count(row.freshPages),
    ]),
  );
}

function notShown(hidden: number, { slower, by }: WhatIfPageOptions, output: Output): string[] {
  const limit = by === 'time' ? 'larger' : 'slower';
  const others =
    hidden > 0
      ? `${count(hidden)} others are not shown: ${limit} than ${slower}x (--slower), beyond --rows, or no better than a shorter one. `
      : '';
  const meaning =
    'Peak and end: bytes taken from the system, exact. Time: estimated from the simulated code, calls and pages, ~ without timing the code.';
  return wrap(others + meaning, output.width).map(output.palette.dim);
}

function recommended({ recommendation, defaults, trace }: WhatIfResult, output: Output): string[] {
  if (recommendation === null) {
    const text = `Nothing that is worth a setting: keep the defaults for ${trace}, which peak at ${formatBytes(defaults.peakHeapBytes)}.`;
    return wrap(text, output.width);
  }
  const { environment, explanation, footprintFactor } = recommendation;
  const saved = percent(1 - footprintFactor);
  return [
    `* saves ${saved} of the peak:`,
    '',
    output.palette.good(`  GLIBC_TUNABLES=${environment}`),
    '',
    ...wrap(explanation, output.width),
  ];
}

/** Said when the estimate was too good: the recommendation is slower than what was asked for. */
function slowerThanThought(
  rows: readonly Verification[],
  { recommendation, defaults }: WhatIfResult,
  { slower, by }: WhatIfPageOptions,
): string[] {
  const timeOf = (setting?: string): number =>
    rows.find((row) => row.setting === setting)?.nativeNsPerOperation ?? 0;
  const factor = timeOf(recommendation?.setting) / timeOf(defaults.setting);
  if (!(factor > slower) || by === 'time') return [];
  const text = `Natively ${recommendation?.setting} takes ${factor.toFixed(2)} times as long as the defaults`;
  return ['', `${text}, more than --slower ${slower} allows: the estimate was too low.`];
}

function verified(
  rows: readonly Verification[],
  result: WhatIfResult,
  options: WhatIfPageOptions,
  output: Output,
): string[] {
  const { threads } = result;
  const equal = rows.filter((row) => row.equal).length;
  const verdict = `${equal} of ${rows.length} predictions are what the native malloc takes, to the byte`;
  const model = threads > 1 ? ' (its threads taking turns as recorded; time: all on one thread)' : '';
  return [
    ...wrap(`Run for real: ${verdict}${model}.`, output.width),
    '',
    ...output.table(
      [
        { title: 'setting' },
        { title: 'predicted', align: 'right' },
        { title: 'measured', align: 'right' },
        { title: '' },
        { title: 'native time/op', align: 'right' },
      ],
      rows.map((row) => [
        row.setting,
        count(row.predictedPeakHeapBytes),
        count(row.measuredPeakHeapBytes),
        row.equal ? 'equal' : (row.ended ?? 'differs'),
        row.nativeNsPerOperation === null ? '-' : duration(row.nativeNsPerOperation),
      ]),
    ),
    ...slowerThanThought(rows, result, options).flatMap((line) => wrap(line, output.width)),
  ];
}
