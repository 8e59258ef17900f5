export { type ChunkChange, diffHeaders, type FieldChange, renderChanges } from './changes.ts';
export { type DumpOptions, renderDump } from './dump.ts';
export {
  type Grid,
  type GridCell,
  type GridRow,
  renderGrid,
  renderGridMarkdown,
  renderGridSvg,
} from './grid.ts';
export { type LinePlot, type PlotPoint, type PlotSeries, renderLinePlot } from './line-plot.ts';
export {
  asciiGlyphs,
  type Glyphs,
  type Paint,
  type Palette,
  plainPalette,
  stateNames,
  stateOrder,
  type TextStyle,
  unicodeGlyphs,
} from './palette.ts';
export type { PlotAxis } from './plot-axis.ts';
export { type RangePlot, type RangeRow, renderRangePlot } from './range-plot.ts';
export { renderLegend, renderStrip, type StripOptions, type StripRow } from './strip.ts';
export { renderSvg, type SvgOptions } from './svg.ts';
export {
  type FootprintPanel,
  type FootprintPicture,
  type FootprintPoint,
  renderFootprints,
} from './timeline-svg.ts';
