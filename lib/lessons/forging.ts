/** What the steps of lesson 9 share: heaps to be damaged, and the overflow that damages them. */
import { ChunkList } from '../chunklist/index.ts';
import { type Allocator, MiB, type Pointer } from '../core/index.ts';
import { Heap } from '../heap/index.ts';
import { mmapSource, mmapWindow } from '../pages/index.ts';
import type { Notes } from './notes.ts';

/** Heaps of the steps so far: each step has a fresh one. */
export interface State {
  heaps: Allocator[];
}

/** The lecture's list, with or without safe unlinking. */
export function freshList(state: State, safeUnlink: boolean): ChunkList {
  const source = mmapSource({ limitBytes: MiB, name: 'lesson list' });
  const heap = ChunkList.create({ source, safeUnlink });
  state.heaps.push(heap);
  return heap;
}

/** The C library's heap without the cache, so that free does its work at once. */
export function freshHeap(state: State, notes: Notes): Heap {
  const source = mmapWindow({ name: 'lesson heap' });
  const heap = Heap.create({ glibc: '2.36', tunables: { tcache_count: 0 }, source });
  state.heaps.push(heap);
  notes.say('with tcache_count=0: no cache in the way');
  return heap;
}

/** An overflow: words written through the arena, as a C program would past the end of a block. */
export function writeWords(heap: Allocator, at: Pointer, ...words: bigint[]): void {
  const { bytes } = heap;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [k, word] of words.entries()) view.setBigUint64(at + 8 * k, word, true);
}
