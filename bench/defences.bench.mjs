// What each defence costs: time of an operation and peak heap on recorded programs, against the same glibc without it.
// Fresh processes, turn by turn. Which attacks each one stops: `chunkyard attack table --defence all`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { defenceTable } from '../dist/attacks/index.js';

const quick = process.argv.includes('--quick');
const turns = quick ? 1 : 2;
const budgetMs = quick ? 150 : 1000;
const folder = new URL('../examples/traces/', import.meta.url).pathname;
const files = readdirSync(folder).filter((file) => file.endsWith('.trace.gz'));
const traces = quick ? files.slice(0, 1) : files;
const child = new URL('harness/defences-child.mjs', import.meta.url).pathname;

/** Those that newer versions have are measured, and counted, on one that lacks them. */
const older = new Set(['safe-linking', 'random-key']);
const stops = Object.fromEntries(
  ['2.31', '2.36'].map((glibc) => {
    const table = defenceTable(glibc);
    return [glibc, Object.fromEntries(table.defences.map((name, index) => [name, table.stops[index]]))];
  }),
);
const names = Object.keys(stops['2.36']);

function measure(glibc, defence, file) {
  const args = [child, glibc, defence, `${folder}${file}`, String(budgetMs)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${defence}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Least of the medians of all turns, and the peak, by glibc and defence. */
function study(file) {
  const best = new Map();
  const cases = [
    ['2.31', 'none'],
    ['2.36', 'none'],
    ...names.map((name) => [older.has(name) ? '2.31' : '2.36', name]),
  ];
  for (let turn = 0; turn < turns; turn++) {
    for (const [glibc, name] of cases) {
      const key = `${glibc} ${name}`;
      const { median, peakHeapBytes } = measure(glibc, name, file);
      const before = best.get(key)?.ns ?? Number.POSITIVE_INFINITY;
      best.set(key, { ns: Math.min(before, median), peak: peakHeapBytes });
    }
  }
  return best;
}

const studies = traces.map(study);
const mean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
const rows = names.map((name) => {
  const glibc = older.has(name) ? '2.31' : '2.36';
  const ratio = (field) =>
    mean(studies.map((best) => best.get(`${glibc} ${name}`)[field] / best.get(`${glibc} none`)[field]));
  const ns = mean(studies.map((best) => best.get(`${glibc} ${name}`).ns));
  return [name, glibc, ns, ratio('ns'), ratio('peak'), stops[glibc][name]];
});
for (const glibc of ['2.36', '2.31'])
  rows.unshift(['none', glibc, mean(studies.map((best) => best.get(`${glibc} none`).ns)), 1, 1, null]);
process.stdout.write(
  JSON.stringify({
    title: 'ns of CPU time of an operation of recorded programs, with a defence and without',
    columns: ['defence', 'glibc', 'ns', 'x without', 'peak heap x', 'attacks stopped'],
    rows,
    notes: [
      `Geometric means over ${traces.length} recorded programs; least of the medians of ${turns} turns.`,
      'Attacks stopped: of those that work on that version without the defence.',
      `Load of the machine at the end: ${loadavg()[0].toFixed(1)}.`,
    ],
  }),
);
