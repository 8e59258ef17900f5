/**
 * A process that stops between any two stores while it rewrites the links of a heap file for another address: the next
 * opening, at whatever address, finishes that, and the heap is the same as one that was never moved.
 *
 * CHUNKYARD_RUNS stops more often, CHUNKYARD_SEED elsewhere.
 */
import { describe, expect, it } from 'vitest';
import { type HeapFileError, MiB, seededRandom } from '../../lib/core/index.ts';
import {
  createFileHeap,
  type GlibcVersion,
  type Heap,
  openFileHeap,
  profiles,
} from '../../lib/heap/index.ts';
import { MemoryHeapFile } from '../helpers/memory-heap-file.ts';
import { stopInside } from '../helpers/stop-inside.ts';

const seed = Number(process.env.CHUNKYARD_SEED ?? 91_000);
const stops = 4 * Number(process.env.CHUNKYARD_RUNS ?? 1);
const bases = [0x7f00_0000_0000n, 0x7e00_0000_0000n, 0x5500_0000_0000n];
const sizes = [24, 40, 100, 130, 500, 1200, 5000, 30_000, 200_000];
const versions = Object.keys(profiles) as GlibcVersion[];

/** A closed heap with something on every kind of list; the same at each call. */
function closedFile(glibc: GlibcVersion): { file: MemoryHeapFile; live: Map<number, number> } {
  const file = new MemoryHeapFile();
  const heap = createFileHeap(file, { glibc, limitBytes: 16 * MiB, key: 0x1234_5678_9abc_def0n });
  const pointers = Array.from({ length: 250 }, (_, k) => heap.malloc(sizes[(k * 7) % sizes.length] + k) ?? 0);
  const live = new Map<number, number>();
  pointers.forEach((pointer, k) => {
    heap.view(pointer).fill(k);
    if (k % 3 === 0) live.set(pointer, k & 255);
    else heap.free(pointer);
    // Sorts what is free so far into bins.
    if (k === 120) heap.malloc(6000);
  });
  heap.root = pointers[0];
  heap.destroy();
  return { file, live };
}

/** All that a program sees of a heap, and where it places the next blocks. */
function faceOf(heap: Heap): string {
  const chunks = heap.chunks().map(({ offset, sizeBytes, state }) => [offset, sizeBytes, state]);
  const bins = heap.bins();
  const violations = heap.check();
  return JSON.stringify([violations, heap.root, chunks, bins, sizes.map((size) => heap.malloc(size))]);
}

function requireLive(heap: Heap, live: Map<number, number>): void {
  for (const [pointer, mark] of live) expect(heap.view(pointer).every((byte) => byte === mark)).toBe(true);
}

function openAt(file: MemoryHeapFile, base: bigint, options = {}): Heap {
  file.nextAddress = base;
  return openFileHeap(file, options);
}

describe.each(versions)('a heap file of glibc %s whose move stops anywhere', (glibc) => {
  const random = seededRandom(seed);
  const { file: first } = closedFile(glibc);
  const stores = stopInside(first.memory, Number.POSITIVE_INFINITY, () => void openAt(first, bases[1]));
  const expected = faceOf(openAt(closedFile(glibc).file, bases[0]));

  it('is the same heap at the next opening', () => {
    for (let count = 0; count < stops; count++) {
      const { file, live } = closedFile(glibc);
      const at = [random.integer(0, stores), random.integer(0, stores)];
      const where = random.pick(bases.slice(1));
      const again = random.pick(bases);
      stopInside(file.memory, at[0], () => void openAt(file, where));
      if (random.integer(0, 1) === 0) stopInside(file.memory, at[1], () => void openAt(file, again));
      const heap = openAt(file, random.pick(bases));
      const context = `seed ${seed}, move ${count}, stopped at ${at} of ${stores}`;
      expect(heap.recovery, context).toBe(null);
      requireLive(heap, live);
      expect(faceOf(heap), context).toBe(expected);
    }
  });

  it('is recovered, or refused, where the disk had no room for a note', () => {
    const outcomes = new Set<string>();
    for (let count = 0; count < stops; count++) {
      const { file, live } = closedFile(glibc);
      file.hasRoom = false;
      stopInside(file.memory, random.integer(0, stores), () => void openAt(file, bases[1]));
      let heap: Heap;
      try {
        heap = openAt(file, random.pick(bases));
      } catch (error) {
        expect((error as HeapFileError).code).toBe('ERR_HEAP_FILE_DAMAGED');
        heap = openAt(file, random.pick(bases), { recover: true });
        expect(heap.recovery?.repairs).not.toEqual([]);
      }
      outcomes.add(heap.recovery ? 'recovered' : 'intact');
      expect(heap.check()).toEqual([]);
      requireLive(heap, live);
    }
    expect(outcomes).toContain('recovered');
  });
});
