/** Freed blocks wait their turn, counted in slots and in bytes. */
import { describe, expect, it } from 'vitest';
import { Quarantine, Queue } from '../../../lib/guarded/quarantine.ts';
import { GuardedHeap } from '../../../lib/index.ts';

describe('queue', () => {
  it('gives back in order, however many pass through', () => {
    const queue = new Queue();
    let taken = 0;
    for (let made = 0; made < 10_000; made++) {
      queue.push(made);
      if (made % 3 !== 0) expect(queue.shift()).toBe(taken++);
    }
    while (queue.length > 0) expect(queue.shift()).toBe(taken++);
    expect(taken).toBe(10_000);
    expect(queue.shift()).toBeUndefined();
  });
});

describe('quarantine', () => {
  it.each([
    ['slots', 3, 1000, [0, 1]],
    ['bytes', 100, 30, [0, 1]],
    ['nothing at all', 0, 1000, [0, 1, 2, 3, 4]],
  ])('is limited by %s, the oldest goes first', (_, slots, bytes, gone) => {
    const released: number[] = [];
    const quarantine = new Quarantine(
      slots,
      bytes,
      () => 10,
      (slot) => released.push(slot),
    );
    for (let slot = 0; slot < 5; slot++) quarantine.add(slot);
    expect(released).toEqual(gone);
    expect(quarantine.slots).toBe(5 - gone.length);
    expect(quarantine.bytes).toBe(10 * (5 - gone.length));
  });

  it('keeps a pointer from being given out again until so many blocks were freed after it', () => {
    using heap = GuardedHeap.create({ policy: 'record', quarantineSlots: 5 });
    const first = heap.malloc(100)!;
    heap.free(first);
    const seen: number[] = [];
    for (let i = 0; i < 12; i++) {
      const p = heap.malloc(100)!;
      seen.push(p);
      heap.free(p);
    }
    const again = seen.indexOf(first);
    expect(again).toBe(5);
    expect(new Set(seen.slice(0, 5)).size).toBe(5);
    expect(heap.slots).toEqual({ live: 0, quarantined: 5, free: 1 });
  });

  it('is cut short before an allocation fails', () => {
    using heap = GuardedHeap.create({ policy: 'record', maxSlots: 4, sampleRate: 1 });
    const blocks = [1, 2, 3, 4].map(() => heap.malloc(10)!);
    expect(blocks.every((block) => heap.isGuarded(block))).toBe(true);
    expect(heap.isGuarded(heap.malloc(10)!)).toBe(false);
    for (const block of blocks) heap.free(block);
    expect(heap.slots).toEqual({ live: 0, quarantined: 4, free: 0 });
    expect(heap.isGuarded(heap.malloc(10)!)).toBe(true);
    expect(heap.isGuarded(heap.malloc(9000)!)).toBe(true);
  });
});
