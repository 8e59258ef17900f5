/** A free list of more chunks than any program needs is still read to its end. Takes seconds: CHUNKYARD_RUNS=1 runs it. */
import { expect, it } from 'vitest';
import { GiB } from '../../../lib/core/index.ts';
import { bufferWindow } from '../../../lib/heap/index.ts';
import { openHeap } from './tools.ts';

it.runIf(process.env.CHUNKYARD_RUNS)('a bin of 1,100,000 chunks is sound', { timeout: 60_000 }, () => {
  const tunables = { mmap_max: 0, tcache_count: 0, mxfast: 0 };
  const heap = openHeap({ source: bufferWindow({ sizeBytes: GiB }), tunables });
  const blocks = Array.from({ length: 2_200_000 }, () => heap.malloc(120));
  for (let k = 0; k < blocks.length; k += 2) heap.free(blocks[k]);
  expect(heap.check().length).toBe(0);
  expect(heap.bins().unsorted[0].chunks.length).toBe(1_100_000);
});
