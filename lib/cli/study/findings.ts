/** What a report teaches, and how two reports differ, as people read it. */
import { type CostReport, lessonFigures, type ReportComparison, wayFigures } from '../../costs/index.ts';
import type { Output } from '../output.ts';
import { callList, count, duration, times, wrap } from '../words.ts';
import type { TraceShare } from './trace-share.ts';

/**
 * The figures of the lesson.
 * @param report what was measured
 * @param share one trace with and without a heap; null when it was not run
 */
export function renderLesson(report: CostReport, share: TraceShare | null, output: Output): string[] {
  const figures = lessonFigures(report).map(({ value, unit, what }) => [
    unit === 'ns' ? duration(value) : times(value),
    what,
  ]);
  if (figures.length === 0 && share === null) return [];
  return [
    output.palette.title('What the numbers teach'),
    ...hanging(figures, output),
    ...(share === null ? [] : ['', ...renderShare(share, output)]),
  ];
}

/** Two columns, the second wrapped. */
function hanging(rows: readonly (readonly string[])[], output: Output): string[] {
  const column = Math.max(0, ...rows.map(([first]) => first.length));
  return rows.flatMap(([first, second]) =>
    wrap(second, output.width - column - 4).map(
      (line, index) => `  ${(index === 0 ? first : '').padStart(column)}  ${line}`,
    ),
  );
}

function renderShare(share: TraceShare, output: Output): string[] {
  const { trace, operations, heap, mappings, expectedNsPerOperation } = share;
  const expected =
    expectedNsPerOperation === null
      ? ''
      : `; ${duration(expectedNsPerOperation)} was to be expected from mmap-touch-munmap-4k`;
  return [
    ...wrap(
      `${trace}, a recorded program: ${count(operations)} calls of malloc and free, run in C`,
      output.width,
    ),
    ...hanging(
      [
        [duration(heap.nsPerOperation), `per call by the heap; system calls: ${callList(heap.systemCalls)}`],
        [
          duration(mappings.nsPerOperation),
          `per call with a mapping for every block: ${times(mappings.nsPerOperation / heap.nsPerOperation)} times; system calls: ${callList(mappings.systemCalls)}${expected}`,
        ],
      ],
      output,
    ),
  ];
}

/** The call, and the way to it: two columns. */
export function renderWays(report: CostReport, output: Output): string[] {
  const ways = wayFigures(report);
  if (ways.length === 0) return [];
  const rows = ways.map(({ name, callNs, fromJavaScriptNs }) => {
    const wayNs = Math.max(0, fromJavaScriptNs - callNs);
    return [name, duration(callNs), duration(wayNs), `${Math.round((100 * wayNs) / fromJavaScriptNs)} %`];
  });
  return [
    output.palette.title('The call, and the way to it from JavaScript'),
    ...output.table(
      [
        { title: '  least times' },
        { title: 'the call', align: 'right' },
        { title: 'the way', align: 'right' },
        { title: 'of all', align: 'right' },
      ],
      rows.map(([name, ...rest]) => [`  ${name}`, ...rest]),
    ),
  ];
}

/** Which differences are larger than noise. */
export function renderComparison(comparison: ReportComparison, source: string, output: Output): string[] {
  const { differences, onlyBefore, onlyAfter, machineChanges } = comparison;
  const real = differences.filter((one) => one.verdict !== 'same');
  const lines = [output.palette.title(`Against ${source}`)];
  if (machineChanges.length > 0) {
    lines.push(
      ...wrap(`Another machine: ${machineChanges.join('; ')}.`, output.width).map(output.palette.bad),
    );
  }
  lines.push(
    ...wrap(
      `${differences.length - real.length} of ${differences.length} cases differ by no more than noise.`,
      output.width,
    ),
  );
  if (real.length > 0) {
    const rows = real.map(({ name, beforeNs, afterNs, ratio, noise, verdict }) => [
      `  ${name}`,
      duration(beforeNs),
      duration(afterNs),
      `${times(Math.max(ratio, 1 / ratio))} times`,
      verdict,
      `${Math.round(100 * noise)} %`,
    ]);
    const right = { align: 'right' } as const;
    lines.push(
      ...output.table(
        [
          { title: '  least times' },
          { title: 'before', ...right },
          { title: 'now', ...right },
          { title: '', ...right },
          { title: '' },
          { title: 'noise', ...right },
        ],
        rows,
      ),
    );
  }
  for (const [where, names] of [
    ['there', onlyBefore],
    ['here', onlyAfter],
  ] as const) {
    if (names.length > 0) lines.push(...wrap(`Only ${where}: ${names.join(', ')}.`, output.width));
  }
  return lines;
}
