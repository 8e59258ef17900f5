// Throughput of 1, 2 and 4 workers on one shared heap, all on one arena or each on its own, and of as many threads on the
// native malloc (bench/threads.c, compiled here). By turns in the same minutes; the best turn counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

const quick = process.argv.includes('--quick');
const turns = quick ? 1 : 5;
const operations = quick ? 100_000 : 1_000_000;
const path = (relative) => new URL(relative, import.meta.url).pathname;

function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args.map(String), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
  return stdout;
}

const folder = mkdtempSync(join(tmpdir(), 'chunkyard-threads-'));
try {
  const program = join(folder, 'threads');
  run('cc', '-O2', '-pthread', path('threads.c'), '-o', program);
  const cases = ['one', 'own'].flatMap((arenas) => [1, 2, 4].map((threads) => ({ arenas, threads })));
  for (const each of cases)
    Object.assign(each, { heap: 0, native: 0, waits: 0, heapCpu: Infinity, nativeCpu: Infinity });
  for (let turn = 0; turn < turns; turn++) {
    for (const each of cases) {
      const { threads, arenas } = each;
      const heap = JSON.parse(
        run(process.execPath, path('harness/threads-child.mjs'), threads, operations, arenas),
      );
      const [native, nativeCpu] = run(program, threads, operations, arenas).split(' ').map(Number);
      const rate = (ns) => (threads * operations * 1e3) / ns;
      if (rate(heap.ns) > each.heap)
        Object.assign(each, { heap: rate(heap.ns), waits: heap.waits / heap.sections });
      each.native = Math.max(each.native, rate(native));
      each.heapCpu = Math.min(each.heapCpu, heap.cpuNs / threads / operations);
      each.nativeCpu = Math.min(each.nativeCpu, nativeCpu / threads / operations);
    }
  }
  const rows = cases.map(({ arenas, threads, heap, native, waits, heapCpu, nativeCpu }) => [
    `${threads} thread${threads > 1 ? 's' : ''}, ${arenas === 'one' ? 'one arena' : 'own arenas'}`,
    ...[heap, native, heap / native, heapCpu, nativeCpu, 100 * waits],
  ]);
  console.log(
    JSON.stringify({
      title: 'millions of free and malloc in turn a second, all threads together; 1,000 blocks live in each',
      columns: [
        '',
        'shared heap',
        'native in C',
        'ratio',
        'heap, ns CPU',
        'native, ns CPU',
        'locks waited for, %',
      ],
      rows,
      notes: [
        `best of ${turns}; a quarter of the blocks is too large for the per-thread cache`,
        `load average ${loadavg()[0].toFixed(1)}: with more threads than free cores the numbers say little`,
      ],
    }),
  );
} finally {
  rmSync(folder, { recursive: true });
}
