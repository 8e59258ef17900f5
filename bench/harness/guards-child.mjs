// One side of guards.bench.mjs, in a process of its own. `pair SUBJECT BUDGET_MS` prints the least CPU time of a pair
// (malloc, a write to the first byte, free). `trace OPTIONS FILE` replays a trace for as many milliseconds as each line
// on standard input says, without samples if it says `off` too, and prints the CPU time of that turn, its operations, and
// how many blocks it guarded.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { GuardedHeap, Heap, readTrace } from '../../dist/index.js';
import { freeLeftovers, loopProgram, replayLoop } from '../../dist/trace/index.js';

/** Allocations until the next sample. */
const never = 2 ** 30;

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

/** One heap, warm: what a long-running program sees. All of a turn counts: a least time would be one without samples. */
async function serveTrace(options, file) {
  const trace = await readTrace(file);
  const program = loopProgram(trace);
  const heap = options === 'plain' ? Heap.create() : GuardedHeap.create(JSON.parse(options));
  const isAllocation = (opcode) => 'acm'.includes(String.fromCharCode(opcode));
  const allocationsPerRound = trace.opcodes.filter(isAllocation).length;
  // While others have their turns no time passes for the sampler, which may take a share of it.
  const now = performance.now.bind(performance);
  let waitedMs = 0;
  let waitingSince = now();
  performance.now = () => now() - waitedMs;
  for await (const line of createInterface({ input: process.stdin })) {
    waitedMs += now() - waitingSince;
    const [milliseconds, isOff] = line.split(' ');
    const guardedBefore = heap.guardedCount ?? 0;
    if (heap.guardedCount !== undefined) heap.untilSample = isOff ? never : heap.sampled.next();
    const before = process.cpuUsage();
    const end = performance.now() + Number(milliseconds);
    let rounds = 0;
    do {
      replayLoop(program, heap);
      freeLeftovers(program, heap);
      rounds++;
    } while (performance.now() < end);
    const ns = cpuNs(before);
    const guarded = (heap.guardedCount ?? 0) - guardedBefore;
    const operations = rounds * trace.operationCount;
    console.log(JSON.stringify({ ns, operations, allocations: rounds * allocationsPerRound, guarded }));
    waitingSince = now();
  }
}

const [, , kind, subject, argument] = process.argv;
if (kind === 'pair') console.log(JSON.stringify(await pairs(subject, Number(argument))));
else await serveTrace(subject, argument);
