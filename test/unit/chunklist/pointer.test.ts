/** What free says about pointers that are no live block, and how far its proof goes. */
import { describe, expect, it } from 'vitest';
import { ChunkList } from '../../../lib/chunklist/index.ts';
import { ArgumentError, GiB, HeapError, type PageSource } from '../../../lib/core/index.ts';
import { bufferSource } from '../../../lib/pages/index.ts';
import { at, changedSource, malloc, openList, setWord } from './arena-bytes.ts';

describe('messages', () => {
  it('say where the pointer points', () => {
    const heap = openList();
    const [a, b] = [malloc(heap, 100), malloc(heap, 16)];
    expect(() => heap.free(a + 64)).toThrow('invalid pointer: 0x90 points 64 bytes into the block at 0x50');
    expect(() => heap.free(b - 16)).toThrow('invalid pointer: 0xd0 points into the header of chunk 0xc0');
    expect(() => heap.free(0x8000)).toThrow('points 32496 bytes into the free chunk at 0x110');
    expect(() => heap.free(a + 1)).toThrow('0x51 is not a multiple of 16 from 0x50 to 0xfff0');
    heap.free(a);
    expect(() => heap.free(a)).toThrow('double free: 0x50 was freed before, its chunk is free');
  });

  it('know a block that was freed and merged since', () => {
    const heap = openList();
    const [a, b] = [malloc(heap, 16), malloc(heap, 16), malloc(heap, 16)];
    heap.free(a);
    heap.free(b);
    expect(() => heap.free(b)).toThrow(
      'double free: 0x80 was freed before, the chunk 0x30 it was merged into is free',
    );
    expect(() => heap.realloc(b, 10)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_DOUBLE_FREE' }));
    expect(() => heap.view(b)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_DOUBLE_FREE' }));
    const reused = malloc(heap, 64);
    expect(reused).toBe(a);
    expect(() => heap.free(b)).toThrow('invalid pointer: 0x80 points 48 bytes into the block at 0x50');
  });
});

describe('explainFree', () => {
  it('lists the questions and the merges, with numbers', () => {
    const heap = openList();
    const blocks = [16, 16, 16, 16].map((size) => malloc(heap, size));
    heap.free(blocks[0]);
    expect(heap.explainFree(blocks[1]).steps).toEqual([
      { step: 'the arena header is sound', ok: true, detail: 'from 0x0 to 0x10000, first chunk at 0x30' },
      {
        step: 'the pointer is a multiple of 16 inside the arena',
        ok: true,
        detail: '0x80, the arena ends at 0x10000',
      },
      {
        step: 'a chunk starts 32 bytes before the pointer',
        ok: true,
        detail: 'chunk 0x60, size 48, fwd 0x90, bck 0x30',
      },
      { step: 'the chunk is in use', ok: true, detail: 'flag U is 1, the caller asked for 16 bytes' },
      {
        step: 'the chunks before and behind are sound',
        ok: true,
        detail: 'bck chunk 0x30 is free, size 48; fwd chunk 0x90 is in use, size 48',
      },
      { step: 'merge with the bck chunk', ok: true, detail: 'bck chunk 0x30 is free, size 48' },
      { step: 'do not merge with the fwd chunk', ok: true, detail: 'fwd chunk 0x90 is in use, size 48' },
      { step: 'the free chunk that results', ok: true, detail: 'chunk 0x30, size 96' },
      { step: 'do not give pages back', ok: true, detail: "threshold 262144 bytes at the arena's end" },
    ]);
  });

  it('stops at the question that fails', () => {
    const heap = openList();
    const block = malloc(heap, 16);
    heap.free(block);
    const { steps, message } = heap.explainFree(block);
    expect(steps.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    expect(steps[3]).toEqual({ step: 'the chunk is in use', ok: false, detail: message });
  });
});

describe('a fake chunk inside a payload', () => {
  /** Writes headers of 48-byte chunks that agree with each other. @returns pointer of the one in the middle */
  function buildFakes(heap: ChunkList, count: number): { block: number; middle: number } {
    const block = malloc(heap, 400);
    heap.view(block).fill(0);
    for (let i = 0; i < count; i++) {
      const fake = block + 48 * i;
      setWord(heap, fake, 0x31);
      setWord(heap, fake + 8, at(fake + 48));
      setWord(heap, fake + 16, at(fake - 48));
    }
    return { block, middle: block + 48 * ((count - 1) / 2) + 32 };
  }

  it.each([1, 3])('is found out when there are only %d in a row: their neighbours do not agree', (count) => {
    const heap = openList();
    const { middle } = buildFakes(heap, count);
    expect(heap.explainFree(middle).ok).toBe(false);
    expect(() => heap.free(middle)).toThrow(HeapError);
    expect(heap.check()).toEqual([]);
  });

  it.each([false, true])('passes with five in a row: the documented limit, strict: %s', (strict) => {
    const heap = openList({ strict });
    const { block, middle } = buildFakes(heap, 5);
    if (strict) expect(() => heap.free(middle)).toThrow('points 128 bytes into the block at 0x50');
    else expect(() => heap.free(middle)).not.toThrow();
    // The real list is whole either way: the fake lives in a payload.
    expect(heap.check()).toEqual([]);
    heap.free(block);
    expect(heap.check()).toEqual([]);
  });
});

describe('create', () => {
  it('refuses an unknown placement, a source without room, and a base that is no page', () => {
    const source = bufferSource({ limitBytes: 65_536 });
    // @ts-expect-error a placement that does not exist
    expect(() => ChunkList.create({ source, placement: 'worst-fit' })).toThrow(ArgumentError);
    expect(source.committedBytes).toBe(0);
    const spoiled: Partial<PageSource>[] = [
      { grow: () => false },
      { baseAddress: 0x1234_5678n },
      { baseAddress: 2n ** 53n - 4096n },
    ];
    for (const changes of spoiled) {
      expect(() => ChunkList.create({ source: changedSource(source, changes) })).toThrow(ArgumentError);
    }
  });

  it('keeps addresses exact at the top of what a number holds', () => {
    const baseAddress = 2n ** 53n - 4n * BigInt(GiB);
    const heap = ChunkList.create({ source: bufferSource({ limitBytes: 1 << 20, baseAddress }) });
    const blocks = [10, 20, 300_000, 30].map((size) => malloc(heap, size));
    heap.free(blocks[1]);
    heap.free(blocks[2]);
    expect(heap.address(blocks[3])).toBe(baseAddress + BigInt(blocks[3]));
    expect(heap.check()).toEqual([]);
  });

  it('forgets what stood in the pages before', () => {
    const source = bufferSource({ limitBytes: 65_536 });
    source.grow(65_536);
    new Uint8Array(source.buffer).fill(0xa5);
    const heap = ChunkList.create({ source });
    expect(heap.check()).toEqual([]);
    expect(malloc(heap, 1000)).toBe(0x50);
  });

  it('says so when the pages were released behind its back', () => {
    const source = bufferSource({ limitBytes: 65_536 });
    const heap = ChunkList.create({ source });
    source.release();
    expect(() => heap.malloc(1)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_CLOSED' }));
  });
});
