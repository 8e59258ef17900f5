/** A heap in a file whose process stops between two stores, and what must hold of the heap that is opened then. */
import { type HeapFileError, MiB, type Random, seededRandom } from '../../lib/core/index.ts';
import { createFileHeap, type GlibcVersion, type Heap, openFileHeap } from '../../lib/heap/index.ts';
import { MemoryHeapFile } from './memory-heap-file.ts';
import { Stop, stopAfter, stopInside, watched } from './stop-inside.ts';

interface Block {
  pointer: number;
  bytes: number;
  mark: number;
}

/** How an opening ended. */
export type Outcome = 'intact' | 'recovered' | 'refused';

/** Lets the process stop at a store from now on. */
function stopHeap(heap: Heap, stores: number): void {
  const onStore = stopAfter(stores);
  const { w, h, b } = heap;
  Object.assign(heap, { w: watched(w, onStore), h: watched(h, onStore), b: watched(b, onStore) });
}

const fill = (bytes: Uint8Array, mark: number): void => {
  for (let k = 0; k < bytes.length; k++) bytes[k] = mark + 31 * k;
};

function isMarked(heap: Heap, { pointer, bytes, mark }: Block): boolean {
  const seen = heap.view(pointer);
  if (seen.length < bytes) return false;
  for (let k = 0; k < bytes; k++) if (seen[k] !== ((mark + 31 * k) & 255)) return false;
  return true;
}

/** One life of a heap; the blocks that are certainly live when it stops. */
class Life {
  readonly file = new MemoryHeapFile();
  readonly live: Block[] = [];
  readonly #heap: Heap;
  readonly #random: Random;
  readonly #sizes: readonly [number, number];

  constructor(glibc: GlibcVersion, random: Random) {
    this.#random = random;
    this.#heap = createFileHeap(this.file, { glibc, limitBytes: 16 * MiB, key: 0x1234_5678_9abc_def0n });
    this.#sizes = random.pick([
      [1, 100],
      [1, 1500],
      [200, 9000],
      [1, 60_000],
      [90_000, 300_000],
    ] as const);
  }

  run(): void {
    const steps = this.#random.integer(0, 250);
    for (let step = 0; step < steps; step++) this.#step();
    stopHeap(this.#heap, this.#random.integer(0, 60));
    try {
      for (;;) this.#step();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
    }
  }

  /** A block leaves the list before its call, and comes back behind it. */
  #step(): void {
    const random = this.#random;
    const bytes = random.integer(...this.#sizes);
    const action = random.integer(0, 20);
    const isFull = this.live.length > 60;
    if (this.live.length > 0 && (isFull || action < 9)) {
      const [block] = this.live.splice(random.integer(0, this.live.length - 1), 1);
      if (isFull || action < 7) this.#heap.free(block.pointer);
      else this.#keep(this.#heap.realloc(block.pointer, bytes), bytes);
    } else if (action === 19) this.#keep(this.#heap.memalign(256, bytes), bytes);
    else if (action === 20) this.#heap.trim(0);
    else this.#keep(this.#heap.malloc(bytes), bytes);
  }

  #keep(pointer: number | null, bytes: number): void {
    if (pointer === null) return;
    const mark = this.#random.integer(0, 255);
    fill(new Uint8Array(this.file.windowBuffer, pointer, bytes), mark);
    this.live.push({ pointer, bytes, mark });
  }
}

/** Puts a heap to use: blocks of all sizes. @returns its new blocks */
function use(heap: Heap, random: Random): Block[] {
  const blocks: Block[] = [];
  for (let count = 0; count < 150; count++) {
    const bytes = random.integer(1, random.pick([100, 1500, 20_000]));
    const pointer = heap.malloc(bytes);
    if (pointer === null) continue;
    const block = { pointer, bytes, mark: random.integer(0, 255) };
    fill(heap.view(pointer).subarray(0, bytes), block.mark);
    blocks.push(block);
  }
  return blocks;
}

/**
 * Lets a heap stop, opens it again and uses it.
 * @param seed of everything random
 * @returns how the opening ended
 * @throws Error when the heap is wrong and did not say so
 */
export function crashOnce(glibc: GlibcVersion, seed: number): Outcome {
  const random = seededRandom(seed);
  const life = new Life(glibc, random);
  life.run();
  if (random.integer(0, 3) === 0) life.file.nextAddress = 0x7e00_0000_0000n;
  let heap: Heap;
  const open = (): Heap => openFileHeap(life.file, { recover: true });
  try {
    // Some stop once more, in the middle of the repairs.
    const stores = random.integer(0, random.pick([20, 300, 3000]));
    if (random.integer(0, 1) === 0) stopInside(life.file.memory, stores, open);
    heap = open();
  } catch (error) {
    if ((error as HeapFileError).code === 'ERR_HEAP_FILE_DAMAGED') return 'refused';
    throw error;
  }
  const outcome = heap.recovery === null ? 'intact' : 'recovered';
  const fail = (what: string): never => {
    throw new Error(
      `glibc ${glibc}, seed ${seed}, ${outcome}: ${what} ${JSON.stringify(heap.recovery?.repairs)}`,
    );
  };
  const require = (when: string): void => {
    const [violation] = heap.check();
    if (violation) fail(`${when}: ${violation.rule} at ${violation.chunk}: ${violation.message}`);
    for (const block of life.live)
      if (!isMarked(heap, block)) fail(`${when}: block ${block.pointer} is lost`);
  };
  require('opened');
  const blocks = use(heap, random);
  require('used');
  for (const block of blocks) if (!isMarked(heap, block)) fail('new blocks overlap');
  for (const { pointer } of [...life.live.splice(0), ...blocks]) heap.free(pointer);
  require('emptied');
  return outcome;
}
