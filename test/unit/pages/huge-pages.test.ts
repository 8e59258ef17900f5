/** Where a heap's window has huge pages by itself, what that takes of memory, and how memory goes back. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KiB, MiB } from '../../../lib/core/index.ts';
import { GuardedHeap, Heap, mmapWindow, pageSize } from '../../../lib/index.ts';
import { discardRange, type Emptying, hasHugePages, wholeHugePages } from '../../../lib/pages/huge-pages.ts';
import { residentBytes } from '../../../lib/posix/index.ts';

const page = pageSize();
const setting = '/sys/kernel/mm/transparent_hugepage/enabled';
const isOnRequest = existsSync(setting) && readFileSync(setting, 'utf8').includes('[madvise]');

/** @returns start and end, in bytes from an address, of the mappings after it that were advised */
function advised(from: bigint, bytes: number): [number, number][] {
  const found: [number, number][] = [];
  for (const entry of readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(entry) ?? [];
    const at = Number(BigInt(`0x${start ?? 0}`) - from);
    if (at < 0 || at >= bytes || !/^VmFlags:.* hg\b/m.test(entry)) continue;
    const last = found.at(-1);
    if (last?.[1] === at) last[1] = Number(BigInt(`0x${end}`) - from);
    else found.push([at, Number(BigInt(`0x${end}`) - from)]);
  }
  return found;
}

describe.runIf(isOnRequest)('a heap in a window of its own', () => {
  it('has huge pages for its break, but not for the first top', () => {
    using heap = Heap.create();
    const first = heap.malloc(100)! - 0x2a0;
    const { baseAddress, sizeBytes } = heap.space.source;
    const [[start, end], ...others] = advised(baseAddress, sizeBytes);
    expect(others).toEqual([]);
    expect([start - first, end - start > 512 * MiB]).toEqual([132 * KiB, true]);
  });

  it('takes no huge page while it is small', () => {
    using heap = Heap.create();
    heap.malloc(100);
    while (heap.topBytes()! > 256) heap.view(heap.malloc(120)!).fill(1);
    const first = BigInt(heap.space.breakStart);
    expect(heap.space.breakEnd - heap.space.breakStart).toBe(132 * KiB);
    expect(residentBytes(heap.space.source.baseAddress + first, 8 * MiB)).toBe(132 * KiB);
  });

  it('gives memory back at trim, parts of huge pages too', () => {
    using heap = Heap.create();
    const { baseAddress } = heap.space.source;
    const blocks = Array.from({ length: 100 }, () => heap.malloc(100 * KiB)!);
    for (const block of blocks) heap.view(block).fill(1);
    const all = (): number => residentBytes(baseAddress + BigInt(heap.space.breakStart), 16 * MiB)!;
    expect(all()).toBeGreaterThanOrEqual(9 * MiB);
    // A block stays at the end: what goes back lies inside the heap, page by page.
    for (const block of blocks.slice(0, -1)) heap.free(block);
    expect(heap.trim(0)).toBe(true);
    expect(all()).toBeLessThan(2 * MiB + 256 * KiB);
    expect(heap.check()).toEqual([]);
    const again = heap.malloc(90 * KiB)!;
    expect(heap.view(again).every((byte, k) => k < page || byte === 0)).toBe(true);
  });

  it.each([
    ['false', { transparentHugePages: false }],
    ['steps that no huge page fits into', { commitStepBytes: page }],
  ])('has none with %s', (_, options) => {
    const source = mmapWindow(options);
    using heap = Heap.create({ source });
    heap.view(heap.malloc(100 * KiB)!).fill(1);
    expect(advised(source.baseAddress, source.sizeBytes)).toEqual([]);
  });

  it('so has the plain part of a sampled heap', () => {
    using heap = GuardedHeap.create({ sampleRate: 1000, checkAtExit: false });
    const block = heap.malloc(100)!;
    expect(advised(heap.address(block) - BigInt(block), 2 ** 31)).toHaveLength(1);
    const blocks = Array.from({ length: 100 }, () => heap.malloc(100 * KiB)!);
    for (const one of blocks) heap.view(one).fill(1);
    for (const one of blocks) heap.free(one);
    expect(heap.check()).toEqual([]);
    const zeroed = heap.calloc(1, 3 * MiB)!;
    expect(heap.view(zeroed).every((byte) => byte === 0)).toBe(true);
  });
});

describe('giving memory back', () => {
  /** What was done to each page of a range of 10 MiB whose middle has huge pages. */
  function steps(offset: number, bytes: number, refuses = false): string[] {
    const done: string[] = [];
    const note = (what: string, start: number, end: number): void => {
      expect(end).toBeGreaterThan(start);
      done.push(`${what} ${start / KiB}-${end / KiB}`);
    };
    const emptying: Emptying = {
      giveBack: (start, end) => {
        note(refuses ? 'refused' : 'back', start, end);
        return !refuses;
      },
      clear: (start, end) => note('clear', start, end),
    };
    discardRange([2 * MiB, 8 * MiB], offset, bytes, emptying);
    return done;
  }

  it.each([
    ['ordinary pages', 0, MiB, ['back 0-1024']],
    ['behind them', 9 * MiB, MiB, ['back 9216-10240']],
    ['whole huge pages', 2 * MiB, 4 * MiB, ['back 2048-6144']],
    ['part of one', 2 * MiB + 4 * KiB, MiB, ['clear 2052-3076']],
    ['parts of two', 3 * MiB, 2 * MiB, ['clear 3072-5120']],
    ['parts around one', 3 * MiB, 4 * MiB, ['clear 3072-4096', 'back 4096-6144', 'clear 6144-7168']],
    ['over both borders', MiB, 9 * MiB, ['back 1024-2048', 'back 2048-8192', 'back 8192-10240']],
    ['up to a border', MiB, MiB, ['back 1024-2048']],
  ])('%s', (_, offset, bytes, expected) => {
    expect(steps(offset, bytes)).toEqual(expected);
  });

  it('what the system refuses is cleared', () => {
    expect(steps(MiB, 3 * MiB, true)).toEqual([
      ...['refused 1024-2048', 'clear 1024-2048', 'refused 2048-4096', 'clear 2048-4096'],
    ]);
  });

  it('a range without a whole huge page has none', () => {
    expect(wholeHugePages(3 * MiB, 2 * MiB)).toEqual([0, 0]);
    expect(wholeHugePages(3 * MiB, 3 * MiB)).toEqual([4 * MiB, 6 * MiB]);
  });

  it('is known from the setting whether there are any', () => {
    const allowed = existsSync(setting) && /\[(always|madvise)\]/.test(readFileSync(setting, 'utf8'));
    expect(hasHugePages()).toBe(allowed);
  });
});
