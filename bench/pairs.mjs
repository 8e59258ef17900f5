/**
 * Free-and-malloc pairs on the simulated heap, in the built package: 1,000 live blocks of uniform and log-uniform
 * sizes 16..4096, and cache hits only. CPU time of the process, best of the passes.
 *
 *   node bench/pairs.mjs [--glibc 2.36] [--arena main|thread] [--only uniform|log|cache]
 */
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/core/index.js';
import { bufferWindow, Heap } from '../dist/heap/index.js';

const { values } = parseArgs({
  options: {
    glibc: { type: 'string', default: '2.36' },
    arena: { type: 'string', default: 'main' },
    only: { type: 'string' },
  },
});
const pairCount = 400_000;
const passes = 12;

function openHeap() {
  return Heap.create({
    glibc: values.glibc,
    arena: values.arena,
    source: bufferWindow({ sizeBytes: 2 ** 30 }),
  });
}

/** Runs `pass` again and again; returns the least nanoseconds for one of `count`. */
function best(count, pass) {
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < passes; k++) {
    const start = process.cpuUsage();
    pass();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, ((user + system) * 1000) / count);
  }
  return least;
}

function pairs(sizeOf) {
  const heap = openHeap();
  const random = seededRandom(1);
  const sizes = Uint32Array.from({ length: pairCount }, () => sizeOf(random));
  const slots = Int32Array.from({ length: pairCount }, () => random.integer(0, 999));
  const live = Uint32Array.from({ length: 1000 }, (_, k) => heap.malloc(sizes[k]));
  return best(pairCount, () => {
    for (let k = 0; k < pairCount; k++) {
      const slot = slots[k];
      heap.free(live[slot]);
      live[slot] = heap.malloc(sizes[k]);
    }
  });
}

function cacheHits() {
  const heap = openHeap();
  const live = new Uint32Array(16);
  return best(pairCount, () => {
    for (let k = 0; k < pairCount; k += 16) {
      for (let i = 0; i < 16; i++) live[i] = heap.malloc(24 + 64 * i);
      for (let i = 0; i < 16; i++) heap.free(live[i]);
    }
  });
}

const cases = {
  uniform: () => pairs((random) => random.integer(16, 4096)),
  log: () => pairs((random) => Math.floor(2 ** (4 + 8 * random.fraction()))),
  cache: cacheHits,
};
console.log(`Node ${process.version}, glibc ${values.glibc}, ${values.arena} arena, ns per free and malloc`);
for (const [name, run] of Object.entries(cases)) {
  if (values.only === undefined || values.only === name) console.log(name.padEnd(8), run().toFixed(1));
}
