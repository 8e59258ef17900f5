// What each memory call costs, timed in C++ in batches of 20 to 50 us. Baseline: the null call. One process, no
// launches put together: `chunkyard costs` is the study.
import { catalogue, measureAll } from '../dist/costs/index.js';
import { timedCases } from '../dist/posix/index.js';

const quick = process.argv.includes('--quick');
const names = catalogue
  .filter((info) => timedCases().includes(info.name) && !info.isLarge)
  .map(({ name }) => name);
const effort = quick ? { batches: 20, budgetMs: 10 } : { batches: 400, budgetMs: 200 };
const { cases, notAvailable } = measureAll(names, effort);
const base = cases.find((row) => row.name === 'null-call')?.minNs;
process.stdout.write(
  JSON.stringify({
    title: 'one operation of each case, ns',
    columns: ['case', 'min', 'median', '95 % low', '95 % high', 'p90', 'null calls'],
    rows: cases.map((row) => [
      row.name,
      row.minNs,
      row.medianNs,
      row.lowNs,
      row.highNs,
      row.p90Ns,
      row.minNs / base,
    ]),
    notes: notAvailable.map(({ name, reason }) => `${name} is not available: ${reason}`),
  }),
);
