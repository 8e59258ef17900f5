/** Damaged metadata has its natural effect; strict mode catches at the call what glibc lets pass. */
import { describe, expect, it } from 'vitest';
import { GiB } from '../../../lib/core/index.ts';
import { bufferWindow, Heap } from '../../../lib/heap/index.ts';
import { mangled, messageOf, openHeap, read, take, takeMany, write } from './tools.ts';

describe('a damaged heap', () => {
  it('faults where a wild link is followed, not where it is stored', () => {
    const heap = openHeap();
    const [a, b] = takeMany(heap, 2, 24);
    heap.free(a);
    heap.free(b);
    write(heap, b, 0, mangled(heap, b, 0, 0x4141_4141_4141_4140n));
    expect(take(heap, 24)).toBe(b);
    expect(() => take(heap, 24)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_FAULT' }));
  });

  it('faults inside the window where nothing is mapped', () => {
    const heap = openHeap();
    expect(() => heap.free(200 * 2 ** 20)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_FAULT' }));
    expect(() => heap.free(4 * GiB - 16)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_FAULT' }));
  });

  it('hands out a block twice after A, B, A in a fastbin', () => {
    const heap = openHeap();
    const [a, b] = takeMany(heap, 2, 24);
    const filler = takeMany(heap, 7, 24);
    for (const block of filler) heap.free(block);
    heap.free(a);
    heap.free(b);
    heap.free(a);
    takeMany(heap, 7, 24);
    expect(takeMany(heap, 3, 24)).toEqual([a, b, a]);
  });

  it('writes a chunk address through bk_nextsize before 2.42, which tests it', () => {
    for (const glibc of ['2.36', '2.43'] as const) {
      const heap = openHeap({ glibc });
      const target = take(heap, 64);
      const large = take(heap, 2000);
      take(heap, 24);
      const smaller = take(heap, 1990);
      take(heap, 24);
      heap.free(large);
      take(heap, 3000);
      heap.free(smaller);
      write(heap, large, 24, heap.address(target) - 32n);
      const message = messageOf(() => take(heap, 3000));
      expect(message).toBe(
        glibc === '2.36'
          ? 'nothing was thrown'
          : 'malloc(): largebin double linked list corrupted (nextsize)',
      );
      if (glibc === '2.36') expect(read(heap, target)).toBe(heap.address(smaller) - 16n);
    }
  });

  it('never touches what lies outside its window', () => {
    const source = bufferWindow({ sizeBytes: 128 * 2 ** 20 });
    const heap = Heap.create({ source, key: 1n });
    const block = take(heap, 2000);
    take(heap, 24);
    write(heap, block, -8, 0xffff_ffff_ffff_0001n);
    expect(messageOf(() => heap.free(block))).toBe('free(): invalid pointer');
    write(heap, block, -8, 0x7_0000_0001n);
    expect(messageOf(() => heap.free(block))).toBe('double free or corruption (out)');
  });

  it('reports every violation by name', () => {
    const heap = openHeap();
    const [a, b] = takeMany(heap, 4, 2000);
    heap.free(a);
    write(heap, b, -16, 5n);
    write(heap, a, 8, 0n);
    expect(heap.check().map(({ rule }) => rule)).toEqual(['footer-agrees', 'list-links']);
  });
});

describe('strict mode', () => {
  it('refuses a pointer inside a block even when the bytes there look like a header', () => {
    for (const strict of [false, true]) {
      const heap = openHeap({ strict });
      const block = take(heap, 200);
      write(heap, block, 8, 0x41n);
      const call = (): void => heap.free(block + 16);
      if (strict) expect(call).toThrow(expect.objectContaining({ code: 'ERR_HEAP_INVALID_POINTER' }));
      else expect(call).not.toThrow();
    }
  });

  it('refuses a double free that glibc cannot see', () => {
    const heap = openHeap({ strict: true });
    const block = take(heap, 24);
    heap.free(block);
    write(heap, block, 8, 0n);
    expect(() => heap.free(block)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_DOUBLE_FREE' }));
  });

  it('finds a header that was overwritten', () => {
    const heap = openHeap({ strict: true });
    const [a, b] = takeMany(heap, 2, 24);
    write(heap, a, 24, 0x51n);
    expect(() => heap.free(b)).toThrow(
      expect.objectContaining({ code: 'ERR_HEAP_CORRUPTED', expected: 32, actual: 80 }),
    );
  });
});
