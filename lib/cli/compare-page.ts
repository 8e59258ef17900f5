/** What `compare` prints: for each trace a table of times, one of sizes, the system calls; then what the columns say. */
import type { ComparisonRow } from '../compare/index.ts';
import { formatBytes } from '../core/index.ts';
import type { Trace } from '../trace/index.ts';
import type { FootprintPicture } from '../view/index.ts';
import type { Output } from './output.ts';
import { callList, count, duration, percent, wrap } from './words.ts';

/**
 * One trace.
 * @param trace what was run
 * @param rows one per allocator
 * @returns lines
 */
export function renderComparison(trace: Trace, rows: readonly ComparisonRow[], output: Output): string[] {
  const heading = `${trace.name}: ${count(trace.operationCount)} operations, ${formatBytes(trace.peakLiveBytes)} live at most`;
  return [
    output.palette.title(heading),
    '',
    ...timeTable(rows, output),
    '',
    ...sizeTable(rows, output),
    '',
    'system calls of one run',
    ...rows.filter((row) => row.systemCalls !== null).flatMap((row) => callLines(row, output)),
  ];
}

function timeTable(rows: readonly ComparisonRow[], output: Output): string[] {
  return output.table(
    [
      { title: 'time' },
      { title: 'per operation', align: 'right' },
      { title: '95 % interval', align: 'right' },
      { title: 'first run', align: 'right' },
      { title: 'page faults', align: 'right' },
    ],
    rows.map((row) => [
      row.allocator,
      duration(row.nsPerOperation),
      row.nsInterval === null ? '-' : row.nsInterval.map(duration).join(' to '),
      duration(row.firstRunNsPerOperation),
      count(row.minorFaults),
    ]),
  );
}

function sizeTable(rows: readonly ComparisonRow[], output: Output): string[] {
  const isMeasured = rows.some((row) => row.agreement !== undefined);
  return output.table(
    [
      { title: 'memory' },
      { title: 'peak heap', align: 'right' },
      { title: 'resident', align: 'right' },
      { title: 'util.', align: 'right' },
      { title: 'in blocks', align: 'right' },
      { title: 'around', align: 'right' },
      ...(isMeasured ? [{ title: 'as native', align: 'right' } as const] : []),
    ],
    rows.map((row) => [
      row.allocator,
      row.peakHeapBytes === 0 ? '-' : formatBytes(row.peakHeapBytes),
      row.peakResidentBytes == null ? '-' : formatBytes(row.peakResidentBytes),
      percent(usedShare(row)),
      percent(row.internalFragmentation ?? null),
      percent(row.externalFragmentation ?? null),
      ...(isMeasured ? [agreementOf(row)] : []),
    ]),
  );
}

/** Of the memory that was really there at the peak; of the heap where the kernel does not tell. */
function usedShare({ peakResidentBytes, peakLiveBytes, utilization }: ComparisonRow): number | null {
  return peakResidentBytes ? peakLiveBytes / peakResidentBytes : utilization;
}

function callLines({ allocator, systemCalls }: ComparisonRow, output: Output): string[] {
  const [first, ...more] = wrap(callList(systemCalls), output.width - 13);
  return [`  ${allocator.padEnd(9)}  ${first}`, ...more.map((line) => `${' '.repeat(13)}${line}`)];
}

/** The share of blocks that lie where the native malloc puts them. All or nothing is said only of all or nothing. */
export function agreementOf({ agreement }: ComparisonRow): string {
  if (agreement === undefined) return '-';
  const { equal, placements } = agreement;
  if (equal === placements) return '100 %';
  return `${Math.min(99.99, (100 * equal) / placements).toFixed(2)} %`;
}

const whoIsWho: Readonly<Record<string, string>> = {
  heap: "glibc's malloc in TypeScript",
  chunklist: 'one list in address order, searched from its start',
  native: "this machine's malloc, in C",
  jemalloc: 'preloaded',
  mimalloc: 'preloaded',
  tcmalloc: 'preloaded',
  buffer: 'a Buffer for every block, collected as garbage',
};

/** @returns what allocators and columns are; once, below all tables */
export function comparisonLegend(rows: readonly ComparisonRow[], output: Output): string[] {
  const names = [...new Set(rows.map((row) => row.allocator))];
  const who = names.map((name) => `${name}: ${whoIsWho[name]}`).join('; ');
  const turns = Math.max(...rows.map((row) => row.turns));
  const notes = [
    `${who}.`,
    `time: CPU time of a whole run on an empty heap, divided by its operations; of each process the least, of ${turns} processes, which take turns with the other allocators', the median (- for the interval of fewer than six; a slow one gets one turn). The first run pays for the engine's compilers where the allocator is JavaScript.`,
    'peak heap: most bytes taken from the system; - where the allocator does not tell. resident: memory the kernel had really given at most, beyond what the process had before, looked at some 200 times in a run of its own in which every page of every block is written to. For heap and chunklist pages of the arena, for the others all anonymous memory of the process.',
    'util.: bytes asked for at the peak, of resident at its peak. in blocks, around: when most is live, the share of resident lost inside blocks (rounding), and around them (free memory, headers, tables).',
    ...(rows.some((row) => row.agreement)
      ? ['as native: blocks that lie at the very place where native puts them.']
      : []),
  ];
  return notes.flatMap((note) => wrap(note, output.width)).map(output.palette.dim);
}

/** @returns one panel for each allocator that was looked at over time */
export function footprintPicture(trace: Trace, rows: readonly ComparisonRow[]): FootprintPicture {
  const panels = rows
    .filter((row) => row.timeline !== undefined && row.timeline.length > 0)
    .map((row) => ({ name: panelName(row), points: row.timeline ?? [] }));
  const live = formatBytes(trace.peakLiveBytes);
  return {
    title: `${trace.name}: what each allocator takes for what is live`,
    subtitle: [
      `${count(trace.operationCount)} operations, ${live} live at most; all panels on the same axes`,
    ],
    panels,
  };
}

function panelName({ allocator, glibc, peakResidentBytes }: ComparisonRow): string {
  const name = glibc === undefined ? allocator : `${allocator} (glibc ${glibc})`;
  return peakResidentBytes == null ? name : `${name}, ${formatBytes(peakResidentBytes)} resident at most`;
}
