/** protect() and its disposables: nested, overlapping, ended in any order; the process map is the judge. */
import { describe, expect, it } from 'vitest';
import { type Mapping, memoryMap, mmap, type ProtectionGuard, pageSize } from '../../../lib/index.ts';

const page = pageSize();

/** Protection of every page, as the process map has it: `-` none, otherwise the letters. */
function pagesOf(mapping: Mapping): string[] {
  const map = memoryMap();
  return Array.from({ length: mapping.byteLength / page }, (_, index) => {
    const address = mapping.address + BigInt(index * page);
    const range = map.find(({ start, end }) => start <= address && address < end);
    return range?.protection.replaceAll('-', '') || 'none';
  });
}

function pages(first: number, count: number): { offset: number; length: number } {
  return { offset: first * page, length: count * page };
}

describe('protect', () => {
  it('changes exactly the pages of the rounded range, and restores them', () => {
    using mapping = mmap({ length: 4 * page });
    const guard = mapping.protect('none', { offset: page + 17, length: page });
    expect(guard).toMatchObject({ protection: 'none', range: pages(1, 2) });
    expect(pagesOf(mapping)).toEqual(['rw', 'none', 'none', 'rw']);
    expect(mapping.protection).toBe('mixed');
    expect(mapping.protections()).toEqual([
      { ...pages(0, 1), protection: 'rw' },
      { ...pages(1, 2), protection: 'none' },
      { ...pages(3, 1), protection: 'rw' },
    ]);
    guard.restore();
    expect(pagesOf(mapping)).toEqual(['rw', 'rw', 'rw', 'rw']);
    expect(mapping.protection).toBe('rw');
    guard.restore();
    expect(mapping.protection).toBe('rw');
  });

  it('nested with using, restores from the inside out', () => {
    using mapping = mmap({ length: 3 * page });
    {
      using _outer = mapping.protect('r');
      {
        using _inner = mapping.protect('none', pages(1, 1));
        expect(pagesOf(mapping)).toEqual(['r', 'none', 'r']);
      }
      expect(pagesOf(mapping)).toEqual(['r', 'r', 'r']);
    }
    expect(pagesOf(mapping)).toEqual(['rw', 'rw', 'rw']);
  });

  it('overlapping, gives each page what is still in force, in any order of ends', () => {
    using mapping = mmap({ length: 4 * page });
    const first = mapping.protect('r', pages(0, 3));
    const second = mapping.protect('none', pages(1, 3));
    first.restore();
    expect(pagesOf(mapping)).toEqual(['rw', 'none', 'none', 'none']);
    second.restore();
    expect(pagesOf(mapping)).toEqual(['rw', 'rw', 'rw', 'rw']);
  });

  it('restores different old protections of one range', () => {
    using mapping = mmap({ length: 4 * page });
    mapping.protect('r', pages(1, 1));
    mapping.protect('none', pages(2, 1));
    const guard = mapping.protect('rx');
    expect(pagesOf(mapping)).toEqual(['rx', 'rx', 'rx', 'rx']);
    guard[Symbol.dispose]();
    expect(pagesOf(mapping)).toEqual(['rw', 'r', 'none', 'rw']);
  });

  it('survives unmap and resize: a guard never touches pages that are gone', () => {
    const mapping = mmap({ length: 4 * page });
    const guards: ProtectionGuard[] = [mapping.protect('r'), mapping.protect('none', pages(2, 2))];
    guards[1].restore();
    mapping.resize(2 * page);
    guards[0].restore();
    expect(pagesOf(mapping)).toEqual(['rw', 'rw']);
    const last = mapping.protect('r');
    mapping.unmap();
    expect(() => last.restore()).not.toThrow();
  });

  it('lets a mapping be written again only where that is allowed', () => {
    using mapping = mmap({ length: 2 * page });
    mapping.bytes.fill(3);
    using _guard = mapping.protect('r', pages(0, 1));
    mapping.bytes[page] = 4;
    expect([mapping.bytes[0], mapping.bytes[page]]).toEqual([3, 4]);
  });
});
