/**
 * Curves over two logarithmic axes as one SVG document: a mark and an interval for every point, a name at the end of
 * every curve. Pure: no clock, no random numbers; valid XML whatever the labels hold.
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
  verticalAxis,
} from './plot-parts.ts';
import { escapeXml, svgText } from './svg-parts.ts';

/** One point: a value, and the interval around it. */
export interface PlotPoint {
  x: number;
  y: number;
  low: number;
  high: number;
}

/** One curve. */
export interface PlotSeries {
  name: string;
  points: readonly PlotPoint[];
}

/** What to draw. */
export interface LinePlot extends PlotHeading {
  x: PlotAxis;
  y: PlotAxis;
  series: readonly PlotSeries[];
}

const plotWidth = 590;
const plotHeight = 430;
/** Names of the curves stand right of the axes. */
const nameHeight = 18;
const nameCharacter = 8.2;

/**
 * Draws curves.
 * @param plot axes and points; points with a value of 0 or less cannot be drawn and are left out
 * @returns an SVG document that starts with `<svg`
 */
export function renderLinePlot(plot: LinePlot): string {
  const top = headingHeight(plot) + 12;
  const area: PlotArea = { left: 100, right: 100 + plotWidth, top, bottom: top + plotHeight };
  const series = plot.series
    .map(({ name, points }) => ({ name, points: points.filter(({ x, y }) => x > 0 && y > 0) }))
    .filter(({ points }) => points.length > 0);
  const longestName = Math.max(20, ...series.map(({ name }) => name.length));
  const width = Math.ceil(area.right + 16 + longestName * nameCharacter + 10);
  const points = series.flatMap((one) => one.points);
  const x = logScale(
    points.map((point) => point.x),
    plot.x,
    [area.left + 20, area.right - 20],
    10,
  );
  const y = logScale(
    points.flatMap((point) => [point.low, point.y, point.high]),
    plot.y,
    [area.bottom, area.top],
    12,
  );
  const curves = series.flatMap(({ name, points: own }, index) => {
    const color = seriesColor(index);
    const places = own.map((point) => [round(x.at(point.x)), round(y.at(point.y))] as const);
    const line = places.map(([px, py], at) => `${at === 0 ? 'M' : 'L'}${px} ${py}`).join('');
    return [
      `<path d="${line}" fill="none" stroke="${color}" stroke-width="1.5" stroke-opacity="0.6"/>`,
      ...own.map((point, at) => {
        const [px, py] = places[at];
        const words = `${name}, ${plot.x.format(point.x)}: ${plot.y.format(point.y)} (${plot.y.format(point.low)} to ${plot.y.format(point.high)})`;
        const bars = intervalMark(color, [px, y.at(point.low)], [px, y.at(point.high)]);
        return `<g><title>${escapeXml(words)}</title>${bars}${mark(index, px, py)}</g>`;
      }),
    ];
  });
  const ends = series.map(({ name, points: own }, index) => ({
    name,
    index,
    y: y.at(own[own.length - 1].y),
  }));
  return plotDocument({ width, height: area.bottom + 60 }, plot, describe(plot), [
    ...horizontalAxis(x, plot.x, area),
    ...verticalAxis(y, plot.y, area),
    ...curves,
    ...names(ends, area),
  ]);
}

/** A name beside the end of its curve, moved down where two would overlap. */
function names(ends: readonly { name: string; index: number; y: number }[], area: PlotArea): string[] {
  const sorted = [...ends].sort((a, b) => a.y - b.y || a.index - b.index);
  let free = area.top;
  const placed = sorted.map((end) => {
    const y = Math.max(free, end.y);
    free = y + nameHeight;
    return { ...end, y };
  });
  const overhang = Math.max(0, free - nameHeight - area.bottom);
  return placed.map(({ name, index, y }) => {
    const height = y - overhang;
    const text = svgText(
      area.right + 16,
      round(height + 4.5),
      name,
      `fill="${seriesColor(index)}" font-weight="600"`,
    );
    return `${mark(index, area.right + 4, height)}${text}`;
  });
}

function describe({ title, series }: LinePlot): string {
  return `${title}. ${series.map(({ name, points }) => `${name}: ${points.length} points`).join('; ')}.`;
}
