// free and malloc in turn with 1,000 blocks live, each allocator in fresh processes, turn by turn; baseline: the
// platform's malloc called from C.
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { NativeReplayer } from '../dist/compare/index.js';
import { makePairs, pairsAsTrace, workloads } from './harness/pairs.mjs';

const quick = process.argv.includes('--quick');
const turns = quick ? 1 : 5;
const budgetMs = quick ? 250 : 1500;
const pairs = 200_000;
/** These take microseconds for a pair: shorter passes, so that there are some. */
const slow = ['chunklist', '@thi.ng/malloc'];
const subjects = [
  'heap',
  'heap on an ArrayBuffer',
  'heap, glibc 2.31',
  'heap, glibc 2.43',
  'heap, strict',
  '16 heaps by turns',
  'heap, a Uint8Array per block',
  'heap, a Buffer per block',
  'native malloc through the addon',
  'dlmalloc in wasm (libsodium)',
  'Buffer.allocUnsafeSlow',
  'chunklist',
  '@thi.ng/malloc',
];
const names = Object.keys(workloads);

function runChild(script, args, nodeArgs = []) {
  const path = new URL(`harness/${script}`, import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeArgs, path, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${script} ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Nanoseconds per pair of the best pass; the first pass of a process makes the heap, and is left out. */
async function timeNative(name) {
  const trace = pairsAsTrace(name, pairs);
  const replayer = new NativeReplayer(trace);
  try {
    const rounds = await replayer.time(1, quick ? 4 : 40);
    return Math.min(...rounds.filter(({ round }) => round > 0).map(({ cpuNs }) => cpuNs / pairs));
  } finally {
    replayer.close();
  }
}

const best = new Map();
const keep = (subject, name, ns) => {
  const key = `${subject}/${name}`;
  best.set(key, Math.min(ns, best.get(key) ?? Number.POSITIVE_INFINITY));
};
const collected = new Map();
for (let turn = 0; turn < turns; turn++) {
  for (const name of names) {
    keep('native malloc, C', name, await timeNative(name));
    for (const subject of subjects) {
      const length = slow.includes(subject) ? pairs / 40 : pairs;
      const {
        ns,
        pairs: done,
        collections,
      } = runChild('pairs-child.mjs', [...[subject, name, String(length), String(budgetMs)]]);
      keep(subject, name, ns);
      const sum = collected.get(subject) ?? { pairs: 0, collections: 0 };
      collected.set(subject, { pairs: sum.pairs + done, collections: sum.collections + collections });
    }
  }
}

const cells = (subject) =>
  names.flatMap((name) => {
    const ns = best.get(`${subject}/${name}`);
    return [ns, ns / best.get(`native malloc, C/${name}`)];
  });
const perTenMillion = (subject) => {
  const { pairs: done, collections } = collected.get(subject);
  return ((collections * 1e7) / done).toFixed(1);
};
const opening = runChild('open-child.mjs', [], ['--expose-gc']);
const [uniform, log] = ['uniform', 'log'].map(
  (name) => best.get(`@thi.ng/malloc/${name}`) / best.get(`heap/${name}`),
);
const live = makePairs('uniform', 1).first.length;
const round = (value) => Number(value.toPrecision(3));
process.stdout.write(
  JSON.stringify({
    title: `a pair of free and malloc, ns of CPU time, best pass of ${turns} fresh processes`,
    columns: ['allocator', ...names.flatMap((name) => [name, 'x C'])],
    rows: ['native malloc, C', ...subjects].map((subject) => [subject, ...cells(subject)]),
    notes: [
      `uniform and log(-uniform): ${live} blocks of 16 to 4096 bytes live, the one freed chosen at random; cached: 16 live, ` +
        'a block goes and one of its size comes.',
      'The C loop decodes 16-byte records; the loops in JavaScript read two typed arrays. All integrity checks are on.',
      `@thi.ng/malloc takes ${round(uniform)} (uniform) and ${round(log)} (log) times as long as heap.`,
      `Garbage collections in 10 million pairs: heap ${perTenMillion('heap')}, with a Uint8Array per block ` +
        `${perTenMillion('heap, a Uint8Array per block')}, Buffer.allocUnsafeSlow ${perTenMillion('Buffer.allocUnsafeSlow')}.`,
      `Opening a heap: ${round(opening.openedUs[0])} us (median), ${round(opening.openedUs[1])} us (p90), with its first ` +
        `malloc ${round(opening.servedUs[0])} us; the first of a process ${round(opening.firstUs / 1000)} ms; closing ` +
        `${round(opening.closedUs[0])} us. Memory of the process beside the arena: ${round(opening.bytesOutside / 1024)} KiB.`,
      `Load of the machine at the end: ${loadavg()[0].toFixed(1)}.`,
    ],
  }),
);
