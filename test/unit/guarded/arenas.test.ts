/** Guards on the arenas of the plain heaps: on a block's own pages, beside the arena's struct; contents stay. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  bufferWindow,
  ChunkList,
  guard,
  guardBudgetUsed,
  Heap,
  pageSize,
} from '../../../lib/index.ts';

const page = pageSize();
const makers = { Heap: () => Heap.create(), ChunkList: () => ChunkList.create() };

describe.each(Object.entries(makers))('%s', (_, make) => {
  it('guardBlock makes each access a hit that names the block, and keeps what is in it', () => {
    using heap = make();
    const p = heap.memalign(page, 2 * page)!;
    const neighbour = heap.malloc(100)!;
    const { bytes } = heap;
    bytes[p + 5] = 0x5a;
    const guarded = heap.guardBlock(p, { policy: 'record' });
    const hits = () => guard.faults({ rangeId: guarded.rangeId });
    expect(bytes[p + 5]).toBe(0x5a);
    bytes[p + page + 7] = 0x77;
    bytes[neighbour] = 1;
    expect(hits()).toMatchObject([
      { access: 'read', offsetBytes: p + 5, block: { pointer: p, state: 'live' }, distanceBytes: null },
      { access: 'write', offsetBytes: p + page + 7, block: { pointer: p } },
    ]);
    guarded.release();
    guarded.release();
    expect([bytes[p + 5], bytes[p + page + 7]]).toEqual([0x5a, 0x77]);
    expect(hits()).toHaveLength(2);
    heap.free(p);
    expect(heap.check()).toEqual([]);
  });

  it('guardBlock refuses a block that shares all its pages', () => {
    using heap = make();
    const p = heap.malloc(100)!;
    expect(() => heap.guardBlock(p)).toThrow(ArgumentError);
    expect(() => heap.guardBlock(p)).toThrow(/a block with a page of its own/);
  });

  it('a heap that goes takes its guards along', () => {
    const before = { ranges: guard.status().ranges, used: guardBudgetUsed() };
    const heap = make();
    heap.guardBlock(heap.memalign(page, page)!);
    expect(guard.status().ranges).toBe(before.ranges + 1);
    heap.destroy();
    expect({ ranges: guard.status().ranges, used: guardBudgetUsed() }).toEqual(before);
  });
});

it('guardArena makes loads and stores beside the main arena a hit; without it a load reads zeros', () => {
  using heap = Heap.create();
  const p = heap.malloc(1000)!;
  const arena = Number(heap.landmarks().mainArena & 0xffff_ffffn);
  const behind = Math.ceil((arena + 0x900) / page) * page;
  expect(heap.bytes[behind]).toBe(0);
  const guards = heap.guardArena({ policy: 'record' });
  let sum = 0;
  for (let at = behind - 16; at < behind + 1; at++) sum += heap.bytes[at];
  expect(sum).toBeGreaterThanOrEqual(0);
  const hits = guards.flatMap(({ rangeId }) => guard.faults({ rangeId }));
  expect(hits).toMatchObject([{ access: 'read', offsetBytes: behind, range: 'beside the arena' }]);
  heap.free(p);
  expect(heap.check()).toEqual([]);
});

it('an arena on a plain ArrayBuffer has no pages to guard', () => {
  using heap = Heap.create({ source: bufferWindow({ sizeBytes: 2 ** 28 }) });
  const p = heap.memalign(page, 2 * page)!;
  expect(() => heap.guardBlock(p)).toThrow(/pages of the system/);
});
