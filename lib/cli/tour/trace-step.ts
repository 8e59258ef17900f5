/** Step 3: the heap calls of a real program, replayed on our allocators and on the platform's malloc. */
import { type AllocatorName, allocatorNames, compareTrace } from '../../compare/index.ts';
import { readTrace } from '../../trace/index.ts';
import { renderComparison } from '../commands/compare.ts';
import { times, wrap } from '../words.ts';
import { narrower, type TourStep } from './step.ts';

/** Of a real `git`: small enough for a list that is walked at every malloc. */
export const tourTrace = 'git-repack';

/** Allocators with an arena; Buffers are no allocator. */
const subjects: readonly AllocatorName[] = allocatorNames.filter((name) => name !== 'buffer');

/** The step. */
export const traceStep: TourStep = {
  name: 'trace',
  title: "Replay a real program's heap",
  explanation:
    'Every malloc, realloc and free of a real program was recorded. Here they run again: on our list of chunks, ' +
    "and on this machine's own malloc in a fresh process. Utilization is peak live bytes / peak heap bytes.",
  run: async (output) => {
    const trace = await readTrace(tourTrace);
    const rows = await compareTrace(trace, { allocators: subjects, passes: 1, rounds: 3, budgetMs: 1500 });
    const ours = rows.find((row) => row.allocator === 'chunklist');
    const native = rows.find((row) => row.allocator === 'native');
    const lines = [
      ...wrap(`recorded from: ${trace.what}`, output.width - 2),
      '',
      ...renderComparison(trace, rows, narrower(output)),
    ];
    if (ours && native && native.nsPerOperation > 0) {
      const ratio = times(ours.nsPerOperation / native.nsPerOperation);
      const verdict =
        `A list that is searched from its start at every malloc takes ${ratio} times as long as the native malloc ` +
        'here. That is the price of its simplicity, and why real ones keep bins of free chunks by size.';
      lines.push('', ...wrap(verdict, output.width - 2));
    }
    return { lines, facts: { trace: trace.name, rows } };
  },
};
