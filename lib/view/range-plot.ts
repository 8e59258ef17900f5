/**
 * Named values over one logarithmic axis as one SVG document: a row for each, with its least value, its median and
 * the interval of the median. Pure: no clock, no random numbers; valid XML whatever the labels hold.
 */
import { logScale, type PlotAxis } from './plot-axis.ts';
import {
  headingHeight,
  horizontalAxis,
  intervalMark,
  mark,
  type PlotArea,
  type PlotHeading,
  plotDocument,
  round,
  seriesColor,
} from './plot-parts.ts';
import { escapeXml, svgText } from './svg-parts.ts';

/** One row. */
export interface RangeRow {
  label: string;
  least: number;
  median: number;
  low: number;
  high: number;
}

/** What to draw. */
export interface RangePlot extends PlotHeading {
  axis: PlotAxis;
  rows: readonly RangeRow[];
}

const width = 900;
const rowHeight = 21;
const labelRoom = 300;

/**
 * Draws rows.
 * @param plot axis and rows; a row with a value of 0 or less cannot be drawn and is left out
 * @returns an SVG document that starts with `<svg`
 */
export function renderRangePlot(plot: RangePlot): string {
  const rows = plot.rows.filter(({ least, low }) => least > 0 && low > 0);
  const top = headingHeight(plot) + 30;
  const area: PlotArea = {
    left: labelRoom,
    right: width - 90,
    top,
    bottom: top + Math.max(1, rows.length) * rowHeight,
  };
  const values = rows.flatMap(({ least, low, high }) => [least, low, high]);
  const scale = logScale(values, plot.axis, [area.left, area.right], 12);
  return plotDocument({ width, height: area.bottom + 60 }, plot, describe(plot), [
    ...legend(top - 14),
    ...horizontalAxis(scale, plot.axis, area),
    ...rows.map((row, index) =>
      drawRow(row, area.top + (index + 0.5) * rowHeight, scale.at, plot.axis, area),
    ),
  ]);
}

function drawRow(
  { label, least, median, low, high }: RangeRow,
  y: number,
  at: (value: number) => number,
  { format }: PlotAxis,
  area: PlotArea,
): string {
  const words = `${label}: least ${format(least)}, median ${format(median)} (${format(low)} to ${format(high)})`;
  return [
    `<g><title>${escapeXml(words)}</title>`,
    svgText(area.left - 12, round(y + 4.5), label, 'text-anchor="end"'),
    `<line x1="${area.left}" y1="${round(y)}" x2="${area.right}" y2="${round(y)}" stroke="#eeeeee"/>`,
    intervalMark(seriesColor(1), [at(low), y], [at(high), y]),
    `<line x1="${round(at(median))}" y1="${round(y - 6)}" x2="${round(at(median))}" y2="${round(y + 6)}" stroke="${seriesColor(1)}" stroke-width="2.5"/>`,
    mark(0, at(least), y),
    svgText(width - 14, round(y + 4.5), format(least), 'text-anchor="end" fill="#555555"'),
    '</g>',
  ].join('');
}

function legend(y: number): string[] {
  const x = labelRoom;
  return [
    mark(0, x, y - 4.5),
    svgText(x + 12, y, 'least'),
    intervalMark(seriesColor(1), [x + 80, y - 4.5], [x + 110, y - 4.5]),
    `<line x1="${x + 95}" y1="${y - 10.5}" x2="${x + 95}" y2="${y + 1.5}" stroke="${seriesColor(1)}" stroke-width="2.5"/>`,
    svgText(x + 120, y, 'median and its 95 % interval over all launches'),
  ];
}

function describe({ title, rows }: RangePlot): string {
  return `${title}. ${rows.length} rows from ${rows[0]?.label ?? 'nothing'} to ${rows[rows.length - 1]?.label ?? 'nothing'}.`;
}
