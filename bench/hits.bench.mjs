// What a hit of a guard page costs, by policy, its page closed again included; and a native access with and without
// a fault. Each subject in a process of its own, best of many batches of 200.
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';

const budgetMs = process.argv.includes('--quick') ? 200 : 1500;
const subjects = [
  'record, no stack',
  'record, no stack, mprotect',
  'record, JS stack',
  'trace, no stack',
  'throw, JS stack',
  'throw, nothing hit',
  'peek, a fault',
  'peek, no fault',
  'isReadable, one page',
];
const path = new URL('harness/hits-child.mjs', import.meta.url).pathname;
const rows = subjects.map((subject) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, subject, String(budgetMs)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${subject}: ${stderr}`);
  const { ns, hitsPerOperation } = JSON.parse(stdout);
  return [subject, ns, hitsPerOperation];
});
process.stdout.write(
  JSON.stringify({
    title: 'ns for one hit of a guard page, or one native access',
    columns: ['what', 'ns', 'hits each'],
    rows,
    notes: [`Load of the machine at the end: ${loadavg()[0].toFixed(1)}.`],
  }),
);
