// What guards cost: a pair of malloc and free, against the plain heap and against sodium-native's guarded allocation;
// and one allocation in a thousand guarded, on recorded programs, against the same heap without. Fresh processes,
// turn by turn.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { loadavg } from 'node:os';

const quick = process.argv.includes('--quick');
const turns = quick ? 1 : 5;
const budgetMs = quick ? 150 : 800;
const folder = new URL('../examples/traces/', import.meta.url).pathname;
const traces = readdirSync(folder).filter((file) => file.endsWith('.trace.gz'));
const subjects = [
  'Heap',
  'GuardedHeap, sampled 1/1000',
  'GuardedHeap, record, no stacks',
  'GuardedHeap, record',
  'GuardedHeap, die (default)',
  'GuardedHeap, record, mprotect',
  'sodium_malloc',
];

function measure(...args) {
  const path = new URL('harness/guards-child.mjs', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args.map(String)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}

const best = new Map(subjects.map((subject) => [subject, Number.POSITIVE_INFINITY]));
for (let turn = 0; turn < turns; turn++) {
  for (const subject of subjects) {
    best.set(subject, Math.min(best.get(subject), measure('pair', subject, budgetMs)));
  }
}
const sodium = best.get('sodium_malloc');
const rows = subjects.map((subject) => [
  ...['a pair', subject, best.get(subject), best.get(subject) / best.get('Heap'), sodium / best.get(subject)],
]);

const shares = [];
for (const file of quick ? traces.slice(0, 1) : traces) {
  const times = { plain: [], sampled: [] };
  for (let turn = 0; turn < turns; turn++) {
    times.plain.push(measure('trace', 'Heap', `${folder}${file}`, budgetMs).median);
    times.sampled.push(measure('trace', '1000', `${folder}${file}`, budgetMs).median);
  }
  const least = (list) => Math.min(...list);
  const share = least(times.sampled) / least(times.plain);
  shares.push(share);
  const name = file.replace('.trace.gz', '');
  rows.push([name, 'Heap', least(times.plain), 1, null]);
  rows.push([name, 'GuardedHeap, sampled 1/1000', least(times.sampled), share, null]);
}
const mean = Math.exp(shares.reduce((sum, share) => sum + Math.log(share), 0) / shares.length);
process.stdout.write(
  JSON.stringify({
    title: 'ns of CPU time: a pair of malloc(100), a write, free; or an operation of a recorded program',
    columns: ['what', 'allocator', 'ns', 'x Heap', 'sodium takes, times'],
    rows,
    notes: [
      `One allocation in 1,000 guarded: ${((mean - 1) * 100).toFixed(1)} % more time on the recorded programs (geometric mean; ` +
        'least of the medians of all turns).',
      'sodium_malloc: the turn of the event loop in which its memory goes back is inside its time.',
      `Load of the machine at the end: ${loadavg()[0].toFixed(1)}.`,
    ],
  }),
);
