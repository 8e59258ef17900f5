// What guards cost: a pair of malloc and free, against the plain heap and against sodium-native's guarded allocation;
// and one allocation in a thousand guarded, on recorded programs, against the same heap without.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { summarize } from '../dist/core/index.js';

const quick = process.argv.includes('--quick');
const pairTurns = quick ? 1 : 3;
const pairBudgetMs = quick ? 150 : 800;
// Turns are short, so that what else the machine does meets all sides, but long enough to forget whose caches they began
// with. Warm means warm: after one second the engine has not yet compiled all of the code that one allocation in a
// thousand runs. Two processes of one side differ by more than samples cost, so there are some.
const turnMs = 50;
const plan = quick
  ? { launches: 1, sums: 6, turns: 2, warmMs: 600 }
  : { launches: 6, sums: 12, turns: 2, warmMs: 4000 };
const named = process.argv.indexOf('--traces') + 1;
const folder = named > 0 ? process.argv[named] : new URL('../examples/traces', import.meta.url).pathname;
const child = new URL('harness/guards-child.mjs', import.meta.url).pathname;
const traces = readdirSync(folder).filter((file) => file.endsWith('.trace.gz'));

function measurePair(subject) {
  const args = [child, 'pair', subject, String(pairBudgetMs)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${subject}: ${stderr}`);
  return JSON.parse(stdout);
}

const pairSubjects = [
  'Heap',
  'GuardedHeap, sampled 1/1000',
  'GuardedHeap, record, no stacks',
  'GuardedHeap, record',
  'GuardedHeap, die (default)',
  'GuardedHeap, record, mprotect',
  'sodium_malloc',
];

function pairRows() {
  const best = new Map(pairSubjects.map((subject) => [subject, Number.POSITIVE_INFINITY]));
  for (let turn = 0; turn < pairTurns; turn++) {
    for (const subject of pairSubjects) best.set(subject, Math.min(best.get(subject), measurePair(subject)));
  }
  const sodium = best.get('sodium_malloc');
  return pairSubjects.map((subject) => {
    const ns = best.get(subject);
    return ['a pair', subject, ns, ns / best.get('Heap'), sodium / ns, null];
  });
}

const sampled = { sampleRate: 1000, checkAtExit: false };
const traceSubjects = {
  Heap: 'plain',
  'GuardedHeap, sampled 1/1000': JSON.stringify(sampled),
  'the same, sampleShare: 1': JSON.stringify({ ...sampled, sampleShare: 1 }),
};

/** Only one side runs at a time: where the system can say so, all on the same processor. */
const hasTaskset = spawnSync('taskset', ['-c', '0', 'true']).status === 0;
const onOneProcessor = hasTaskset ? ['taskset', '-c', String(availableParallelism() - 1)] : [];

/** A process that answers each line with a turn's numbers. */
function launch(options, file) {
  const [command, ...args] = [
    ...onOneProcessor,
    process.execPath,
    child,
    'trace',
    options,
    join(folder, file),
  ];
  const process_ = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  const run = async (milliseconds) => {
    process_.stdin.write(`${milliseconds}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${options} on ${file} ended early`);
    return JSON.parse(value);
  };
  return { run, end: () => process_.stdin.end() };
}

/** One side's turns; a sampled one runs half of them without samples, in the same process. */
async function launchSides(file) {
  return Object.values(traceSubjects).map((options) => ({
    ...launch(options, file),
    isSampled: options !== 'plain',
  }));
}

const emptyTotal = () => ({ ns: 0, operations: 0, allocations: 0, guarded: 0 });
const addTo = (total, numbers) => {
  for (const key of Object.keys(numbers)) total[key] += numbers[key];
};

/** Turn by turn, each beginning with another subject. @returns of each launch and subject: sums of turns, with and without samples */
async function duel(file) {
  const launches = [];
  for (let launched = 0; launched < plan.launches; launched++) {
    const sides = await launchSides(file);
    for (const side of sides) await side.run(plan.warmMs);
    const sums = sides.map(() => ({ on: [], off: [] }));
    for (let k = 0; k < plan.sums; k++) {
      for (const [side, { on, off }] of (await sumTurns(sides)).entries()) {
        sums[side].on.push(on);
        sums[side].off.push(off);
      }
    }
    launches.push(sums);
    for (const side of sides) side.end();
  }
  return launches;
}

async function sumTurns(sides) {
  const totals = sides.map(() => ({ on: emptyTotal(), off: emptyTotal() }));
  for (let turn = 0; turn < plan.turns; turn++) {
    for (let k = 0; k < sides.length; k++) {
      const side = (k + turn) % sides.length;
      const modes = turn % 2 === 0 ? ['off', 'on'] : ['on', 'off'];
      for (const mode of modes) {
        addTo(totals[side][mode], await sides[side].run(mode === 'on' ? turnMs : `${turnMs} off`));
      }
    }
  }
  return totals;
}

const median = (list) => summarize(list).medianNs;
const sum = (turns, key) => turns.reduce((total, turn) => total + turn[key], 0);
const each = (turn) => turn.ns / turn.operations;
const percent = (ratio) => `${((ratio - 1) * 100).toFixed(1)} %`;

function judge(file, launches) {
  const name = file.replace('.trace.gz', '');
  const plain = launches.map(([{ on, off }]) => median([...on, ...off].map(each)));
  const verdicts = Object.keys(traceSubjects).map((_, side) => {
    const on = launches.flatMap((sides) => sides[side].on);
    const off = launches.flatMap((sides) => sides[side].off);
    return {
      on,
      ns: median(on.map(each)),
      // Of turns that stand beside each other in one process.
      ofSamples: on.map((turn, k) => each(turn) / each(off[k])),
      // Of processes: each has memory and machine code of its own, so these differ by some percent.
      ofClass: launches.map((sides, k) => median(sides[side].off.map(each)) / plain[k]),
    };
  });
  const rows = Object.keys(traceSubjects).map((subject, side) => {
    const { on, ns, ofSamples, ofClass } = verdicts[side];
    const guarded = sum(on, 'guarded');
    const rarity = guarded === 0 ? null : `1 in ${Math.round(sum(on, 'allocations') / guarded)}`;
    const ratio = side === 0 ? 1 : median(ofSamples) * median(ofClass);
    return [name, subject, ns, ratio, null, side === 0 ? null : (rarity ?? 'none')];
  });
  const [, sampledSide, wholeSide] = verdicts;
  /** What a guarded block costs, malloc, free and what they do to the rest. */
  const microseconds = ({ on, ns, ofSamples }) => {
    const ratio = median(ofSamples);
    return (((1 - 1 / ratio) * ns * sum(on, 'operations')) / sum(on, 'guarded') / 1000).toFixed(1);
  };
  const samples = summarize(sampledSide.ofSamples);
  const share = summarize(sampledSide.ofClass);
  const seconds = sum(sampledSide.on, 'ns') / 1e9;
  const note =
    `${name}: samples ${percent(samples.medianNs)} more time (95 % interval of the median ${percent(samples.lowNs)} to ${percent(samples.highNs)}), ` +
    `counting to them ${percent(share.medianNs)} (${percent(share.lowNs)} to ${percent(share.highNs)}); ${sum(sampledSide.on, 'guarded')} of ` +
    `${(sum(sampledSide.on, 'allocations') / 1e6).toFixed(1)} million allocations guarded, ` +
    `${Math.round(sum(sampledSide.on, 'guarded') / seconds)} a second of CPU time, ${microseconds(sampledSide)} us each. With stacks and a slot of its own a block costs ` +
    `${microseconds(wholeSide)} us.`;
  return { rows, note, limited: rows[1][3], unlimited: rows[2][3], samples: samples.medianNs };
}

const rows = pairRows();
const notes = [];
const shares = { limited: [], unlimited: [], samples: [] };
for (const file of quick ? traces.slice(0, 1) : traces) {
  const verdict = judge(file, await duel(file));
  rows.push(...verdict.rows);
  notes.push(verdict.note);
  for (const key of Object.keys(shares)) shares[key].push(verdict[key]);
}
const mean = (list) => Math.exp(list.reduce((total, share) => total + Math.log(share), 0) / list.length);
process.stdout.write(
  JSON.stringify({
    title: 'ns of CPU time: a pair of malloc(100), a write, free; or an operation of a recorded program',
    columns: ['what', 'allocator', 'ns', 'x Heap', 'sodium takes, times', 'guarded'],
    rows,
    notes: [
      `sampleRate 1000: ${percent(mean(shares.samples))} more time for samples on the recorded programs (geometric mean of the medians of ` +
        `${plan.launches * plan.sums} ratios of turns with and without, in one process); ${percent(mean(shares.limited))} with counting to them, which only ` +
        `different processes tell; ${percent(mean(shares.unlimited))} with sampleShare: 1, which gives each of them stacks and closes its page at free.`,
      'These loops do nothing but allocate, so the default share of the time is used up at once, and nearly all samples lie in racks:',
      ...notes,
      'a pair: the plain heap is never left its fast path there, so the compiler leaves its slow paths out of the loop; a sample takes one.',
      'sodium_malloc: the turn of the event loop in which its memory goes back is inside its time.',
      `Load of the machine at the end: ${loadavg()[0].toFixed(1)}.`,
    ],
  }),
);
