/** Step 3: the heap calls of a real program, replayed on our allocators and on the platform's malloc. */
import { type AllocatorName, type ComparisonRow, compareTrace, machineGlibc } from '../../compare/index.ts';
import { readTrace } from '../../trace/index.ts';
import { agreementOf, renderComparison } from '../compare-page.ts';
import { count, times, wrap } from '../words.ts';
import { narrower, type TourStep } from './step.ts';

/** Of a real `git`: small enough for a list that is walked at every malloc. */
export const tourTrace = 'git-repack';

/** Those that are always there; Buffers are no allocator. */
const subjects: readonly AllocatorName[] = ['heap', 'chunklist', 'native'];

/** The step. */
export const traceStep: TourStep = {
  name: 'trace',
  title: "Replay a real program's heap",
  explanation:
    'Every malloc, realloc and free of a real program was recorded. Here they run again: on our heap (glibc in ' +
    "TypeScript), on our list of chunks, and on this machine's own malloc in a fresh process. Utilization is " +
    'peak live bytes / peak resident bytes: memory that the kernel really gave.',
  run: async (output) => {
    const trace = await readTrace(tourTrace);
    const rows = await compareTrace(trace, { allocators: subjects, passes: 1, rounds: 20, budgetMs: 1500 });
    const lines = [
      ...wrap(`recorded from: ${trace.what}`, output.width - 2),
      '',
      ...renderComparison(trace, rows, narrower(output)),
    ];
    for (const verdict of verdictsOn(rows)) lines.push('', ...wrap(verdict, output.width - 2));
    return { lines, facts: { trace: trace.name, rows } };
  },
};

/** What the figures say, in sentences. */
function verdictsOn(rows: readonly ComparisonRow[]): string[] {
  const find = (name: AllocatorName): ComparisonRow | undefined => rows.find((row) => row.allocator === name);
  const [heap, list, native] = [find('heap'), find('chunklist'), find('native')];
  const verdicts: string[] = [];
  if (heap?.agreement) {
    const { equal, placements } = heap.agreement;
    const version = machineGlibc();
    const machine = version === null ? 'which is none that heap knows' : `which is glibc ${version}`;
    verdicts.push(
      `heap, as glibc ${heap.glibc}, put ${count(equal)} of ${count(placements)} blocks exactly where this ` +
        `machine's malloc, ${machine}, put them: ${agreementOf(heap)}.`,
    );
  }
  if (list && native && native.nsPerOperation > 0) {
    verdicts.push(
      `A list that is searched from its start at every malloc takes ${times(list.nsPerOperation / native.nsPerOperation)} ` +
        'times as long as the native malloc here. That is the price of its simplicity, and why real ones keep bins ' +
        'of free chunks by size.',
    );
  }
  return verdicts;
}
