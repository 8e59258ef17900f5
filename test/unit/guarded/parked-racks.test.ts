/** Racks as long as page tables: they are shut by being moved aside (native/parked_pages.h), and come back as they were. */
import { describe, expect, it } from 'vitest';
import { GuardedHeap, guard, isSupported, memoryMap, pageSize } from '../../../lib/index.ts';

const page = pageSize();
/** Slots of a rack that fills six page tables, and their distance. */
const rackSlots = 1024;
const strideBytes = 3 * page;

const open = (policy: 'record' | 'throw' = 'record'): GuardedHeap =>
  GuardedHeap.create({ policy, sampleRate: 2, sampleShare: 0.001, side: 'right', seed: 20_265 });

/** Allocates and frees so often that so many racks, about, are used up. */
function useUp(heap: GuardedHeap, racks: number): void {
  for (let k = 0; k < 2 * racks * rackSlots; k++) heap.free(heap.malloc(48));
}

/** Blocks of racks that were given out and freed one after the other. */
function freed(heap: GuardedHeap, count: number): number[] {
  const blocks: number[] = [];
  while (blocks.length < count) {
    const block = heap.malloc(48)!;
    if (heap.isGuarded(block)) blocks.push(block);
    heap.free(block);
  }
  return blocks;
}

describe.skipIf(process.platform !== 'linux' || !isSupported('guardInstall'))('a rack of 1,024 slots', () => {
  it('lies at the border of a page table', () => {
    using heap = open();
    const blocks = freed(heap, 3 * rackSlots);
    const inRow = blocks.filter((block, k) => k > 0 && block - blocks[k - 1] === strideBytes);
    expect(inRow.length).toBeGreaterThan(2 * rackSlots);
    const firsts = blocks.filter((block, k) => k > 0 && block - blocks[k - 1] !== strideBytes);
    // The block ends where the guard behind it begins.
    const starts = firsts.map((block) => block + 48 - 2 * page);
    expect(starts.some((start) => start % 2 ** 21 === 0)).toBe(true);
  });

  it('forbids its pages and its guards while it is shut', () => {
    using heap = open();
    const blocks = freed(heap, rackSlots + 100).slice(-rackSlots - 50, -rackSlots + 50);
    useUp(heap, 2);
    const before = heap.faults().length;
    for (const block of blocks.slice(0, 20)) heap.bytes[block] = 1;
    const hits = heap.faults().slice(before);
    expect(hits).toHaveLength(20);
    for (const [k, hit] of hits.entries()) {
      expect(hit).toMatchObject({ kind: 'use-after-free', signal: 'SIGSEGV', offsetBytes: blocks[k] });
    }
    void heap.bytes[blocks[30] + 48];
    expect(heap.faults().at(-1)).toMatchObject({ access: 'read', offsetBytes: blocks[30] + 48 });
  });

  it('is whole again afterwards: guards guard, blocks keep what is written to them', () => {
    using heap = open();
    for (const block of freed(heap, 1400).slice(0, 20)) {
      useUp(heap, 1);
      heap.bytes[block] = 1;
    }
    const before = heap.faults().length;
    useUp(heap, 12);
    const live = Array.from({ length: 5 * rackSlots }, () => heap.malloc(48)!);
    for (const block of live) heap.view(block).fill(block & 0xff);
    for (const block of live) expect(heap.view(block).every((byte) => byte === (block & 0xff))).toBe(true);
    // The list of faults holds 1,024.
    const hit = live.filter((block) => heap.isGuarded(block)).filter((_, k) => k % 3 === 0);
    for (const block of hit) heap.bytes[block + 48] = 1;
    expect(hit.length).toBeGreaterThan(rackSlots / 2);
    expect(heap.faults().length - before).toBe(hit.length);
    for (const block of live) heap.free(block);
    expect(heap.check()).toEqual([]);
  });

  it('is caught with policy throw too, by the same rack again and again', () => {
    using heap = open('throw');
    for (let round = 0; round < 5; round++) {
      const [block] = freed(heap, rackSlots);
      useUp(heap, 2);
      expect(() => guard.run(() => heap.bytes[block])).toThrow(/use-after-free/);
      useUp(heap, 3);
    }
  });

  it.runIf(isSupported('memoryMap'))('takes no more mappings with time, and leaves none behind', () => {
    const before = memoryMap().length;
    const heap = open();
    useUp(heap, 12);
    const early = memoryMap().length;
    useUp(heap, 60);
    expect(memoryMap().length).toBeLessThanOrEqual(early + 8);
    heap.destroy();
    expect(memoryMap().length).toBeLessThanOrEqual(before + 8);
  });
});
