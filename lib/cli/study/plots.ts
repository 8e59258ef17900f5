/** The plots of a cost report: which cases each of them shows. The drawing itself is lib/view's. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes } from '../../core/index.ts';
import { type CostReport, caseInfo, type ReportedCase } from '../../costs/index.ts';
import {
  type PlotAxis,
  type PlotSeries,
  type RangeRow,
  renderLinePlot,
  renderRangePlot,
} from '../../view/index.ts';
import { duration } from '../words.ts';

/** Curves over sizes: a name, and which cases lie on it. */
type Curves = Readonly<Record<string, RegExp>>;

/** Ticks are round numbers: `10 us`, not `10.0 us`. */
const formatTick = (ns: number): string => duration(ns).replace(/\.0+ /, ' ');
const timeAxis = (label: string): PlotAxis => ({ label, format: duration, formatTick });
const sizeAxis: PlotAxis = { label: 'size', format: formatBytes, factor: 4 };

const mapCurves: Curves = {
  'map, unmap': /^mmap-munmap-\d+[kmg]$/,
  'map, touch, unmap': /^mmap-touch-munmap-\d+[kmg]$/,
  'map populated, unmap': /^mmap-populate-munmap-\d+[kmg]$/,
  'map a cached file, read, unmap': /^mmap-file-read-munmap-\d+[kmg]$/,
};
const protectCurves: Curves = {
  'pages touched': /^mprotect-flip(?:-\d+[kmg])?$/,
  'nothing touched': /^mprotect-flip-untouched-\d+[kmg]$/,
};
const mallocCurves: Curves = {
  'malloc, free in C': /^malloc-free-\d+k?$/,
  'the same from JavaScript': /^addon-malloc-free-\d+k?$/,
  'our malloc, free': /^heap-malloc-free-\d+[km]?$/,
  'malloc by mapping': /^malloc-free-\d+[km]-mmap$/,
  'by mapping, touched': /^malloc-touch-free-\d+[km]-mmap$/,
};

/** What the ladder shows: one rung for each idea. */
const rungs = [
  'cycle-counter',
  'malloc-free-32',
  'heap-malloc-free-32',
  'napi-call',
  'clock',
  'null-call',
  'js-null-call',
  'mprotect-no-change',
  'madvise-guard-install',
  'mprotect-flip',
  'touch-read-page',
  'touch-write-page',
  'touch-fork-page',
  'brk-page',
  'guard-hit-jump',
  'mmap-munmap-4k-fenced',
  'mprotect-split-merge',
  'madvise-dontneed-touch',
  'mmap-munmap-4k',
  'mmap-munmap-4k-two-neighbours',
  'napi-call-throw',
  'mmap-touch-munmap-4k',
  'guard-hit-record',
  'touch-huge-page',
  'mmap-touch-munmap-64k',
  'maps-read',
  'malloc-touch-free-1m-mmap',
];

/**
 * Writes every plot that the report has cases for.
 * @param report what was measured
 * @param folder made if it is not there; files of the same names are replaced
 * @returns paths of the files
 */
export function writePlots(report: CostReport, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(drawPlots(report)).map(([name, svg]) => {
    const path = join(folder, `${name}.svg`);
    writeFileSync(path, svg);
    return path;
  });
}

/** @returns SVG documents by name; a plot without data is left out */
export function drawPlots(report: CostReport): Record<string, string> {
  const least = 'marks: least of all launches; bars: 95 % interval of the median, over all launches';
  const subtitle = [`${least}; both axes logarithmic`, machineWords(report)];
  const plots: Record<string, string> = {};
  const add = (name: string, title: string, y: string, curves: Curves): void => {
    const series = seriesOf(report, curves);
    if (series.length > 0) {
      plots[name] = renderLinePlot({ title, subtitle, x: sizeAxis, y: timeAxis(y), series });
    }
  };
  add('costs-mmap', 'Mapping is cheap at any size, touching is not', 'time for all of it', mapCurves);
  add('costs-mprotect', 'mprotect costs by the page that was touched', 'time of one call', protectCurves);
  add(
    'costs-malloc',
    'malloc and free by size, from the heap and by mapping',
    'time of one pair',
    mallocCurves,
  );
  const rows = ladder(report);
  if (rows.length > 0) {
    plots['costs-ladder'] = renderRangePlot({
      title: 'What one operation costs',
      subtitle: [machineWords(report)],
      axis: timeAxis('time of one operation, logarithmic'),
      rows,
    });
  }
  return plots;
}

function seriesOf({ cases }: CostReport, curves: Curves): PlotSeries[] {
  return Object.entries(curves)
    .map(([name, pattern]) => ({
      name,
      points: cases
        .filter((one) => pattern.test(one.name))
        .map((one) => ({ x: caseInfo(one.name)?.bytes ?? 0, y: one.minNs, ...band(one) }))
        .sort((a, b) => a.x - b.x),
    }))
    .filter(({ points }) => points.length > 0);
}

function band({ lowNs, highNs }: ReportedCase): { low: number; high: number } {
  return { low: lowNs, high: highNs };
}

function ladder({ cases }: CostReport): RangeRow[] {
  return cases
    .filter((one) => rungs.includes(one.name))
    .sort((a, b) => a.minNs - b.minNs)
    .map((one) => ({ label: one.name, least: one.minNs, median: one.medianNs, ...band(one) }));
}

/** One line: too much of it would not be read. */
function machineWords({ machine, date, load }: CostReport): string {
  const { cpu, cpus, virtualised, kernel, node } = machine;
  const busy = load.warning === null ? '' : '; the machine was busy';
  return `${cpu}, ${cpus} CPUs${virtualised ? ', virtual' : ''}; ${kernel}; Node ${node}; ${date.slice(0, 10)}${busy}`;
}
