// One heap with one defence under one trace, in a process of its own: `GLIBC DEFENCE|none FILE BUDGET_MS`.
// Prints the CPU time of an operation (least and median pass, warm) and the most bytes the heap ever took.
import { Heap, readTrace } from '../../dist/index.js';
import { freeLeftovers, loopProgram, replayLoop } from '../../dist/trace/index.js';

const [, , glibc, defence, file, budgetMs] = process.argv;
const heap = Heap.create({ glibc, defences: defence === 'none' ? [] : [defence] });
const trace = await readTrace(file);
const program = loopProgram(trace);
const times = [];
const start = process.cpuUsage();
// The budget is CPU time: on a busy machine the clock would end before the engine has compiled.
while (times.length < 5 || cpuMs(process.cpuUsage(start)) < Number(budgetMs)) {
  const before = process.cpuUsage();
  let rounds = 0;
  // A short trace is run several times: the clock has steps of a microsecond.
  do {
    replayLoop(program, heap);
    freeLeftovers(program, heap);
  } while (++rounds * trace.operationCount < 50_000);
  times.push((cpuMs(process.cpuUsage(before)) * 1e6) / rounds / trace.operationCount);
}
times.sort((a, b) => a - b);
const { peakHeapBytes } = heap.stats();
console.log(JSON.stringify({ least: times[0], median: times[times.length >> 1], peakHeapBytes }));

function cpuMs({ user, system }) {
  return (user + system) / 1000;
}
