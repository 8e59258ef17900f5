/** Plots of made-up figures, compared with files; and of none, of one, of odd ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawPlots } from '../../lib/cli/study/plots.ts';
import { formatBytes } from '../../lib/core/index.ts';
import { catalogue, parseReport } from '../../lib/costs/index.ts';
import { renderLinePlot, renderRangePlot } from '../../lib/view/index.ts';
import { root } from '../helpers/child.ts';
import { problemsInXml } from '../helpers/xml.ts';
import { costReport } from '../unit/costs/reports.ts';

const axis = { label: 'time', format: (ns: number) => `${Number(ns.toPrecision(3))} ns` };
const heading = { title: 'Sample <plot>', subtitle: ['made up & exact'] };

it('draws curves with intervals', async () => {
  const point = (x: number, y: number): { x: number; y: number; low: number; high: number } => ({
    ...{ x, y },
    ...{ low: y * 1.1, high: y * 1.5 },
  });
  const svg = renderLinePlot({
    ...heading,
    x: { label: 'size', format: formatBytes, factor: 4 },
    y: axis,
    series: [
      { name: 'flat', points: [4096, 65_536, 2 ** 20].map((x) => point(x, 3000)) },
      { name: 'flat too, a little above', points: [4096, 65_536, 2 ** 20].map((x) => point(x, 3100)) },
      { name: 'linear', points: [4096, 65_536, 2 ** 20].map((x) => point(x, x / 4)) },
    ],
  });
  await expect(svg).toMatchFileSnapshot('view-line-plot.golden.svg');
});

it('draws rows', async () => {
  const row = (label: string, least: number): Parameters<typeof renderRangePlot>[0]['rows'][number] => ({
    ...{ label, least },
    ...{ low: least * 1.05, median: least * 1.2, high: least * 2 },
  });
  const svg = renderRangePlot({
    ...heading,
    axis,
    rows: [row('one', 5), row('two', 130), row('three', 70_000)],
  });
  await expect(svg).toMatchFileSnapshot('view-range-plot.golden.svg');
});

describe('whatever the data', () => {
  const nothing = { ...heading, x: axis, y: axis, series: [] };
  const zero = { x: 1, y: 0, low: 0, high: 0 };
  const tiny = { x: 1e-9, y: 1e12, low: 1, high: 1e15 };

  it.each([
    ['no curves', renderLinePlot(nothing)],
    ['an empty curve', renderLinePlot({ ...nothing, series: [{ name: 'a', points: [] }] })],
    ['a point at zero', renderLinePlot({ ...nothing, series: [{ name: '<&>', points: [zero] }] })],
    ['one point, far out', renderLinePlot({ ...nothing, series: [{ name: 'b', points: [tiny] }] })],
    ['no rows', renderRangePlot({ ...heading, axis, rows: [] })],
    [
      'a row at zero',
      renderRangePlot({ ...heading, axis, rows: [{ label: 'z', least: 0, median: 0, low: 0, high: 0 }] }),
    ],
  ])('%s is valid XML without a broken number', (_, svg) => {
    expect(problemsInXml(svg)).toEqual([]);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('plots of a report', () => {
  const all = Object.fromEntries(catalogue.map((info, index) => [info.name, 10 + index * 37]));

  it('are four, of all cases', () => {
    const plots = drawPlots(costReport(all));
    expect(Object.keys(plots)).toEqual(['costs-mmap', 'costs-mprotect', 'costs-malloc', 'costs-ladder']);
    for (const svg of Object.values(plots)) {
      expect(problemsInXml(svg)).toEqual([]);
      expect(svg).toContain('Sample CPU');
    }
  });

  it('leave out what was not measured', () => {
    expect(Object.keys(drawPlots(costReport({})))).toEqual([]);
    expect(Object.keys(drawPlots(costReport({ 'mprotect-flip': 700 })))).toEqual([
      'costs-mprotect',
      'costs-ladder',
    ]);
  });
});

describe('docs', () => {
  const folder = join(root, 'docs');
  const report = parseReport(readFileSync(join(folder, 'costs.json'), 'utf8'), 'docs/costs.json');

  it.each(Object.entries(drawPlots(report)))('%s.svg shows docs/costs.json', async (name, svg) => {
    await expect(svg).toMatchFileSnapshot(join(folder, `${name}.svg`));
  });

  it('docs/costs.md shows each of them', () => {
    const page = readFileSync(join(folder, 'costs.md'), 'utf8');
    for (const name of Object.keys(drawPlots(report))) expect(page).toContain(`(${name}.svg)`);
  });
});
