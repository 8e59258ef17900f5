/** Several threads on one heap: whose arena is whose, and what may not be asked. */
import { describe, expect, test } from 'vitest';
import { Heap, type HeapOptions } from '../../../lib/heap/index.ts';

/** @returns the arena of each thread after its first malloc, in the order of the threads */
function arenasOf(threads: number, options: HeapOptions = {}): (bigint | null)[] {
  using heap = Heap.create({ threads, ...options });
  return Array.from({ length: threads }, (_, thread) => {
    heap.enterThread(thread);
    heap.malloc(24);
    return heap.landmarks().arena;
  });
}

describe('arenas', () => {
  test('each thread has its own', () => {
    expect(new Set(arenasOf(5)).size).toBe(5);
  });

  test('arena_max 1: all share the main one', () => {
    const arenas = arenasOf(4, { tunables: { arena_max: 1 } });
    expect(new Set(arenas).size).toBe(1);
  });

  test('arena_max 3: then they take turns, the main one first, the newest next', () => {
    const [main, first, second, ...rest] = arenasOf(8, { tunables: { arena_max: 3 } });
    expect(new Set([main, first, second]).size).toBe(3);
    expect(rest).toEqual([main, second, first, main, second]);
  });

  test('without a limit of its own, 8 for each core; up to 8 threads nobody counts', () => {
    expect(new Set(arenasOf(14)).size).toBe(9);
    expect(new Set(arenasOf(14, { cores: 2 })).size).toBe(14);
    expect(new Set(arenasOf(20, { cores: 2, limitBytes: 2 ** 31 })).size).toBe(16);
    expect(new Set(arenasOf(14, { tunables: { arena_test: 3 } })).size).toBe(8);
  });
});

test('each thread has its own cache; a block goes back to the arena that it came from', () => {
  using heap = Heap.create({ threads: 2 });
  const a = heap.malloc(24)!;
  heap.enterThread(1);
  heap.malloc(24);
  heap.free(a);
  heap.enterThread(0);
  expect(heap.malloc(24)).not.toBe(a);
  heap.enterThread(1);
  expect(heap.malloc(24)).toBe(a);
  const large = heap.malloc(5000)!;
  const fence = heap.malloc(24)!;
  heap.enterThread(0);
  heap.free(large);
  expect(heap.malloc(5000)).not.toBe(large);
  heap.enterThread(1);
  expect(heap.malloc(5000)).toBe(large);
  heap.enterThread(0);
  heap.free(fence);
  expect(heap.malloc(24)).toBe(fence);
});

test('mallopt sets the limit, and ignores what is no limit', () => {
  using heap = Heap.create({ threads: 3 });
  expect(heap.mallopt('arena_max', 0)).toBe(true);
  expect(heap.mallopt('arena_max', 1)).toBe(true);
  heap.enterThread(1);
  heap.malloc(24);
  const { arena, mainArena } = heap.landmarks();
  expect(arena).toBe(mainArena);
});

test('what cannot be meant is refused', () => {
  using heap = Heap.create();
  expect(() => heap.enterThread(1)).toThrow(/threads/);
  expect(() => Heap.create({ threads: 1 })).toThrow(/threads/);
  expect(() => Heap.create({ threads: 2, arena: 'thread' })).toThrow(/arena/);
  expect(() => Heap.create({ threads: 2, cores: 0 })).toThrow(/cores/);
  using several = Heap.create({ threads: 2 });
  expect(() => several.enterThread(-1)).toThrow(/thread/);
});
