/** Bytes where glibc puts them: headers, cache, bins, mappings; the numbers are those of a fresh 2.36 process. */
import { describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../../lib/core/index.ts';
import { Heap } from '../../../lib/heap/index.ts';
import { fillCache, mangled, openHeap, read, take, takeMany, write } from './tools.ts';

describe('a fresh heap', () => {
  it('puts the first block behind the cache struct, at heap + 0x2a0', () => {
    const heap = openHeap();
    const block = take(heap, 24);
    // The break's ordinary pages end where its first huge page begins.
    expect(block % (64 * MiB)).toBe(2 * MiB - 132 * KiB + 0x2a0);
    expect(read(heap, block, -8)).toBe(0x21n);
    expect(heap.stats().heapBytes).toBe(135168);
    expect(heap.stats().mallinfo.keepcost).toBe(134512 - 32);
  });

  it('puts a thread arena behind heap_info and malloc_state', () => {
    const heap = openHeap({ arena: 'thread' });
    const block = take(heap, 24);
    expect(block % (64 * MiB)).toBe(0x8d0 + 0x290 + 16);
    expect(read(heap, block, -8)).toBe(0x25n);
  });

  it.each([
    ['2.23', 0x8b0 + 16],
    ['2.27', 0x8c0 + 0x250 + 16],
    ['2.31', 0x8c0 + 0x290 + 16],
    ['2.32', 0x8c0 + 0x290 + 16],
    ['2.34', 0x8c0 + 0x290 + 16],
    ['2.39', 0x8d0 + 0x290 + 16],
    ['2.41', 0x8d0 + 0x290 + 16],
    ['2.42', 0x8d0 + 0x300 + 16],
    ['2.43', 0x870 + 16],
  ] as const)('of glibc %s has its first thread block at its own place', (glibc, offset) => {
    expect(take(openHeap({ glibc, arena: 'thread' }), 24) % (64 * MiB)).toBe(offset);
  });
});

describe('the cache', () => {
  it('stores a mangled link and the key in a freed block, newest first', () => {
    const heap = openHeap();
    const [a, b] = takeMany(heap, 2, 24);
    heap.free(a);
    heap.free(b);
    expect(read(heap, a)).toBe(mangled(heap, a, 0, 0n));
    expect(read(heap, b)).toBe(mangled(heap, b, 0, heap.address(a)));
    expect(read(heap, b, 8)).toBe(0x1122334455667788n);
    expect(heap.bins().tcache).toMatchObject([{ sizeBytes: 32, count: 2, chunks: [b - 16, a - 16] }]);
    expect(take(heap, 24)).toBe(b);
    expect(read(heap, b, 8)).toBe(0n);
    expect(take(heap, 24)).toBe(a);
  });

  it('of 2.27 links plainly and leaves the word behind the link alone', () => {
    const heap = openHeap({ glibc: '2.27' });
    const [a, b] = takeMany(heap, 2, 24);
    write(heap, b, 8, 77n);
    heap.free(a);
    heap.free(b);
    expect(read(heap, b)).toBe(heap.address(a));
    expect(read(heap, b, 8)).toBe(77n);
    expect(heap.bins().tcache).toMatchObject([{ sizeBytes: 32, count: 2, chunks: [b - 16, a - 16] }]);
    expect(takeMany(heap, 2, 24)).toEqual([b, a]);
  });

  it('did not exist in 2.23: a freed small block goes to a fastbin at once', () => {
    const heap = openHeap({ glibc: '2.23' });
    const [a, b] = takeMany(heap, 2, 24);
    expect(a % (64 * MiB)).toBe(2 * MiB - 132 * KiB + 16);
    heap.free(a);
    heap.free(b);
    expect(heap.bins()).toMatchObject({ tcache: [], fastbins: [{ chunks: [b - 16, a - 16] }] });
    expect(read(heap, b)).toBe(heap.address(a) - 16n);
  });

  it.each([
    ['2.32', true],
    ['2.34', false],
  ] as const)('of glibc %s marks a block with its own address: %s', (glibc, isAddress) => {
    const heap = openHeap({ glibc });
    const block = take(heap, 24);
    heap.free(block);
    expect(read(heap, block, 8)).toBe(isAddress ? heap.address(block - 0x290) : 0x1122334455667788n);
  });

  it('of 2.42 is made by malloc for a request that fits, and by nothing else', () => {
    const heap = openHeap({ glibc: '2.42' });
    heap.free(take(heap, 2000));
    expect(heap.landmarks().cache).toBeNull();
    const block = take(heap, 1032);
    expect(heap.landmarks().cache).not.toBeNull();
    heap.free(block);
    expect(heap.bins().tcache).toMatchObject([{ sizeBytes: 0x410, count: 1 }]);
  });

  it('of 2.31 links plainly and uses its own address as the key', () => {
    const heap = openHeap({ glibc: '2.31' });
    const [a, b] = takeMany(heap, 2, 24);
    heap.free(a);
    heap.free(b);
    expect(read(heap, b)).toBe(heap.address(a));
    expect(read(heap, b, 8)).toBe(heap.address(a - 0x290));
  });

  it.each([
    ['2.27', 7],
    ['2.36', 7],
    ['2.42', 7],
    ['2.43', 16],
  ] as const)('of glibc %s takes %d blocks of a class', (glibc, length) => {
    const heap = openHeap({ glibc });
    for (const block of takeMany(heap, 20, 200)) heap.free(block);
    expect(heap.bins().tcache.find(({ sizeBytes }) => sizeBytes === 208)?.count).toBe(length);
  });

  it('serves calloc from 2.41 on', () => {
    for (const [glibc, isSame] of [
      ['2.36', false],
      ['2.41', true],
    ] as const) {
      const heap = openHeap({ glibc });
      const block = take(heap, 100);
      heap.free(block);
      expect(heap.calloc(1, 100) === block).toBe(isSame);
    }
  });
});

describe('the bins', () => {
  it('keep small freed chunks in fastbins, last in first out, behind a full cache', () => {
    const heap = openHeap();
    const [a, b] = takeMany(heap, 2, 24);
    fillCache(heap, 24);
    heap.free(a);
    heap.free(b);
    expect(heap.bins().fastbins).toMatchObject([{ sizeBytes: 32, chunks: [b - 16, a - 16] }]);
    expect(read(heap, b)).toBe(mangled(heap, b, 0, heap.address(a) - 16n));
    expect(heap.check()).toEqual([]);
  });

  it('put a large chunk in unsorted with footer and links, and merge it with its neighbour', () => {
    const heap = openHeap();
    const [a, b] = takeMany(heap, 3, 2000);
    heap.free(a);
    expect(heap.bins().unsorted[0].chunks).toEqual([a - 16]);
    expect(read(heap, b, -16)).toBe(2016n);
    expect(read(heap, b, -8)).toBe(2016n);
    expect(read(heap, a)).toBe(read(heap, a, 8));
    heap.free(b);
    expect(heap.bins().unsorted[0].chunks).toEqual([a - 16]);
    expect(read(heap, a, -8)).toBe(4033n);
    expect(heap.check()).toEqual([]);
  });

  it('sort large chunks with a ring over the distinct sizes', () => {
    const heap = openHeap();
    const blocks = [1100, 1090, 1100, 1080].map((size) => {
      const block = take(heap, size);
      take(heap, 24);
      return block;
    });
    for (const block of blocks) heap.free(block);
    take(heap, 5000);
    const sizes = heap
      .bins()
      .large.flatMap(({ chunks }) => chunks.map((chunk) => read(heap, chunk, 8) & ~7n));
    expect(sizes).toEqual([1120n, 1120n, 1104n, 1088n]);
    expect(heap.check()).toEqual([]);
  });

  it('take small chunks straight from free in 2.41', () => {
    const heap = openHeap({ glibc: '2.41' });
    const blocks = takeMany(heap, 10, 200);
    for (const block of blocks.slice(0, 9)) heap.free(block);
    expect(heap.bins()).toMatchObject({ unsorted: [], small: [{ sizeBytes: 416 }] });
  });
});

describe('own mappings', () => {
  it('begin at 128 KiB, and freeing one raises the threshold', () => {
    const heap = openHeap();
    const block = take(heap, 200 * KiB);
    expect(read(heap, block, -8)).toBe(BigInt(208896 + 2));
    expect(heap.stats().mallinfo).toMatchObject({ hblks: 1, hblkhd: 208896 });
    heap.free(block);
    expect(heap.stats().mallinfo.hblks).toBe(0);
    expect(read(heap, take(heap, 200 * KiB), -8) & 2n).toBe(0n);
  });

  it('are resized in place or moved, with their contents', () => {
    const heap = openHeap();
    const block = take(heap, 200 * KiB);
    write(heap, block, 100, 42n);
    const moved = heap.realloc(block, MiB) as number;
    expect(read(heap, moved, 100)).toBe(42n);
    expect(heap.usableSize(moved)).toBeGreaterThanOrEqual(MiB);
    expect(heap.check()).toEqual([]);
  });
});

describe('growth and trimming', () => {
  it('gives the top back at the threshold, and fresh memory reads as zero', () => {
    const heap = openHeap();
    const blocks = takeMany(heap, 20, 100 * KiB);
    for (const block of blocks) heap.view(block).fill(0xff);
    const before = heap.stats().heapBytes;
    for (const block of blocks) heap.free(block);
    expect(heap.stats().heapBytes).toBeLessThan(before / 2);
    const again = takeMany(heap, 10, 100 * KiB).at(-1) as number;
    expect(heap.view(again).every((byte) => byte === 0)).toBe(true);
  });

  it('adds 64 MiB heaps to a thread arena, and deletes them again', () => {
    const heap = openHeap({ arena: 'thread', tunables: { mmap_threshold: 512 * MiB } });
    const blocks = takeMany(heap, 9, 10 * MiB);
    expect(new Set(blocks.map((block) => Math.floor(block / (64 * MiB)))).size).toBe(2);
    expect(heap.check()).toEqual([]);
    for (const block of blocks.reverse()) heap.free(block);
    expect(heap.check()).toEqual([]);
    expect(heap.stats().heapBytes).toBeLessThan(MiB);
  });

  it('answers malloc_trim', () => {
    const heap = openHeap();
    const [first] = takeMany(heap, 2, 100_000);
    heap.view(first).fill(1);
    heap.free(first);
    expect(heap.trim()).toBe(true);
    expect(heap.view(take(heap, 100_000))[50_000]).toBe(0);
  });
});

describe('Heap', () => {
  it('knows its own, and needs sound options', () => {
    expect(openHeap()).toBeInstanceOf(Heap);
    expect({}).not.toBeInstanceOf(Heap);
    expect(() => openHeap({ glibc: '2.99' as never })).toThrow(/one of 2.23, 2.27/);
    expect(() => openHeap({ heapStart: 5 })).toThrow(/heapStart/);
    expect(() => openHeap({ tunables: { foo: 1 } as never })).toThrow(/tunables/);
  });
});
