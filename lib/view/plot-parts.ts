/** The parts that plots are put together from: marks, colours, heading, axes. Marks differ by shape and by colour. */
import type { PlotAxis, Scale } from './plot-axis.ts';
import { escapeXml, svgText } from './svg-parts.ts';

/** Words around a plot. */
export interface PlotHeading {
  title: string;
  /** Lines under the title: what one mark is, the machine. */
  subtitle: readonly string[];
}

/** The room inside the axes. */
export interface PlotArea {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Dark enough for lines on white, apart also for those who see no red and green. */
const colors = ['#0b5394', '#b45309', '#0f766e', '#9d174d', '#4d4d4d', '#6b21a8'];

/** @returns the colour of the series with this number */
export function seriesColor(index: number): string {
  return colors[index % colors.length];
}

/** A mark of a series at a point. */
export function mark(index: number, x: number, y: number): string {
  const [px, py] = [round(x), round(y)];
  const fill = `fill="${seriesColor(index)}"`;
  const shapes = [
    `<circle cx="${px}" cy="${py}" r="4" ${fill}/>`,
    `<rect x="${round(px - 3.5)}" y="${round(py - 3.5)}" width="7" height="7" ${fill}/>`,
    `<path d="M${px} ${round(py - 5)}l5 8.5h-10z" ${fill}/>`,
    `<path d="M${px} ${round(py - 5.5)}l5 5.5-5 5.5-5-5.5z" ${fill}/>`,
    `<path d="M${px} ${round(py + 5)}l5-8.5h-10z" ${fill}/>`,
    `<circle cx="${px}" cy="${py}" r="3.6" fill="#ffffff" stroke="${seriesColor(index)}" stroke-width="2"/>`,
  ];
  return shapes[index % shapes.length];
}

/** Two decimals are finer than any screen. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/**
 * A whole document around parts.
 * @param size pixels
 * @param heading words above the plot
 * @param description one sentence for readers who do not see it
 */
export function plotDocument(
  { width, height }: { width: number; height: number },
  heading: PlotHeading,
  description: string,
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
      ` role="img" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif" font-size="13">`,
    `<title>${escapeXml(heading.title)}</title>`,
    `<desc>${escapeXml(description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    svgText(20, 30, heading.title, 'font-size="18" font-weight="bold"'),
    ...heading.subtitle.map((line, index) => svgText(20, 52 + 18 * index, line, 'fill="#555555"')),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

/** @returns pixels that the heading takes */
export function headingHeight(heading: PlotHeading): number {
  return 52 + 18 * heading.subtitle.length;
}

function tickText({ format, formatTick = format }: PlotAxis, value: number): string {
  return formatTick(value);
}

/** An upright grid and the labels below it. */
export function horizontalAxis(scale: Scale, axis: PlotAxis, area: PlotArea): string[] {
  const line = (value: number, color: string): string => {
    const x = round(scale.at(value));
    return `<line x1="${x}" y1="${area.top}" x2="${x}" y2="${area.bottom}" stroke="${color}"/>`;
  };
  const middle = (area.left + area.right) / 2;
  return [
    ...scale.minorTicks.map((value) => line(value, '#f0f0f0')),
    ...scale.ticks.map((value) => line(value, '#d0d0d0')),
    ...scale.ticks.map((value) =>
      svgText(round(scale.at(value)), area.bottom + 20, tickText(axis, value), 'text-anchor="middle"'),
    ),
    svgText(middle, area.bottom + 42, axis.label, 'text-anchor="middle" font-weight="bold"'),
  ];
}

/** A level grid and the labels left of it. */
export function verticalAxis(scale: Scale, axis: PlotAxis, area: PlotArea): string[] {
  const line = (value: number, color: string): string => {
    const y = round(scale.at(value));
    return `<line x1="${area.left}" y1="${y}" x2="${area.right}" y2="${y}" stroke="${color}"/>`;
  };
  const middle = round((area.top + area.bottom) / 2);
  return [
    ...scale.minorTicks.map((value) => line(value, '#f0f0f0')),
    ...scale.ticks.map((value) => line(value, '#d0d0d0')),
    ...scale.ticks.map((value) =>
      svgText(area.left - 8, round(scale.at(value) + 4.5), tickText(axis, value), 'text-anchor="end"'),
    ),
    svgText(
      0,
      0,
      axis.label,
      `text-anchor="middle" font-weight="bold" transform="translate(22 ${middle}) rotate(-90)"`,
    ),
  ];
}

/** A range from low to high through a point, with feet, upright or level. */
export function intervalMark(
  color: string,
  from: readonly [number, number],
  to: readonly [number, number],
): string {
  const [x1, y1, x2, y2] = [...from, ...to].map(round);
  const foot = (x: number, y: number): string =>
    x1 === x2 ? `M${round(x - 4)} ${y}h8` : `M${x} ${round(y - 4)}v8`;
  return (
    `<path d="M${x1} ${y1}L${x2} ${y2}${foot(x1, y1)}${foot(x2, y2)}" fill="none" stroke="${color}" ` +
    'stroke-width="1.5"/>'
  );
}
