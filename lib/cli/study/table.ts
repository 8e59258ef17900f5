/** A cost report as people read it: a table with bars, group by group; the machine; what is missing. */

import { formatBytes } from '../../core/index.ts';
import {
  type CaseInfo,
  type CostReport,
  catalogue,
  type GroupName,
  groupTitles,
  type Machine,
  type ReportedCase,
} from '../../costs/index.ts';
import { asciiGlyphs } from '../../view/index.ts';
import type { Output, TableColumn } from '../output.ts';
import { duration, times, wrap } from '../words.ts';

/**
 * Lays the report out.
 * @param report what was measured
 * @param output width, colour, characters
 * @returns lines
 */
export function renderReport(report: CostReport, output: Output): string[] {
  const { notAvailable, load } = report;
  return [
    ...(load.warning === null ? [] : [...wrap(load.warning, output.width).map(output.palette.bad), '']),
    ...renderTable(report.cases, output),
    '',
    ...wrap(legend(report), output.width).map(output.palette.dim),
    '',
    ...wrap(machineLine(report.machine), output.width),
    ...(notAvailable.length === 0 ? [] : ['', output.palette.title('Not available here')]),
    ...notAvailable.flatMap(({ name, reason }) => {
      const [first = '', ...rest] = wrap(`${name}: ${reason}`, output.width - 4);
      return [`  ${first}`, ...rest.map((line) => `    ${line}`)];
    }),
  ];
}

/** A column of figures: how wide a terminal must be to have it, and what it says of a case. */
interface FigureColumn {
  title: string;
  fromWidth: number;
  cell: (one: ReportedCase) => string;
}

const figureColumns: readonly FigureColumn[] = [
  { title: 'least', fromWidth: 0, cell: ({ minNs }) => duration(minNs) },
  {
    title: 'median',
    fromWidth: 0,
    cell: ({ medianNs, byProcessorTime }) => duration(medianNs) + (byProcessorTime ? ' c' : '  '),
  },
  { title: '95 % of it', fromWidth: 100, cell: interval },
  { title: 'p90', fromWidth: 115, cell: ({ p90Ns }) => duration(p90Ns) },
  { title: 'switches', fromWidth: 115, cell: ({ involuntarySwitches }) => String(involuntarySwitches) },
  {
    title: 'spread',
    fromWidth: 0,
    cell: ({ spread, unstable }) => `${Math.round(100 * spread)} %${unstable ? ' ~' : '  '}`,
  },
];

/** Bars that say less are left out. */
const fewestBarCells = 6;

/** One table over all groups, so that their columns stand in line. */
function renderTable(cases: readonly ReportedCase[], output: Output): string[] {
  const figures = figureColumns.filter((column) => column.fromWidth <= output.width);
  const cells = cases.map((one) => [`  ${one.name}`, ...figures.map((column) => column.cell(one))]);
  const titles = ['', ...figures.map((column) => column.title)];
  const widths = titles.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at].length)));
  const room = output.width - widths.reduce((sum, width) => sum + width + 2, 0);
  const bar = room < fewestBarCells ? null : barScale(cases, room, output);
  const blanks = titles.slice(1).map(() => '');
  const rows = cases.flatMap((one, index) => {
    const isFirst = one.group !== cases[index - 1]?.group;
    const head = [output.palette.title(groupTitles[one.group]), ...blanks, ...(bar === null ? [] : [''])];
    return [...(isFirst ? [head] : []), [...cells[index], ...(bar === null ? [] : [bar(one)])]];
  });
  const columns = titles.map((title, at): TableColumn => ({ title, align: at === 0 ? 'left' : 'right' }));
  return output.table(bar === null ? columns : [...columns, { title: '' }], rows);
}

/** How far the interval reaches on each side of the median. */
function interval({ lowNs, medianNs, highNs }: ReportedCase): string {
  if (medianNs === 0) return '-';
  const above = highNs / medianNs - 1;
  const high = above < 9.995 ? `+${Math.round(100 * above)} %` : `x ${times(1 + above)}`;
  return `-${Math.round(100 * (1 - lowNs / medianNs))} ${high}`;
}

/** Bars by the logarithm: none for 1 ns, the longest for the dearest case. */
function barScale(
  cases: readonly ReportedCase[],
  cells: number,
  output: Output,
): (one: ReportedCase) => string {
  const most = Math.log(Math.max(10, ...cases.map((one) => one.minNs)));
  const cell = output.glyphs === asciiGlyphs ? '#' : '█';
  return ({ minNs }) => cell.repeat(Math.max(1, Math.round((cells * Math.log(Math.max(1, minNs))) / most)));
}

function legend({ cases, quick }: CostReport): string {
  const launches = Math.max(0, ...cases.map((one) => one.launches));
  const words = [
    `One operation; ${launches} launches${quick ? ', few samples each (--quick)' : ''}. "spread": how far apart the launches' least times are.`,
    cases.some((one) => one.unstable)
      ? '~ means unstable: another run may well differ by more than a tenth.'
      : '',
    cases.some((one) => one.byProcessorTime) ? 'c means processor time, not time on the clock.' : '',
    'Bars are logarithmic.',
  ];
  return words.filter((word) => word !== '').join(' ');
}

/**
 * The machine in one sentence.
 * @param machine what numbers were measured on
 */
export function machineLine(machine: Machine): string {
  const { cpu, cpus, virtualised, kernel, architecture, pageBytes, transparentHugePages, node } = machine;
  const parts = [
    `Measured on ${cpu}, ${cpus} CPUs${virtualised ? ', virtual machine' : ''}`,
    `${kernel} ${architecture}`,
    `pages of ${pageBytes} bytes`,
    ...(transparentHugePages === null ? [] : [`huge pages: ${transparentHugePages}, off while measuring`]),
    `Node ${node}`,
    ...(machine.cycleCounter === null
      ? []
      : [`${machine.cycleCounter.name} at ${(machine.cycleCounter.hertz / 1e9).toFixed(2)} GHz`]),
    ...(machine.mallocThresholdBytes === null
      ? []
      : [`malloc's mmap threshold fixed at ${formatBytes(machine.mallocThresholdBytes)}`]),
  ];
  return `${parts.join('; ')}.`;
}

/** @returns every case with its meaning, for `--list` */
export function renderCatalogue(output: Output): string[] {
  const rows: string[][] = [];
  let group: GroupName | undefined;
  for (const info of catalogue) {
    if (info.group !== group)
      rows.push([output.palette.title(info.group), output.palette.title(groupTitles[info.group])]);
    group = info.group;
    rows.push([`  ${info.name}`, whatOf(info)]);
  }
  return output.table([{ title: 'name' }, { title: 'one operation' }], rows);
}

function whatOf({ what, needs }: CaseInfo): string {
  return needs === undefined ? what : `${what} (needs ${needs})`;
}
