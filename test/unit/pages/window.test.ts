/** The window on a mapping, and a heap on it: which calls are made, what the process map says, what a clone copies. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GiB, KiB, MiB } from '../../../lib/core/index.ts';
import { Heap, isSupported, memoryMap, mmapWindow, pageSize } from '../../../lib/index.ts';
import { residentBytes } from '../../../lib/posix/index.ts';
import { collectUntil } from '../../helpers/collect-garbage.ts';

const page = pageSize();

describe('mmapWindow', () => {
  it('commits in steps: one call for many pages, none for what is writable', () => {
    const window = mmapWindow({ sizeBytes: 64 * MiB, commitStepBytes: MiB });
    const calls = (): number => window.systemCalls.mprotect ?? 0;
    for (let at = 0; at < MiB; at += page) expect(window.commit(at, page)).toBe(true);
    expect(calls()).toBe(1);
    expect(window.commit(8 * MiB - page, 2 * page)).toBe(true);
    expect(calls()).toBe(2);
    // Two holes around what is writable: two calls.
    expect(window.commit(6 * MiB, 4 * MiB)).toBe(true);
    expect(calls()).toBe(4);
    window.release();
    expect(window.commit(0, page)).toBe(false);
  });

  it('makes every commit a call when the step is a page', () => {
    const window = mmapWindow({ sizeBytes: MiB, commitStepBytes: page });
    for (let k = 0; k < 10; k++) window.commit(k * page, page);
    expect(window.systemCalls.mprotect).toBe(10);
    window.release();
  });

  it.runIf(isSupported('memoryMap'))('is readable all over and writable where committed', () => {
    const window = mmapWindow({ sizeBytes: 64 * MiB, commitStepBytes: page, name: 'chunkyard window test' });
    window.commit(16 * page, 2 * page);
    const end = window.baseAddress + BigInt(window.sizeBytes);
    const ranges = memoryMap().filter((range) => range.start < end && window.baseAddress < range.end);
    expect(
      ranges.map(({ start, protection }) => [Number(start - window.baseAddress) / page, protection]),
    ).toEqual([
      [0, 'r--'],
      [16, 'rw-'],
      [18, 'r--'],
    ]);
    window.release();
  });

  it.runIf(existsSync('/sys/kernel/mm/transparent_hugepage'))(
    'asks for huge pages, and commits them whole',
    () => {
      const window = mmapWindow({ transparentHugePages: true, name: 'chunkyard huge' });
      expect(window.commit(3 * MiB, page)).toBe(true);
      const start = window.baseAddress + BigInt(2 * MiB);
      const map = readFileSync('/proc/self/smaps', 'utf8');
      const [range] = map.match(new RegExp(`^${start.toString(16)}-[^]*?^VmFlags.*$`, 'm')) ?? [];
      expect(range).toMatch(/^Size: +2048 kB$/m);
      expect(range).toMatch(/^VmFlags:.* hg\b/m);
      const heap = Heap.create({ source: window });
      heap.view(heap.malloc(100)!).fill(1);
      expect(heap.check()).toEqual([]);
      heap.destroy();
    },
  );

  it.runIf(existsSync('/sys/kernel/mm/transparent_hugepage'))(
    'gives huge pages back whole, and clears the part of one',
    () => {
      const window = mmapWindow({ transparentHugePages: true });
      window.commit(0, 8 * MiB);
      const bytes = new Uint8Array(window.buffer, 0, 8 * MiB).fill(1);
      const before = window.systemCalls.madvise;
      const ranges = [
        [2 * MiB + page, 2 * MiB + 2 * page],
        [4 * MiB - page, 7 * MiB],
      ];
      for (const [start, end] of ranges) window.discard(start, end - start);
      expect(window.systemCalls.madvise).toBe(before + 1);
      expect(residentBytes(window.baseAddress + BigInt(4 * MiB), 2 * MiB)).toBe(0);
      for (let at = 0; at < 8 * MiB; at += page) {
        const isDiscarded = ranges.some(([start, end]) => at >= start && at < end);
        expect(bytes[at], `at ${at}`).toBe(isDiscarded ? 0 : 1);
      }
      window.release();
    },
  );

  it.each([
    [{ sizeBytes: MiB - 1 }, 'sizeBytes'],
    [{ sizeBytes: 4 * GiB + 1 }, 'sizeBytes'],
    [{ commitStepBytes: 0 }, 'commitStepBytes'],
    [{ sizeBytes: Number.NaN }, 'sizeBytes'],
  ])('refuses %j', (options, argument) => {
    expect(() => mmapWindow(options)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', argument }),
    );
  });

  it.each([
    [1, page],
    [0, page + 1],
    [0, 0],
    [MiB, page],
    [MiB - page, 2 * page],
    [-page, page],
  ])('refuses to commit or discard %i + %i', (offset, bytes) => {
    const window = mmapWindow({ sizeBytes: MiB });
    const expected = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
    expect(() => window.commit(offset, bytes)).toThrow(expected);
    expect(() => window.discard(offset, bytes)).toThrow(expected);
    window.release();
  });
});

describe('Heap on real pages', () => {
  it('is the default: real addresses, low half the pointer', () => {
    using heap = Heap.create();
    const pointer = heap.malloc(1000)!;
    const address = heap.address(pointer);
    expect(Number(address & 0xffff_ffffn)).toBe(pointer);
    if (isSupported('memoryMap')) {
      const range = memoryMap().find(({ start, end }) => start <= address && address < end);
      expect(range).toMatchObject({ protection: 'rw-' });
      expect(range?.name ?? 'chunkyard heap').toContain('chunkyard heap');
    }
    expect(heap).toBeInstanceOf(Heap);
  });

  it('gives everything back at the end', () => {
    const heap = Heap.create();
    const view = heap.view(heap.malloc(100)!);
    const { buffer } = heap.bytes;
    heap.destroy();
    expect([view.length, buffer.byteLength]).toEqual([0, 0]);
    expect(() => heap.malloc(1)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_CLOSED' }));
  });

  it('leaves nothing behind when its options are refused', () => {
    const isOurs = ({ name }: { name: string | undefined }): boolean =>
      name?.includes('chunkyard heap') ?? false;
    const count = (): number => (isSupported('memoryMap') ? memoryMap().filter(isOurs).length : 0);
    const before = count();
    for (let k = 0; k < 20; k++) expect(() => Heap.create({ glibc: '1.0' as '2.36' })).toThrow('glibc');
    expect(count()).toBe(before);
  });

  it('lends views whose clone is small', () => {
    using heap = Heap.create();
    const pointer = heap.malloc(100)!;
    heap.view(pointer).fill(7);
    const clone = structuredClone(heap.view(pointer));
    expect([...clone]).toEqual(Array(104).fill(7));
    expect(clone.buffer.byteLength).toBeLessThanOrEqual(128 * KiB);
    expect(structuredClone(heap.buffer(pointer))[0]).toBe(7);
  });

  it.runIf(isSupported('memoryMap'))('goes when it is dropped, with its window', async () => {
    const name = 'chunkyard dropped heap';
    const standing = (): number => memoryMap().filter((range) => range.name?.includes(name)).length;
    const drop = (): void => {
      for (let k = 0; k < 100; k++) Heap.create({ source: mmapWindow({ name }) }).malloc(100);
    };
    drop();
    expect(standing()).toBeGreaterThan(100);
    // The last one may still be on the stack.
    expect(await collectUntil(() => standing() < 5)).toBe(true);
  });

  it('many at once, each with its own window', () => {
    const heaps = Array.from({ length: 200 }, () => Heap.create());
    const pointers = heaps.map((heap, index) => {
      const pointer = heap.malloc(64)!;
      heap.view(pointer).fill(index);
      return pointer;
    });
    for (const [index, heap] of heaps.entries()) expect(heap.view(pointers[index])[63]).toBe(index);
    expect(new Set(heaps.map((heap) => heap.address(pointers[0]))).size).toBe(200);
    for (const heap of heaps) heap.destroy();
  });
});
