// The workload of pairs.bench.mjs: blocks are live all the time; each pair frees one, chosen at random, and allocates
// another in its place. The same arrays for every allocator, made from a seed.
import { seededRandom } from '../../dist/core/index.js';
import { parseTrace } from '../../dist/trace/index.js';

/** Requests of a workload: how many blocks are live, and how large the next one is. */
export const workloads = {
  uniform: { live: 1000, size: (random) => random.integer(16, 4096) },
  log: { live: 1000, size: (random) => Math.floor(16 * 256 ** random.fraction()) },
  // A block goes and one of the same size comes: always a hit in the per-thread cache.
  cached: { live: 16, size: (_, slot) => 16 * (slot + 1) },
};

/** @returns the workload of a name; `live-N` keeps N blocks of 16 to 1024 bytes, log-uniform */
function workloadOf(name) {
  const live = Number(name.match(/^live-(\d+)$/)?.[1]);
  return workloads[name] ?? { live, size: (random) => Math.floor(16 * 64 ** random.fraction()) };
}

/** @returns arrays: sizes of the blocks at first, then slot and new size of each pair */
export function makePairs(name, pairs) {
  const random = seededRandom(20_260);
  const { live, size } = workloadOf(name);
  const first = Float64Array.from({ length: live }, (_, slot) => size(random, slot));
  const slots = new Uint32Array(pairs);
  const sizes = new Uint32Array(pairs);
  for (let k = 0; k < pairs; k++) {
    slots[k] = random.integer(0, live - 1);
    sizes[k] = size(random, slots[k]);
  }
  return { live, first, slots, sizes };
}

/** @returns the same as a trace, for the native replayer */
export function pairsAsTrace(name, pairs) {
  const { first, slots, sizes } = makePairs(name, pairs);
  const lines = ['# heap-trace 1', `# name pairs-${name}`];
  for (const [slot, size] of first.entries()) lines.push(`a ${slot} ${size}`);
  for (let k = 0; k < pairs; k++) lines.push(`f ${slots[k]}`, `a ${slots[k]} ${sizes[k]}`);
  return parseTrace(new TextEncoder().encode(`${lines.join('\n')}\n`), { name });
}
