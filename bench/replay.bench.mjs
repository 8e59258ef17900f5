// Recorded programs on each allocator, interleaved fresh processes; baseline: the platform's malloc in C. Once on a
// fresh heap, page faults and system calls included, and once on a heap that has run the trace before.
import { existsSync, readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import {
  allocatorNames,
  allocatorsFor,
  compareTrace,
  isPreloadName,
  measureApart,
  NativeReplayer,
  requirePreload,
  subjectNames,
} from '../dist/compare/index.js';
import { readTrace } from '../dist/trace/index.js';

const quick = process.argv.includes('--quick');
const named = process.argv.indexOf('--traces') + 1;
const folder = named > 0 ? process.argv[named] : new URL('../examples/traces', import.meta.url).pathname;
const files = readdirSync(folder).filter((file) => file.endsWith('.trace.gz'));
const turns = quick ? 1 : 3;
const budgetMs = quick ? 1000 : 8000;
/** A short trace has to be run more often, until the engine has compiled what it needs. */
const roundsOf = (trace) => (quick ? 10 : Math.min(400, Math.max(40, Math.ceil(4e6 / trace.operationCount))));

const hasHugePages = existsSync('/sys/kernel/mm/transparent_hugepage');

/** Least time of a run on a heap that has run the trace before; null for what has no heap. */
async function steady(trace, allocator) {
  if (allocator === 'buffer') return null;
  const rounds = roundsOf(trace);
  if (subjectNames.includes(allocator)) {
    const { rounds: all } = await measureApart(trace, allocator, { rounds, budgetMs, sameArena: true });
    return Math.min(...all.slice(1).map(({ cpuNs }) => cpuNs)) / trace.operationCount;
  }
  const preload = isPreloadName(allocator) ? { preload: requirePreload(allocator) } : {};
  const replayer = new NativeReplayer(trace, preload);
  try {
    const all = await replayer.time(1, rounds);
    return Math.min(...all.filter(({ round }) => round > 0).map(({ cpuNs }) => cpuNs)) / trace.operationCount;
  } finally {
    replayer.close();
  }
}

/** Interleaved: each turn every allocator runs once. */
async function steadyTimes(trace) {
  const best = new Map();
  for (let turn = 0; turn < turns; turn++) {
    for (const allocator of allocatorsFor(trace)) {
      const ns = await steady(trace, allocator);
      best.set(allocator, ns === null ? null : Math.min(ns, best.get(allocator) ?? Number.POSITIVE_INFINITY));
    }
  }
  return best;
}

/** Fresh heaps with the other sort of pages: ours with ordinary ones only, the native malloc told to ask for huge ones. */
async function withOtherPages(trace) {
  const best = new Map();
  const keep = (who, runs) => {
    const least = Math.min(...runs.map(({ cpuNs }) => cpuNs)) / trace.operationCount;
    best.set(who, Math.min(best.get(who) ?? Number.POSITIVE_INFINITY, least));
  };
  const environment = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };
  for (let turn = 0; turn < turns; turn++) {
    const options = { rounds: roundsOf(trace), budgetMs, transparentHugePages: false };
    keep('heap, ordinary pages', (await measureApart(trace, 'heap', options)).rounds.slice(1));
    const replayer = new NativeReplayer(trace, { environment });
    try {
      keep('native, hugetlb=1', await replayer.time(quick ? 3 : 20, 1));
    } finally {
      replayer.close();
    }
  }
  return best;
}

const rows = [];
const ratios = new Map(allocatorNames.map((name) => [name, { fresh: [], steady: [] }]));
for (const file of quick ? files.slice(0, 2) : files) {
  const trace = await readTrace(join(folder, file));
  const measured = await compareTrace(trace, { passes: turns, rounds: roundsOf(trace), budgetMs });
  const again = await steadyTimes(trace);
  const native = measured.find((row) => row.allocator === 'native');
  for (const row of measured) {
    const fresh = row.nsPerOperation / native.nsPerOperation;
    const ns = again.get(row.allocator);
    const warm = ns === null ? null : ns / again.get('native');
    ratios.get(row.allocator).fresh.push(fresh);
    if (warm !== null) ratios.get(row.allocator).steady.push(warm);
    const {
      trace: name,
      allocator,
      nsPerOperation,
      firstRunNsPerOperation,
      peakHeapBytes,
      minorFaults,
    } = row;
    const agrees = row.agreement ? (100 * row.agreement.equal) / row.agreement.placements : null;
    rows.push([
      ...[name, allocator, nsPerOperation, fresh, ns, warm, firstRunNsPerOperation],
      ...[peakHeapBytes, minorFaults, agrees],
    ]);
  }
  for (const [name, ns] of hasHugePages ? await withOtherPages(trace) : []) {
    const ratio = ns / native.nsPerOperation;
    if (!ratios.has(name)) ratios.set(name, { fresh: [], steady: [] });
    ratios.get(name).fresh.push(ratio);
    rows.push([trace.name, name, ns, ratio, null, null, null, null, null, null]);
  }
}
const mean = (values) =>
  values.length === 0
    ? null
    : Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
for (const [allocator, { fresh, steady: warm }] of ratios) {
  rows.push(['geometric mean', allocator, null, mean(fresh), null, mean(warm), null, null, null, null]);
}
process.stdout.write(
  JSON.stringify({
    title: 'least CPU time of a run, ns per operation',
    columns: [
      ...['trace', 'allocator', 'fresh heap', 'x native', 'same heap', 'x native', 'first run'],
      ...['peak heap bytes', 'minor faults', '% as native'],
    ],
    rows,
    notes: [
      'fresh heap: page faults and system calls of the run are inside the time, on both sides. same heap: the run is ' +
        'repeated on one heap, what it leaves is freed between, off the clock, on both sides: the pages are there.',
      "first run: the very first of a process; the engine's compilers are inside the time.",
      '% as native: blocks that lie where the native malloc puts them, of all blocks.',
      'pages: heap as it comes asks for huge ones beyond its first 132 KiB, the native malloc does not (docs/decisions/0010); here ' +
        'also mmapWindow({ transparentHugePages: false }) and GLIBC_TUNABLES=glibc.malloc.hugetlb=1, against the native malloc as it ' +
        'comes. On a virtual machine whose host has taken back what was free, huge pages can take many times as long.',
      'chunklist walks a list at each malloc, by design: it is for reading, not for speed.',
      'buffer is Buffer.allocUnsafeSlow; free only drops the reference, so its heap is not known.',
      `Load of the machine at the end: ${loadavg()[0].toFixed(1)}.`,
    ],
  }),
);
