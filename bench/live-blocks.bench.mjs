// What a pair of free and malloc costs with 100 to 1,000,000 blocks live, drawn as a curve. Each point is the best pass of
// fresh processes, allocators by turns. The C loop has no pause between making the blocks and the pairs, so its time is
// that of a trace with pairs less that of the same trace without.
import { spawnSync } from 'node:child_process';
import { NativeReplayer } from '../dist/compare/index.js';
import { describeMachine } from '../dist/costs/index.js';
import { renderLinePlot } from '../dist/view/index.js';
import { pairsAsTrace } from './harness/pairs.mjs';

const { cpu, kernel, node } = describeMachine();
const quick = process.argv.includes('--quick');
const turns = quick ? 1 : 5;
const budgetMs = quick ? 200 : 1000;
const counts = quick ? [100, 10_000] : [100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000];
const pairs = quick ? 50_000 : 400_000;
const native = 'native malloc, C';
const subjects = ['heap', 'dlmalloc in wasm (libsodium)'];

async function leastNs(trace) {
  const replayer = new NativeReplayer(trace);
  try {
    return Math.min(...(await replayer.time(quick ? 2 : 6, 1)).map(({ cpuNs }) => cpuNs));
  } finally {
    replayer.close();
  }
}

/** Best pass in a process of its own; null when the allocator cannot hold so many blocks. */
function timeHere(subject, name) {
  const script = new URL('harness/pairs-child.mjs', import.meta.url).pathname;
  const args = [script, subject, name, String(pairs), String(budgetMs)];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout).ns : null;
}

const series = [native, ...subjects].map((name) => ({ name, points: [] }));
for (const count of counts) {
  const name = `live-${count}`;
  const both = pairsAsTrace(name, pairs);
  const alone = pairsAsTrace(name, 0);
  const measured = series.map(() => []);
  for (let turn = 0; turn < turns; turn++) {
    measured[0].push(((await leastNs(both)) - (await leastNs(alone))) / pairs);
    for (const [k, subject] of subjects.entries()) {
      const ns = timeHere(subject, name);
      if (ns !== null) measured[k + 1].push(ns);
    }
  }
  for (const [k, all] of measured.entries()) {
    if (all.length === 0) continue;
    series[k].points.push({ x: count, y: Math.min(...all), low: Math.min(...all), high: Math.max(...all) });
  }
}

const ns = (value) => `${Number(value.toPrecision(3))} ns`;
const svg = renderLinePlot({
  title: 'A pair of free and malloc, by the number of live blocks',
  subtitle: [
    'blocks of 16 to 1024 bytes, log-uniform; best pass of CPU time, the interval up to the worst process',
    `${cpu}, ${kernel}, Node ${node}`,
  ],
  x: { label: 'live blocks', format: (value) => value.toLocaleString('en') },
  y: { label: 'ns per pair', format: ns, factor: 2 },
  series,
});
const yAt = (points, count) => points.find(({ x }) => x === count)?.y ?? null;
process.stdout.write(
  JSON.stringify({
    title: `a pair of free and malloc by live blocks, ns of CPU time, best pass of ${turns} fresh processes`,
    columns: ['live blocks', ...series.flatMap(({ name }, k) => (k === 0 ? [name] : [name, 'x C']))],
    rows: counts.map((count) => {
      const base = yAt(series[0].points, count);
      const cells = series.slice(1).flatMap(({ points }) => {
        const y = yAt(points, count);
        return [y, y === null ? null : y / base];
      });
      return [count.toLocaleString('en'), base, ...cells];
    }),
    notes: ['A dash: the allocator could not hold so many blocks.'],
    svg,
  }),
);
