// One measurement of guards.bench.mjs, in a process of its own: `pair SUBJECT BUDGET_MS` or `trace SUBJECT FILE BUDGET_MS`.
// Prints the least CPU time of a pair (malloc, a write to the first byte, free), or of an operation of the trace.
import { createRequire } from 'node:module';
import { GuardedHeap, Heap, readTrace } from '../../dist/index.js';
import { freeLeftovers, replayLoop } from '../../dist/trace/index.js';

const sizeBytes = 100;
const batch = 500;

const guarded = (options) => () => pairsOf(GuardedHeap.create({ checkAtExit: false, ...options }));

/** Makers of a function that runs a batch of pairs. */
const subjects = {
  Heap: () => pairsOf(Heap.create()),
  'GuardedHeap, sampled 1/1000': guarded({ sampleRate: 1000 }),
  'GuardedHeap, record': guarded({ policy: 'record' }),
  'GuardedHeap, record, no stacks': guarded({ policy: 'record', stackFrames: 0 }),
  'GuardedHeap, record, mprotect': guarded({ policy: 'record', method: 'mprotect' }),
  'GuardedHeap, die (default)': guarded({}),
  sodium_malloc: () => {
    const sodium = createRequire(import.meta.url)('sodium-native');
    return () => {
      for (let k = 0; k < batch; k++) {
        const block = sodium.sodium_malloc(sizeBytes);
        block[0] = 1;
        sodium.sodium_free(block);
      }
    };
  },
};

function pairsOf(heap) {
  const { bytes } = heap;
  return () => {
    for (let k = 0; k < batch; k++) {
      const block = heap.malloc(sizeBytes);
      bytes[block] = 1;
      heap.free(block);
    }
  };
}

function cpuNs(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) * 1000;
}

/** sodium-native gives memory back in finalizers: the event loop must turn, and that is part of its price. */
async function pairs(subject, budgetMs) {
  const run = subjects[subject]();
  const end = performance.now() + budgetMs;
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < 4 || performance.now() < end; pass++) {
    const before = process.cpuUsage();
    for (let k = 0; k < 10; k++) {
      run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    least = Math.min(least, cpuNs(before) / (10 * batch));
  }
  return least;
}

/** One heap, warm: what a long-running program sees. */
async function traceTime(subject, file, budgetMs) {
  const trace = await readTrace(file);
  const heap = subject === 'Heap' ? Heap.create() : GuardedHeap.create({ sampleRate: Number(subject) });
  const pointers = new Float64Array(trace.blockCount);
  const times = [];
  const end = performance.now() + budgetMs;
  while (times.length < 8 || performance.now() < end) {
    const before = process.cpuUsage();
    let rounds = 0;
    // A short trace is run several times: the clock has steps of a microsecond, and the samples are few.
    do {
      replayLoop(trace, heap, pointers);
      freeLeftovers(heap, pointers);
    } while (++rounds * trace.operationCount < 200_000);
    times.push(cpuNs(before) / rounds / trace.operationCount);
  }
  // Least and median: samples come at random, the least is a lucky pass.
  times.sort((a, b) => a - b);
  return { least: times[0], median: times[times.length >> 1] };
}

const [, , kind, subject, ...rest] = process.argv;
const answer =
  kind === 'pair'
    ? await pairs(subject, Number(rest[0]))
    : await traceTime(subject, rest[0], Number(rest[1]));
console.log(JSON.stringify(answer));
