/** Axes of a plot, logarithmic: where values lie, which ticks are drawn and which of them get a label. Pure. */

/** An axis as the caller describes it. */
export interface PlotAxis {
  /** What is measured, with its unit. */
  label: string;
  /** A value as text: for tooltips, and for ticks unless `formatTick` is given. */
  format: (value: number) => string;
  formatTick?: (value: number) => string;
  /** Ticks go up by this factor; 10 for times, 2 or more for sizes. @defaultValue 10 */
  factor?: number;
  /** Values that must be inside, in addition to the data. */
  include?: readonly number[];
}

/** An axis with its place on the paper. */
export interface Scale {
  /** Pixel of a value; values below the axis lie at its start. */
  at(value: number): number;
  /** Labelled ticks, ascending. */
  ticks: number[];
  /** Fine ticks between them. */
  minorTicks: number[];
}

/**
 * Fits a logarithmic axis to values: from a tick at or below the least to one at or above the largest.
 * @param values what must fit, each > 0; others are left out
 * @param axis its factor
 * @param from pixel of the start
 * @param to pixel of the end; less than `from` for an axis that goes up
 * @param most labelled ticks at most, at least 2
 */
export function logScale(
  values: readonly number[],
  { factor = 10, include = [] }: PlotAxis,
  [from, to]: readonly [from: number, to: number],
  most: number,
): Scale {
  const usable = [...values, ...include].filter((value) => value > 0 && Number.isFinite(value));
  const low = usable.length === 0 ? 1 : Math.min(...usable);
  const high = usable.length === 0 ? factor : Math.max(...usable);
  const step = Math.log(factor);
  // A hair of tolerance: the logarithm of a power is rarely a whole number.
  const first = Math.floor(Math.log(low) / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log(high) / step - 1e-9));
  const at = (value: number): number => {
    const share = (Math.log(Math.max(value, factor ** first)) / step - first) / (last - first);
    return from + share * (to - from);
  };
  const stride = Math.ceil((last - first) / (most - 1));
  const powers = Array.from({ length: last - first + 1 }, (_, index) => factor ** (first + index));
  const ticks = powers.filter((_, index) => index % stride === 0);
  const minorTicks =
    factor === 10 && stride === 1
      ? powers.slice(0, -1).flatMap((power) => [2, 3, 4, 5, 6, 7, 8, 9].map((digit) => digit * power))
      : powers.filter((_, index) => index % stride !== 0);
  return { at, ticks, minorTicks };
}
