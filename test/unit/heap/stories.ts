/** Small corruptions by the abort message that is there for each: what brings it about in every version that has it. */
import { KiB } from '../../../lib/core/index.ts';
import type { Heap } from '../../../lib/heap/index.ts';
import { fillCache, mangled, read, take, takeMany, write } from './tools.ts';

/** Damages a heap and returns the call that must end with the message. */
export type Story = (heap: Heap) => () => unknown;

/** A 2000-byte chunk in unsorted between two blocks in use. */
function freedBetween(heap: Heap, sizeBytes = 2000): { before: number; freed: number; after: number } {
  const before = take(heap, sizeBytes);
  const freed = take(heap, sizeBytes);
  const after = take(heap, sizeBytes);
  take(heap, 24);
  heap.free(freed);
  return { before, freed, after };
}

/** Two blocks of one fastbin class, freed behind a full cache. */
export function twoFast(heap: Heap, sizeBytes = 24): [number, number] {
  const [a, b] = takeMany(heap, 2, sizeBytes);
  take(heap, 24);
  fillCache(heap, sizeBytes);
  heap.free(a);
  heap.free(b);
  return [a, b];
}

/** Empties the cache class again. */
export function drainCache(heap: Heap, sizeBytes = 24): void {
  takeMany(heap, heap.cacheLength, sizeBytes);
}

/** A large chunk sorted into its bin, and a larger one of the same bin in unsorted. */
function twoLarge(heap: Heap): { sorted: number; larger: number } {
  const [sorted, larger] = [1980, 2010].map((size) => {
    const block = take(heap, size);
    take(heap, 24);
    return block;
  });
  heap.free(sorted);
  take(heap, 5000);
  heap.free(larger);
  return { sorted, larger };
}

/** A corruption for each message. */
export const stories: Record<string, Story> = {
  'corrupted size vs. prev_size': (heap) => {
    const { before, freed } = freedBetween(heap);
    write(heap, freed, 2000, 2000n);
    return () => heap.free(before);
  },
  'corrupted double-linked list': (heap) => {
    const { before, freed } = freedBetween(heap);
    write(heap, freed, 0, heap.address(before));
    return () => heap.free(before);
  },
  'corrupted double-linked list (not small)': (heap) => {
    const { before, freed } = freedBetween(heap);
    take(heap, 5000);
    write(heap, freed, 16, heap.address(before));
    return () => heap.free(before);
  },
  'corrupted size vs. prev_size while consolidating': (heap) => {
    const { after } = freedBetween(heap);
    write(heap, after, -16, 1024n);
    return () => heap.free(after);
  },
  'corrupted size vs. prev_size in fastbins': (heap) => {
    const [a] = twoFast(heap);
    write(heap, a, -8, 0x20n);
    write(heap, a, -16, 0x40n);
    return () => take(heap, 3000);
  },
  'double free or corruption (fasttop)': (heap) => {
    const [, b] = twoFast(heap);
    return () => heap.free(b);
  },
  'double free or corruption (top)': (heap) => {
    const block = take(heap, 2000);
    heap.free(block);
    return () => heap.free(block);
  },
  'double free or corruption (out)': (heap) => {
    const block = take(heap, 2000);
    write(heap, block, -8, 0x30001n);
    return () => heap.free(block);
  },
  'double free or corruption (!prev)': (heap) => {
    const { freed } = freedBetween(heap);
    return () => heap.free(freed);
  },
  'free(): invalid pointer': (heap) => {
    const block = take(heap, 100);
    return () => heap.free(block + 8);
  },
  'free(): invalid size': (heap) => {
    const block = take(heap, 100);
    write(heap, block, -8, 0x11n);
    return () => heap.free(block);
  },
  'free(): invalid next size (fast)': (heap) => {
    const block = take(heap, 24);
    fillCache(heap, 24);
    write(heap, block, 24, 8n);
    return () => heap.free(block);
  },
  'free(): invalid next size (normal)': (heap) => {
    const block = take(heap, 2000);
    take(heap, 24);
    write(heap, block, 2008, 0x9n);
    return () => heap.free(block);
  },
  'free(): corrupted unsorted chunks': (heap) => {
    const [a, , b] = takeMany(heap, 4, 2000);
    heap.free(a);
    write(heap, a, 8, heap.address(b));
    return () => heap.free(b);
  },
  'invalid fastbin entry (free)': (heap) => {
    const [, b] = twoFast(heap);
    const block = take(heap, 104);
    take(heap, 200);
    write(heap, b, -8, 0x41n);
    return () => heap.realloc(block, 72);
  },
  'free(): double free detected in tcache 2': (heap) => {
    const block = take(heap, 24);
    heap.free(block);
    return () => heap.free(block);
  },
  'free(): unaligned chunk detected in tcache 2': (heap) => {
    const [a, b] = takeMany(heap, 2, 24);
    heap.free(a);
    heap.free(b);
    write(heap, b, 0, mangled(heap, b, 0, heap.address(a) + 8n));
    return () => heap.free(a);
  },
  'free(): too many chunks detected in tcache': (heap) => {
    const [a, b, c] = takeMany(heap, 3, 24);
    for (const block of [a, b, c]) heap.free(block);
    write(heap, b, 0, mangled(heap, b, 0, heap.address(c)));
    return () => heap.free(a);
  },
  'malloc(): memory corruption (fast)': (heap) => {
    const [, b] = twoFast(heap);
    drainCache(heap);
    write(heap, b, -8, 0x41n);
    return () => take(heap, 24);
  },
  'malloc(): unaligned fastbin chunk detected 2': (heap) => {
    // One chunk is handed out, seven go to the cache, the ninth is what the bad link says.
    const blocks = takeMany(heap, 9, 24);
    fillCache(heap, 24);
    for (const block of blocks) heap.free(block);
    drainCache(heap);
    write(heap, blocks[1], 0, mangled(heap, blocks[1], 0, heap.address(blocks[0]) - 8n));
    take(heap, 24);
    drainCache(heap);
    return () => take(heap, 24);
  },
  'malloc(): unaligned fastbin chunk detected 3': (heap) => {
    const [a, b] = twoFast(heap);
    drainCache(heap);
    write(heap, b, 0, mangled(heap, b, 0, heap.address(a) - 8n));
    return () => take(heap, 24);
  },
  'malloc(): unaligned tcache chunk detected': (heap) => {
    const [a, b] = takeMany(heap, 2, 24);
    heap.free(a);
    heap.free(b);
    write(heap, b, 0, mangled(heap, b, 0, heap.address(a) + 8n));
    take(heap, 24);
    return () => take(heap, 24);
  },
  'malloc(): smallbin double linked list corrupted': (heap) => {
    const block = take(heap, 800);
    const guard = take(heap, 24);
    fillCache(heap, 800);
    heap.free(block);
    take(heap, 5000);
    drainCache(heap, 800);
    write(heap, block, 8, heap.address(guard));
    return () => take(heap, 800);
  },
  'malloc(): invalid size (unsorted)': (heap) => {
    const { freed } = freedBetween(heap);
    write(heap, freed, -8, 0x11n);
    return () => take(heap, 3000);
  },
  'malloc(): invalid next size (unsorted)': (heap) => {
    const { after } = freedBetween(heap);
    write(heap, after, -8, 0x8n);
    return () => take(heap, 3000);
  },
  'malloc(): mismatching next->prev_size (unsorted)': (heap) => {
    const { after } = freedBetween(heap);
    write(heap, after, -16, 1024n);
    return () => take(heap, 3000);
  },
  'malloc(): unsorted double linked list corrupted': (heap) => {
    const { freed, before } = freedBetween(heap);
    write(heap, freed, 8, heap.address(before));
    return () => take(heap, 3000);
  },
  'malloc(): invalid next->prev_inuse (unsorted)': (heap) => {
    const { after } = freedBetween(heap);
    write(heap, after, -8, read(heap, after, -8) | 1n);
    return () => take(heap, 3000);
  },
  'malloc(): largebin double linked list corrupted (nextsize)': (heap) => {
    const { sorted, larger } = twoLarge(heap);
    write(heap, sorted, 24, heap.address(larger));
    return () => take(heap, 5000);
  },
  'malloc(): largebin double linked list corrupted (bk)': (heap) => {
    const { sorted, larger } = twoLarge(heap);
    write(heap, sorted, 8, heap.address(larger) + 64n);
    return () => take(heap, 5000);
  },
  'malloc(): corrupted top size': (heap) => {
    const block = take(heap, 24);
    write(heap, block, 24, 0xffff_ffff_ffff_fff1n);
    return () => take(heap, 2000);
  },
  'break adjusted to free malloc space': (heap) => {
    take(heap, 24);
    const block = take(heap, 60_000);
    write(heap, block, 60_008, read(heap, block, 60_008) + 4096n);
    return () => take(heap, 100_000);
  },
  'malloc_consolidate(): invalid chunk size': (heap) => {
    const [, b] = twoFast(heap);
    write(heap, b, -8, 0x41n);
    return () => take(heap, 3000);
  },
  'malloc_consolidate(): unaligned fastbin chunk detected': (heap) => {
    const [a, b] = twoFast(heap);
    write(heap, b, 0, mangled(heap, b, 0, heap.address(a) - 8n));
    return () => take(heap, 3000);
  },
  'munmap_chunk(): invalid pointer': (heap) => {
    const block = take(heap, 200 * KiB);
    write(heap, block, -8, (12345n << 3n) | 2n);
    return () => heap.free(block);
  },
  'mremap_chunk(): invalid pointer': (heap) => {
    const block = take(heap, 200 * KiB);
    write(heap, block, -8, (12345n << 3n) | 2n);
    return () => heap.realloc(block, 400 * KiB);
  },
  'realloc(): invalid pointer': (heap) => {
    const block = take(heap, 100);
    return () => heap.realloc(block + 8, 200);
  },
  'realloc(): invalid old size': (heap) => {
    const block = take(heap, 100);
    write(heap, block, -8, 0x9n);
    return () => heap.realloc(block, 200);
  },
  'realloc(): invalid next size': (heap) => {
    const block = take(heap, 104);
    write(heap, block, 104, 0x8n);
    return () => heap.realloc(block, 200);
  },
  'tcache_thread_shutdown(): unaligned tcache chunk detected': (heap) => {
    const [a, b] = takeMany(heap, 2, 24);
    heap.free(a);
    heap.free(b);
    write(heap, b, 0, mangled(heap, b, 0, heap.address(a) + 8n));
    return () => heap.exitThread();
  },
  'malloc(): memory corruption': (heap) => {
    const { freed } = freedBetween(heap);
    write(heap, freed, -8, 0x11n);
    return () => take(heap, 3000);
  },
  'malloc(): chunk size mismatch in fastbin': (heap) => {
    const [a] = twoFast(heap);
    drainCache(heap);
    write(heap, a, -8, 0x41n);
    return () => take(heap, 24);
  },
  'free(): chunks in smallbin corrupted': (heap) => {
    const [first, , second] = takeMany(heap, 4, 800);
    fillCache(heap, 800);
    heap.free(first);
    write(heap, first, 8, heap.address(second));
    return () => heap.free(second);
  },
};
