/** What the numbers teach: a few ratios, each from the least times of two or three cases of one report. */
import { caseInfo } from './catalogue.ts';
import type { CostReport } from './study.ts';

/** One thing to learn. */
export interface LessonFigure {
  name: string;
  value: number;
  unit: 'times' | 'ns';
  /** What the value is, in words that go behind it. */
  what: string;
}

/** A figure from cases: null when one of them was not measured. */
interface FigureRule {
  name: string;
  unit: LessonFigure['unit'];
  what: string;
  cases: readonly string[];
  of: (ns: readonly number[], pages: readonly number[]) => number;
}

const ratio = (ns: readonly number[]): number => ns[0] / ns[1];
/** What each page of the first case adds to the second, which has none. */
const perPage = (ns: readonly number[], pages: readonly number[]): number => (ns[0] - ns[1]) / pages[0];

const touchRules: readonly FigureRule[] = ['64k', '1m', '16m', '256m', '1g'].map((size) => ({
  name: `touch-per-page-${size}`,
  unit: 'ns',
  what: `for each page when ${size} is mapped, touched and unmapped`,
  cases: [`mmap-touch-munmap-${size}`, `mmap-munmap-${size}`],
  of: perPage,
}));

const rules: readonly FigureRule[] = [
  {
    name: 'mallocs-per-mmap',
    unit: 'times',
    what: 'pairs of malloc(32) and free, in C, take as long as one mmap and munmap of 4 KiB',
    cases: ['mmap-munmap-4k', 'malloc-free-32'],
    of: ratio,
  },
  {
    name: 'mallocs-per-touched-mmap',
    unit: 'times',
    what: 'when the page is touched, as a block would be',
    cases: ['mmap-touch-munmap-4k', 'malloc-free-32'],
    of: ratio,
  },
  {
    name: 'our-mallocs-per-touched-mmap',
    unit: 'times',
    what: 'pairs of our malloc(32) and free, in JavaScript, take as long as that',
    cases: ['mmap-touch-munmap-4k', 'heap-malloc-free-32'],
    of: ratio,
  },
  {
    name: 'mmap-1g-over-4k',
    unit: 'times',
    what: 'times as long: 1 GiB mapped and unmapped instead of 4 KiB, nothing touched',
    cases: ['mmap-munmap-1g', 'mmap-munmap-4k'],
    of: ratio,
  },
  ...touchRules,
  {
    name: 'huge-over-small-page',
    unit: 'times',
    what: 'times as long: the first store into a huge page instead of a small one',
    cases: ['touch-huge-page', 'touch-write-page'],
    of: ratio,
  },
  {
    name: 'mapped-over-heap-1m',
    unit: 'times',
    what: 'times as long: a 1 MiB block as a mapping of its own instead of one from the heap, both touched',
    cases: ['malloc-touch-free-1m-mmap', 'malloc-touch-free-1m-heap'],
    of: ratio,
  },
  {
    name: 'merging-over-fenced',
    unit: 'times',
    what: 'times as long: a mapping that joins two neighbours instead of one between strangers',
    cases: ['mmap-munmap-4k-two-neighbours', 'mmap-munmap-4k-fenced'],
    of: ratio,
  },
  {
    name: 'mprotect-per-page-1m',
    unit: 'ns',
    what: 'for each touched page of an mprotect of 1 MiB; untouched ones add nothing',
    cases: ['mprotect-flip-1m', 'mprotect-flip-untouched-1m'],
    of: perPage,
  },
];

/**
 * Works the figures out that a report has the cases for.
 * @param report what was measured
 * @returns figures, in the order in which they are told
 */
export function lessonFigures(report: CostReport): LessonFigure[] {
  const least = new Map(report.cases.map((one) => [one.name, one.minNs]));
  return rules.flatMap(({ name, unit, what, cases, of }) => {
    if (!cases.every((one) => (least.get(one) ?? 0) > 0)) return [];
    const pages = cases.map((one) => (caseInfo(one)?.bytes ?? 0) / report.machine.pageBytes);
    const value = of(
      cases.map((one) => least.get(one)!),
      pages,
    );
    return Number.isFinite(value) ? [{ name, value, unit, what }] : [];
  });
}

/** A way to the system: what the call costs in C, what it costs from JavaScript. */
export interface WayFigure {
  name: string;
  callNs: number;
  fromJavaScriptNs: number;
}

const ways: readonly (readonly [call: string, fromJavaScript: string])[] = [
  ['null-call', 'js-null-call'],
  ['clock', 'js-clock'],
  ['mprotect-flip', 'js-mprotect-flip'],
  ['mmap-munmap-4k-fenced', 'js-mmap-munmap-4k-fenced'],
  ['malloc-free-32', 'addon-malloc-free-32'],
  ['malloc-free-4k', 'addon-malloc-free-4k'],
  ['malloc-free-64k', 'addon-malloc-free-64k'],
];

/** @returns the calls that were timed both in C and from JavaScript */
export function wayFigures(report: CostReport): WayFigure[] {
  const least = new Map(report.cases.map((one) => [one.name, one.minNs]));
  return ways.flatMap(([call, way]) => {
    const callNs = least.get(call);
    const fromJavaScriptNs = least.get(way);
    return callNs === undefined || fromJavaScriptNs === undefined
      ? []
      : [{ name: call, callNs, fromJavaScriptNs }];
  });
}
