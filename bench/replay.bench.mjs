// Recorded programs on each allocator, interleaved fresh processes; baseline: the platform's malloc in C.
import { readdirSync } from 'node:fs';
import { allocatorNames, compareTrace } from '../dist/compare/index.js';
import { readTrace } from '../dist/trace/index.js';

const quick = process.argv.includes('--quick');
const folder = new URL('../examples/traces/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.trace.gz'));
const options = quick ? { passes: 1, rounds: 2, budgetMs: 1000 } : { passes: 3, rounds: 10, budgetMs: 8000 };
const rows = [];
for (const file of quick ? files.slice(0, 2) : files) {
  const trace = await readTrace(new URL(file, folder).pathname);
  const measured = await compareTrace(trace, options);
  const native = measured.find((row) => row.allocator === 'native');
  for (const row of measured) {
    const ratio = row.nsPerOperation / native.nsPerOperation;
    rows.push([
      row.trace,
      row.allocator,
      row.operations,
      row.nsPerOperation,
      ratio,
      row.firstRunNsPerOperation,
      row.peakHeapBytes,
      row.minorFaults,
    ]);
  }
}
process.stdout.write(
  JSON.stringify({
    title: `least CPU time of a run on a fresh heap; allocators ${allocatorNames.join(', ')}`,
    columns: [
      'trace',
      'allocator',
      'operations',
      'ns/op',
      'x native',
      'first run',
      'peak heap bytes',
      'minor faults',
    ],
    rows,
    notes: [
      'Page faults and system calls of the run are inside the time, on both sides.',
      'chunklist walks a list at each malloc, by design: it is for reading, not for speed.',
      'buffer is Buffer.allocUnsafeSlow; free only drops the reference, so its heap is not known.',
    ],
  }),
);
