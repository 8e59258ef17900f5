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
    for (const name of ['mmap_threshold', -3] as const) {
      using heap = Heap.create({ source: bufferWindow({ sizeBytes: 2 ** 28 }) });
      expect(heap.mallopt(name, 4096)).toBe(true);
      expect(heap.malloc(8000)! % 4096).toBe(16); // a mapping of its own, behind its header
    }
  });

  it('answers false where glibc answers 0', () => {
    using heap = Heap.create({ source: bufferWindow({ sizeBytes: 2 ** 28 }) });
    expect(heap.mallopt('mxfast', 161)).toBe(false);
  });
});
