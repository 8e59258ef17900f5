/** mallopt takes glibc's names and numbers, and nothing else. */
import { describe, expect, it } from 'vitest';
import { bufferWindow, Heap, type MalloptName } from '../../../lib/heap/index.ts';

const refused = [
  ['M_MMAP_THRESHOLD', 65536, 'ERR_INVALID_ARG_VALUE', 'name'],
  ['toString', 1, 'ERR_INVALID_ARG_VALUE', 'name'],
  [undefined, 1, 'ERR_INVALID_ARG_VALUE', 'name'],
  [1.5, 1, 'ERR_OUT_OF_RANGE', 'name'],
  ['mxfast', 0.5, 'ERR_OUT_OF_RANGE', 'value'],
  ['mxfast', '64', 'ERR_INVALID_ARG_TYPE', 'value'],
] as const;

describe('mallopt', () => {
  it.each(refused)('refuses %s = %s', (name, value, code, argument) => {
    using heap = Heap.create({ source: bufferWindow({ sizeBytes: 2 ** 28 }) });
    const attempt = (): boolean => heap.mallopt(name as MalloptName, value as number);
    expect(attempt).toThrow(expect.objectContaining({ name: 'ArgumentError', code, argument }));
    expect(heap.check()).toEqual([]);
  });

  it('by name and by number is the same, and takes effect', () => {
    const pageOffset = (name?: MalloptName | number): number => {
      using heap = Heap.create({ source: bufferWindow({ sizeBytes: 2 ** 28 }) });
      if (name !== undefined) expect(heap.mallopt(name, 2 ** 20)).toBe(true);
      return heap.malloc(200_000)! % 4096;
    };
    expect(pageOffset()).toBe(16); // a mapping of its own, behind its header
    expect(pageOffset('mmap_threshold')).toBe(0x2a0); // the heap, behind the cache
    expect(pageOffset(-3)).toBe(0x2a0);
  });

  it('answers false where glibc answers 0', () => {
    using heap = Heap.create({ source: bufferWindow({ sizeBytes: 2 ** 28 }) });
    expect(heap.mallopt('mxfast', 161)).toBe(false);
  });
});
