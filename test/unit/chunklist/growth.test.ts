/** Pages: taken when needed, given back when much lies free at the end; realloc at the end of the arena. */
import { describe, expect, it } from 'vitest';
import { ChunkList } from '../../../lib/chunklist/index.ts';
import { KiB, MiB, type PageSource } from '../../../lib/core/index.ts';
import { bufferSource } from '../../../lib/pages/index.ts';
import { changedSource, layout, malloc, openList } from './arena-bytes.ts';

/** A real source whose calls are counted, and that can be told to refuse. */
function countedSource(limitBytes: number): {
  source: PageSource;
  calls: number[];
  refuse: { shrink: boolean };
} {
  const calls: number[] = [];
  const refuse = { shrink: false };
  const real = bufferSource({ limitBytes });
  const source = changedSource(real, {
    grow: (bytes) => calls.push(bytes) > 0 && real.grow(bytes),
    shrink: (bytes) => !refuse.shrink && calls.push(-bytes) > 0 && real.shrink(bytes),
  });
  return { source, calls, refuse };
}

describe('growth', () => {
  it('takes 64 KiB at a time, more only when a request needs more', () => {
    const { source, calls } = countedSource(4 * MiB);
    const heap = ChunkList.create({ source });
    expect(calls).toEqual([64 * KiB]);
    for (let i = 0; i < 3; i++) malloc(heap, 40 * KiB);
    expect(calls).toEqual([64 * KiB, 64 * KiB]);
    malloc(heap, 500_000);
    // 491,520 bytes short after what lies free at the end: in whole pages.
    expect(calls.length).toBe(3);
    expect(calls[2] % 4096).toBe(0);
    expect(calls[2]).toBeLessThan(500_000 + 4096);
    expect(heap.stats().heapBytes).toBe(calls.reduce((sum, bytes) => sum + bytes));
    expect(heap.check()).toEqual([]);
  });

  it('grows the free chunk at the end instead of leaving it behind', () => {
    const heap = openList();
    malloc(heap, 60 * KiB);
    const large = malloc(heap, 10 * KiB);
    expect(layout(heap)[1]).toBe('0xf050 10272 in-use');
    expect(large).toBe(0xf070);
  });

  it('uses the limit up to the last page', () => {
    const heap = openList({ limitBytes: 64 * KiB + 8192 });
    const first = malloc(heap, 64 * KiB);
    expect(heap.stats().heapBytes).toBe(64 * KiB + 4096);
    heap.free(first);
    expect(heap.malloc(64 * KiB + 8192 - 0x30 - 32)).toBe(first);
    expect(layout(heap)).toEqual(['0x30 73680 in-use']);
    expect(heap.malloc(0)).toBeNull();
    expect(heap.check()).toEqual([]);
  });

  it('works in an arena of one page', () => {
    const heap = openList({ limitBytes: 4096 });
    expect(heap.malloc(4096 - 0x30 - 32)).toBe(0x50);
    expect(heap.malloc(1)).toBeNull();
    heap.free(0x50);
    expect(layout(heap)).toEqual(['0x30 4048 free']);
  });
});

describe('giving back', () => {
  it('gives pages back from 256 KiB free at the end on, and keeps 64 KiB and less than a page', () => {
    const { source, calls } = countedSource(4 * MiB);
    const heap = ChunkList.create({ source });
    const keep = malloc(heap, 100);
    const large = malloc(heap, 300 * KiB);
    const peak = heap.stats().heapBytes;
    calls.length = 0;
    heap.free(large);
    expect(calls.length).toBe(1);
    const last = heap.chunks().at(-1);
    expect(last?.state).toBe('free');
    expect(last?.sizeBytes).toBeGreaterThanOrEqual(64 * KiB);
    expect(last?.sizeBytes).toBeLessThan(64 * KiB + 4096);
    expect(heap.stats()).toMatchObject({ heapBytes: peak + calls[0], peakHeapBytes: peak });
    expect(heap.usableSize(keep)).toBe(112);
    expect(heap.check()).toEqual([]);
  });

  it('keeps less than that, so one block going and coming makes no calls', () => {
    const { source, calls } = countedSource(4 * MiB);
    const heap = ChunkList.create({ source });
    heap.free(malloc(heap, 200 * KiB));
    calls.length = 0;
    for (let i = 0; i < 20; i++) heap.free(malloc(heap, 200 * KiB));
    expect(calls).toEqual([]);
  });

  it('trim gives the rest back as well, down to a pad', () => {
    const heap = openList();
    heap.free(malloc(heap, 200 * KiB));
    expect(heap.trim(100 * KiB)).toBe(true);
    expect(heap.stats().heapBytes).toBe(104 * KiB);
    expect(heap.trim()).toBe(true);
    expect(layout(heap)).toEqual(['0x30 4048 free']);
    expect(heap.trim()).toBe(false);
    expect(heap.check()).toEqual([]);
    malloc(heap, 5000);
    expect(heap.trim(4096)).toBe(true);
    expect(heap.check()).toEqual([]);
  });

  it('remembers the most it ever held', () => {
    const heap = openList();
    heap.free(malloc(heap, 700 * KiB));
    const peak = heap.stats().peakHeapBytes;
    expect(peak).toBeGreaterThan(700 * KiB);
    heap.free(malloc(heap, 300 * KiB));
    expect(heap.stats().peakHeapBytes).toBe(peak);
    expect(heap.stats().heapBytes).toBeLessThan(300 * KiB);
  });

  it('goes on when the source refuses to take pages back', () => {
    const { source, refuse } = countedSource(4 * MiB);
    const heap = ChunkList.create({ source });
    refuse.shrink = true;
    heap.free(malloc(heap, MiB));
    expect(heap.trim()).toBe(false);
    expect(heap.check()).toEqual([]);
    expect(heap.stats().heapBytes).toBeGreaterThan(MiB);
  });
});

describe('realloc in place', () => {
  it('grows into the free chunk behind and leaves the rest free', () => {
    const heap = openList();
    const [a, b] = [malloc(heap, 16), malloc(heap, 200), malloc(heap, 16)];
    heap.free(b);
    expect(heap.realloc(a, 100)).toBe(a);
    expect(layout(heap).slice(0, 3)).toEqual(['0x30 144 in-use', '0xc0 144 free', '0x150 48 in-use']);
    expect(heap.check()).toEqual([]);
  });

  it('cuts the end off when it shrinks, merged with the free chunk behind', () => {
    const heap = openList();
    const [a, b] = [malloc(heap, 300), malloc(heap, 48), malloc(heap, 16)];
    heap.free(b);
    expect(heap.realloc(a, 20)).toBe(a);
    expect(layout(heap).slice(0, 2)).toEqual(['0x30 64 in-use', '0x70 352 free']);
    expect(heap.realloc(a, 30)).toBe(a);
    expect(heap.chunks()[0]).toMatchObject({ sizeBytes: 64, requestBytes: 30 });
    expect(heap.check()).toEqual([]);
  });

  it('takes new pages at the end of the arena', () => {
    const heap = openList();
    const a = malloc(heap, 60 * KiB);
    expect(heap.realloc(a, 300 * KiB)).toBe(a);
    expect(heap.realloc(a, 600 * KiB)).toBe(a);
    expect(heap.stats().inUseChunks).toBe(1);
    expect(heap.check()).toEqual([]);
  });

  it('moves when the neighbour is in use, and frees the old block', () => {
    const heap = openList();
    const [a] = [malloc(heap, 16), malloc(heap, 16)];
    heap.view(a).fill(0x61);
    const moved = heap.realloc(a, 64) as number;
    expect(moved).toBe(0xb0);
    expect(heap.buffer(moved).toString('latin1', 0, 16)).toBe('a'.repeat(16));
    expect(layout(heap).slice(0, 3)).toEqual(['0x30 48 free', '0x60 48 in-use', '0x90 96 in-use']);
  });

  it('leaves the block alone when there is no room anywhere', () => {
    const heap = openList({ limitBytes: 64 * KiB });
    const [a] = [malloc(heap, 16), malloc(heap, 16)];
    const before = heap.bytes.slice();
    expect(heap.realloc(a, 65_408)).toBeNull();
    expect(Buffer.compare(heap.bytes, before)).toBe(0);
  });
});

describe('memalign', () => {
  it('leaves what lies before and behind the block free', () => {
    const heap = openList();
    malloc(heap, 16);
    const block = heap.memalign(4096, 100) as number;
    expect(block).toBe(0x1000);
    expect(layout(heap)).toEqual([
      '0x30 48 in-use',
      '0x60 3968 free',
      '0xfe0 144 in-use',
      '0x1070 61328 free',
    ]);
    heap.free(block);
    expect(layout(heap)).toEqual(['0x30 48 in-use', '0x60 65440 free']);
  });

  it('steps over a place whose lead would be too small for a chunk', () => {
    const heap = openList();
    // The first payload is at 0x50; the multiples of 32 behind it, 0x60 and 0x80, are 16 and 48 bytes on.
    expect(heap.memalign(32, 10)).toBe(0x80);
    expect(heap.check()).toEqual([]);
  });
});
