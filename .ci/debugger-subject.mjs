// The process a debugger attaches to in check-debugger.mjs: makes a thread-arena heap, fills every kind of list,
// prints as one line of JSON where it stands and what `chunks()` and `bins()` say, and waits until its input ends.
// Usage: node .ci/debugger-subject.mjs known|random|two-heaps VERSION
import { Heap } from '../dist/index.js';

const [scenario, glibc] = process.argv.slice(2);
const heap = Heap.create({ arena: 'thread', glibc });

const take = (count, bytes) => Array.from({ length: count }, () => heap.malloc(bytes));
const freeAll = (pointers) => {
  for (const p of pointers) heap.free(p);
};

const scenarios = {
  /** A known series: lists of the cache, two fastbins, small, large and unsorted chunks, top. */
  known() {
    const fast = [...take(10, 40), ...take(9, 100)];
    const full = [0x200, 0x300].flatMap((bytes) => take(7, bytes));
    // Blocks in use between them keep them from merging.
    const apart = [0x200, 0x200, 0x300, 0x800, 0x900, 0x840, 0x800, 0x3000].map((bytes) => {
      const block = heap.malloc(bytes);
      heap.malloc(200);
      return block;
    });
    const late = [0x600, 0x700].map((bytes) => {
      const block = heap.malloc(bytes);
      heap.malloc(200);
      return block;
    });
    freeAll([...full, ...apart]);
    heap.malloc(0x5000); // sorts: small and large bins
    freeAll(late); // stay unsorted
    freeAll(fast); // 7 and 7 cached, 3 and 2 in fastbins
  },
  /** 6,000 operations of all sizes, reproducible. */
  random() {
    let state = 12345;
    const below = (n) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    const live = [];
    for (let k = 0; k < 6000; k++) {
      const isFree = live.length > 0 && below(100) < 45;
      if (isFree) heap.free(live.splice(below(live.length), 1)[0]);
      else live.push(heap.malloc(Math.floor(16 * 2 ** (below(1100) / 100))));
    }
  },
  /** More than one 64 MiB heap in the arena. */
  'two-heaps'() {
    heap.mallopt('mmap_threshold', 32 * 2 ** 20);
    const blocks = take(15, 10 * 2 ** 20);
    heap.malloc(24);
    freeAll(blocks.filter((_, k) => k % 3 === 1));
  },
};

scenarios[scenario]();

const size = (bytes) => bytes.toString(16);
const address = (offset) => heap.address(offset).toString(16);
const all = heap.chunks().filter(({ region }) => region === 'thread');
// The word that ends a heap which another one continues has size 0: debuggers stop there.
const chunks = all.filter(({ state }, k) => state !== 'fence' || all[k - 1].state !== 'fence');
const byOffset = new Map(chunks.map((chunk) => [chunk.offset, chunk]));
const entry = ({ pointer, sizeBytes, flags }) => ({ at: address(pointer), size: size(sizeBytes), flags });
const lists = Object.entries(heap.bins()).flatMap(([kind, found]) =>
  // A debugger numbers the bins from the unsorted one, which is bin 1 here.
  found.map(({ index, chunks: offsets }) => ({
    name: `${kind} ${kind === 'tcache' || kind === 'fastbins' ? index : index - 1}`,
    chunks: offsets.map((offset) => entry(byOffset.get(offset))),
  })),
);
const landmarks = Object.entries(heap.landmarks()).map(([name, at]) => [name, `0x${at.toString(16)}`]);
process.stdout.write(
  `${JSON.stringify({
    pid: process.pid,
    landmarks: Object.fromEntries(landmarks),
    chunks: chunks.map((chunk) => ({ ...entry(chunk), state: chunk.state })),
    lists,
    problems: heap.check(),
  })}\n`,
);
process.stdin.resume();
