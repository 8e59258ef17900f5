/** Bytes around a block that no guard sees: filled, looked at, reported once with the byte nearest to the block. */
import { describe, expect, it } from 'vitest';
import { MemoryFaultError } from '../../../lib/core/index.ts';
import { GuardedHeap, type GuardedHeapOptions, pageSize } from '../../../lib/index.ts';

const open = (options: GuardedHeapOptions = {}): GuardedHeap =>
  GuardedHeap.create({ policy: 'throw', ...options });

function thrownBy(f: () => void): MemoryFaultError {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(MemoryFaultError);
    return error as MemoryFaultError;
  }
  throw new Error('nothing was thrown');
}

describe('place of a block', () => {
  it.each([1, 2, 4, 8, 16, 64, 4096])('at alignment %d ends as near to its guard as it can', (alignment) => {
    using heap = open({ alignment, policy: 'record' });
    for (const size of [0, 1, 61, 64, 4095, 4096, 4097, 10_000]) {
      const p = heap.malloc(size)!;
      expect(p % alignment).toBe(0);
      const slack = -(p + size) & (pageSize() - 1);
      expect(slack).toBeLessThan(alignment);
      expect(heap.usableSize(p)).toBe(size);
      expect(heap.view(p).length).toBe(size);
    }
  });

  it('on the left begins at its guard', () => {
    using heap = open({ side: 'left', policy: 'record' });
    for (const size of [0, 1, 61, 5000]) expect(heap.malloc(size)! % pageSize()).toBe(0);
  });

  it('at random is now here, now there', () => {
    using heap = open({ side: 'random', seed: 3, policy: 'record' });
    const left = Array.from({ length: 200 }, () => heap.malloc(64)! % pageSize() === 0).filter(
      Boolean,
    ).length;
    expect(left).toBeGreaterThan(60);
    expect(left).toBeLessThan(140);
  });
});

describe('fill', () => {
  it('fresh blocks are 0xcd, calloc 0, slack 0xfd', () => {
    using heap = open({ policy: 'record' });
    const p = heap.malloc(61)!;
    expect([...new Set(heap.view(p))]).toEqual([0xcd]);
    expect([...new Set(heap.bytes.slice(p + 61, p + 64))]).toEqual([0xfd]);
    expect([...new Set(heap.bytes.slice(p - 100, p))]).toEqual([0xfd]);
    expect([...new Set(heap.view(heap.calloc(61, 1)!))]).toEqual([0]);
  });

  it.each(['lightweight', 'mprotect'] as const)(
    'calloc gives zeros in a used slot, closed by %s',
    (method) => {
      using heap = open({ policy: 'record', quarantineSlots: 0, method });
      const p = heap.malloc(3000)!;
      heap.free(p);
      const q = heap.calloc(1, 3000)!;
      expect(q).toBe(p);
      expect([...new Set(heap.view(q))]).toEqual([0]);
    },
  );
});

describe('a write into the slack', () => {
  it.each([
    ['right', 61, 0],
    ['right', 61, 2],
    ['right', 100, -1],
    ['right', 100, -3000],
    ['left', 100, 0],
    ['left', 100, 3000],
    ['left', 4096 + 100, 17],
  ] as const)(
    '%s side, %d bytes, distance %d: free refuses with block and distance',
    (side, size, distance) => {
      using heap = open({ side });
      const p = heap.malloc(size)!;
      heap.bytes[distance < 0 ? p + distance : p + size + distance] = 0x41;
      expect(heap.explainFree(p)).toMatchObject({ ok: false });
      const error = thrownBy(() => heap.free(p));
      expect(error).toMatchObject({
        code: 'ERR_MEMORY_FAULT',
        kind: distance < 0 ? 'heap-buffer-underflow' : 'heap-buffer-overflow',
        access: 'write',
        block: { pointer: p, sizeBytes: size, state: 'live' },
        distanceBytes: distance,
        freedAt: null,
      });
      expect(error.address).toBe(heap.address(distance < 0 ? p + distance : p + size + distance));
      expect(error.allocatedAt).toContain('slack.test.ts');
      expect(error.fault.signal).toBeNull();
      // Once: the slack was made whole, the block is still there.
      heap.free(p);
      expect(heap.faults()).toHaveLength(1);
    },
  );

  it('check() names every one, each once; realloc refuses as free does', () => {
    using heap = open();
    const blocks = Array.from({ length: 50 }, (_, i) => heap.malloc(16 * i + 5)!);
    heap.bytes[blocks[7] + 16 * 7 + 5] = 1;
    heap.bytes[blocks[20] - 1] = 1;
    const found = heap.check();
    expect(found.map(({ chunk, rule }) => [chunk, rule])).toEqual([
      [blocks[7], 'slack-untouched'],
      [blocks[20], 'slack-untouched'],
    ]);
    expect(found[0].message).toMatch(/0 bytes past the end of 117-byte allocation #8/);
    expect(found[1].message).toMatch(/1 bytes before the start of 325-byte allocation #21/);
    expect(heap.check()).toEqual([]);
    heap.bytes[blocks[3] + 16 * 3 + 5] = 1;
    expect(() => heap.realloc(blocks[3], 500)).toThrow(MemoryFaultError);
  });

  it('is listed and told, and the free goes on, where hits are only recorded', () => {
    using heap = open({ policy: 'record' });
    const told: unknown[] = [];
    heap.on('fault', (fault) => told.push(fault));
    const p = heap.malloc(61)!;
    heap.bytes[p + 61] = 1;
    heap.free(p);
    expect(told).toEqual(heap.faults());
    expect(heap.faults()).toMatchObject([{ distanceBytes: 0, policy: 'record', access: 'write' }]);
    expect(() => heap.free(p)).toThrow(/double free/);
  });
});
