/** Splitting, and which free chunk malloc takes. */
import { describe, expect, it } from 'vitest';
import type { ChunkList, Placement } from '../../../lib/chunklist/index.ts';
import { layout, malloc, openList } from './arena-bytes.ts';

/** Makes free chunks of these sizes, each behind a block in use. @returns their pointers */
function makeHoles(heap: ChunkList, chunkBytes: number[]): number[] {
  const holes = chunkBytes.map((size) => {
    const pointer = malloc(heap, size - 32);
    malloc(heap, 16);
    return pointer;
  });
  for (const pointer of holes) heap.free(pointer);
  return holes;
}

describe('splitting', () => {
  it('cuts off what is left when it holds a header and 16 bytes', () => {
    const heap = openList();
    const [pointer] = makeHoles(heap, [48 + 64]);
    expect(heap.malloc(64 - 32)).toBe(pointer);
    expect(layout(heap).slice(0, 2)).toEqual(['0x30 64 in-use', '0x70 48 free']);
    expect(heap.check()).toEqual([]);
  });

  it('hands out the whole chunk when less is left', () => {
    const heap = openList();
    const [pointer] = makeHoles(heap, [32 + 64]);
    expect(heap.malloc(20)).toBe(pointer);
    expect(layout(heap)[0]).toBe('0x30 96 in-use');
    expect(heap.usableSize(pointer)).toBe(64);
    expect(heap.chunks()[0].requestBytes).toBe(20);
    expect(heap.check()).toEqual([]);
  });

  it.each([
    [0, 48],
    [1, 48],
    [16, 48],
    [17, 64],
    [32, 64],
    [33, 80],
    [1000, 1040],
  ])('serves %d bytes with a chunk of %d', (request, chunkBytes) => {
    const heap = openList();
    malloc(heap, request);
    expect(heap.chunks()[0]).toMatchObject({ sizeBytes: chunkBytes, requestBytes: request });
  });
});

describe('placement', () => {
  const place = (placement: Placement): { heap: ChunkList; holes: number[]; rest: number } => {
    const heap = openList({ placement });
    // Three holes, far more than large, exact, a little more than large; behind them the rest of the arena.
    const holes = makeHoles(heap, [1024, 128, 160]);
    const rest = heap.chunks().at(-1)?.pointer as number;
    return { heap, holes, rest };
  };

  it('first-fit takes the first hole that is large enough, again and again', () => {
    const { heap, holes } = place('first-fit');
    expect(heap.malloc(96)).toBe(holes[0]);
    expect(heap.malloc(96)).toBe(holes[0] + 128);
  });

  it('best-fit takes the smallest one, and of two equal ones the first', () => {
    const { heap, holes } = place('best-fit');
    expect(heap.malloc(96)).toBe(holes[1]);
    expect(heap.malloc(96)).toBe(holes[2]);
    expect(heap.malloc(96)).toBe(holes[0]);
    const twins = openList({ placement: 'best-fit' });
    const [first] = makeHoles(twins, [160, 160]);
    expect(twins.malloc(96)).toBe(first);
  });

  it('next-fit goes on where the last search ended, and round once the end is reached', () => {
    const { heap, holes, rest } = place('next-fit');
    expect(heap.malloc(96)).toBe(rest);
    expect(heap.malloc(96)).toBe(rest + 128);
    const restBytes = heap.chunks().at(-1)?.sizeBytes as number;
    malloc(heap, restBytes - 32);
    expect(heap.malloc(96)).toBe(holes[0]);
    expect(heap.malloc(96)).toBe(holes[0] + 128);
    expect(heap.check()).toEqual([]);
  });

  it('next-fit keeps its place when the chunk there is merged away', () => {
    const heap = openList({ placement: 'next-fit' });
    const blocks = [16, 16, 16].map((size) => malloc(heap, size));
    heap.free(blocks[1]);
    heap.free(blocks[2]);
    expect(heap.check()).toEqual([]);
    expect(heap.chunks().map(({ label }) => label)).toEqual(['first', 'last, rover']);
    expect(heap.malloc(16)).toBe(blocks[1]);
  });
});
