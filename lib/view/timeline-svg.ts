/**
 * What heaps take over time, against what is live in them, as one SVG document: a panel for each, all on the same
 * axes. Pure: no clock, no random numbers; valid XML whatever the names hold.
 */
import { formatBytes } from '../core/index.ts';
import { headingHeight, type PlotArea, type PlotHeading, plotDocument, round } from './plot-parts.ts';
import { svgText } from './svg-parts.ts';

/** A heap at one moment, bytes; null where it is not known. */
export interface FootprintPoint {
  operations: number;
  liveBytes: number;
  heapBytes: number | null;
  residentBytes: number | null;
}

/** One panel. */
export interface FootprintPanel {
  name: string;
  points: readonly FootprintPoint[];
}

/** What to draw. */
export interface FootprintPicture extends PlotHeading {
  panels: readonly FootprintPanel[];
}

const panelWidth = 400;
const panelHeight = 190;
const columnPitch = 500;
const rowPitch = 270;
const colors = { live: '#9fcfa6', resident: '#b45309', heap: '#0b5394' };

/**
 * Draws the panels, two in a row.
 * @param picture heading and panels
 * @returns an SVG document that starts with `<svg`
 */
export function renderFootprints(picture: FootprintPicture): string {
  const top = headingHeight(picture) + 50;
  const points = picture.panels.flatMap((panel) => panel.points);
  const most = Math.max(
    1,
    ...points.map((point) => Math.max(point.liveBytes, point.heapBytes ?? 0, point.residentBytes ?? 0)),
  );
  const last = Math.max(1, ...points.map((point) => point.operations));
  const rows = Math.ceil(picture.panels.length / 2);
  const width = 2 * columnPitch + 20;
  const parts = picture.panels.flatMap((panel, index) => {
    const left = 90 + (index % 2) * columnPitch;
    const panelTop = top + 20 + Math.floor(index / 2) * rowPitch;
    const area = { left, right: left + panelWidth, top: panelTop, bottom: panelTop + panelHeight };
    return drawPanel(panel, area, { most, last });
  });
  const description =
    'For each allocator: bytes live, bytes resident and bytes taken from the system, over the operations of the trace.';
  return plotDocument({ width, height: top + rows * rowPitch }, picture, description, [
    ...legend(top),
    ...parts,
  ]);
}

function legend(top: number): string[] {
  const entries: [string, string][] = [
    [
      `<rect x="90" y="${top - 30}" width="22" height="12" fill="${colors.live}"/>`,
      'live: asked for and not freed',
    ],
    [
      `<path d="M370 ${top - 24}h22" stroke="${colors.resident}" stroke-width="2.5"/>`,
      'resident: pages written to',
    ],
    [
      `<path d="M640 ${top - 24}h22" stroke="${colors.heap}" stroke-width="2" stroke-dasharray="6 3"/>`,
      'heap: taken from the system, where told',
    ],
  ];
  return entries.flatMap(([sample, text], index) => [
    sample,
    svgText([118, 398, 668][index], top - 20, text),
  ]);
}

function drawPanel(
  { name, points }: FootprintPanel,
  area: PlotArea,
  { most, last }: { most: number; last: number },
): string[] {
  const x = (operations: number): number => round(area.left + (operations / last) * panelWidth);
  const y = (bytes: number): number => round(area.bottom - (bytes / most) * panelHeight);
  const line = (of: (point: FootprintPoint) => number | null): string =>
    points
      .map((point) => [point.operations, of(point)] as const)
      .filter((pair): pair is readonly [number, number] => pair[1] !== null)
      .map(([operations, bytes]) => `${x(operations)} ${y(bytes)}`)
      .join('L');
  const [live, resident, heap] = [
    line((point) => point.liveBytes),
    line((point) => point.residentBytes),
    line((point) => point.heapBytes),
  ];
  const end = points.at(-1)?.operations ?? 0;
  return [
    svgText(area.left, area.top - 8, name, 'font-weight="bold" font-size="15"'),
    ...grid(area, { most, last }),
    live === ''
      ? ''
      : `<path d="M${x(0)} ${area.bottom}L${live}L${x(end)} ${area.bottom}z" fill="${colors.live}"/>`,
    heap === ''
      ? ''
      : `<path d="M${heap}" fill="none" stroke="${colors.heap}" stroke-width="2" stroke-dasharray="6 3"/>`,
    resident === ''
      ? ''
      : `<path d="M${resident}" fill="none" stroke="${colors.resident}" stroke-width="2"/>`,
  ].filter((part) => part !== '');
}

function grid(area: PlotArea, { most, last }: { most: number; last: number }): string[] {
  const shares = [0, 0.5, 1];
  return [
    ...shares.flatMap((share) => {
      const y = round(area.bottom - share * panelHeight);
      const label = formatBytes(Math.round(share * most));
      return [
        `<path d="M${area.left} ${y}h${panelWidth}" stroke="#d0d0d0"/>`,
        svgText(area.left - 8, y + 4.5, label, 'text-anchor="end" font-size="11"'),
      ];
    }),
    ...shares.map((share) => {
      const text = `${Math.round(share * last).toLocaleString('en-US')}${share === 1 ? ' operations' : ''}`;
      const anchor = ['start', 'middle', 'end'][shares.indexOf(share)];
      return svgText(
        round(area.left + share * panelWidth),
        area.bottom + 17,
        text,
        `text-anchor="${anchor}" font-size="11"`,
      );
    }),
  ];
}
