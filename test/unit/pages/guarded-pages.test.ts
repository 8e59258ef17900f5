/** `GuardedPages`: opening and closing by either method, and the budget of the one that splits mappings. */
import { afterEach, describe, expect, it } from 'vitest';
import { ArgumentError, GiB, PosixError } from '../../../lib/core/index.ts';
import { GuardedPages, guard, guardBudget, guardBudgetUsed } from '../../../lib/pages/index.ts';
import { type GuardMethod, isSupported } from '../../../lib/posix/index.ts';

const methods: GuardMethod[] = isSupported('guardInstall') ? ['lightweight', 'mprotect'] : ['mprotect'];
const made: GuardedPages[] = [];

function create(method: GuardMethod, lengthBytes = 1 << 24): GuardedPages {
  const pages = GuardedPages.create({ lengthBytes, method, policy: 'record' });
  made.push(pages);
  return pages;
}

afterEach(() => {
  for (const pages of made.splice(0)) pages.release();
  expect(guardBudgetUsed()).toBe(0);
});

describe.each(methods)('guards by %s', (method) => {
  it('are all pages at first; open ones can be written, closed ones not', () => {
    const pages = create(method);
    const page = pages.pageSizeBytes;
    expect(pages.address % BigInt(4 * GiB)).toBe(0n);
    expect(guard.isReadable(pages.address)).toBe(false);
    pages.open(2 * page, 3 * page);
    pages.bytes.fill(1, 2 * page, 5 * page);
    expect([1, 2, 4, 5].map((at) => pages.isOpen(at * page))).toEqual([false, true, true, false]);
    pages.close(3 * page, page);
    const readable = [1, 2, 3, 4, 5].map((at) => guard.isReadable(pages.address + BigInt(at * page)));
    expect(readable).toEqual([false, true, false, true, false]);
    pages.open(3 * page, page);
    expect(pages.bytes[3 * page]).toBe(method === 'lightweight' ? 0 : 1);
    expect(pages.bytes[4 * page]).toBe(1);
    pages.discard(2 * page, 3 * page);
    if (process.platform === 'linux') expect(pages.bytes[4 * page]).toBe(0);
  });

  it('work far beyond what was opened before, and over several steps', () => {
    const pages = create(method, GiB);
    const page = pages.pageSizeBytes;
    pages.open(GiB / 2, 9 * 1024 * 1024);
    pages.bytes[GiB / 2] = 1;
    const probe = (offset: number): boolean => guard.isReadable(pages.address + BigInt(offset));
    expect([GiB / 2 - 1, GiB / 2 + 9 * 1024 * 1024, 0, GiB - 1].map(probe)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    pages.open(page, page);
    expect(probe(page)).toBe(true);
  });

  it('are hits on a page that nothing was prepared for', () => {
    const pages = create(method);
    const since = guard.faultCount;
    pages.bytes[pages.lengthBytes - 1] = 1;
    expect(guard.faults({ since })).toMatchObject([{ kind: 'guard-page', access: 'write', block: null }]);
    pages.rearm();
    expect(guard.isReadable(pages.address + BigInt(pages.lengthBytes - 1))).toBe(false);
  });

  it('end with their views', () => {
    const pages = create(method);
    pages.open(0, pages.pageSizeBytes);
    const { bytes } = pages;
    pages.release();
    expect([bytes.length, pages.bytes.length, pages.isMapped]).toEqual([0, 0, false]);
  });

  it('refuse what are no pages of theirs', () => {
    const pages = create(method);
    const page = pages.pageSizeBytes;
    const bad = [
      [1, page],
      [0, 1],
      [-page, page],
      [0, pages.lengthBytes + page],
      [Number.NaN, page],
      ['0', page],
    ];
    for (const [offset, length] of bad as [number, number][]) {
      expect(() => pages.open(offset, length), `${offset} ${length}`).toThrow(ArgumentError);
      expect(() => pages.close(offset, length)).toThrow(ArgumentError);
      expect(() => pages.own(offset, length, 0)).toThrow(ArgumentError);
    }
  });
});

describe('what cannot be meant', () => {
  it('is refused before anything is reserved', () => {
    const create = (options: object): unknown => GuardedPages.create({ lengthBytes: 4096, ...options });
    for (const lengthBytes of [0, -1, 5 * GiB, 1.5])
      expect(() => create({ lengthBytes })).toThrow(ArgumentError);
    expect(() => create({ policy: 'x' })).toThrow(ArgumentError);
    expect(() => create({ method: 'x' })).toThrow(ArgumentError);
    expect(() => create({ maxBlocks: -1 })).toThrow(ArgumentError);
    expect(guard.status().ranges).toBe(0);
  });
});

describe.runIf(process.platform === 'linux')('the budget of guards by mprotect', () => {
  it('counts the mappings that are split off, and gets them back', () => {
    const pages = create('mprotect');
    const page = pages.pageSizeBytes;
    for (const at of [1, 3, 5]) pages.open(at * page, page);
    expect(guardBudgetUsed()).toBe(6);
    pages.open(2 * page, page);
    expect(guardBudgetUsed()).toBe(4);
    pages.close(page, page);
    expect(guardBudgetUsed()).toBe(4);
    for (const at of [2, 3, 5]) pages.close(at * page, page);
    expect(guardBudgetUsed()).toBe(0);
  });

  it('ends with an error that names the limit and the remedy; the process stays whole', () => {
    const pages = create('mprotect', GiB);
    const page = pages.pageSizeBytes;
    const openAll = (): void => {
      for (let at = page; at < GiB - page; at += 2 * page) pages.open(at, page);
    };
    expect(openAll).toThrow(PosixError);
    expect(openAll).toThrow(/ENOMEM.*vm\.max_map_count = \d+.*sysctl vm\.max_map_count/);
    expect(guardBudgetUsed()).toBeLessThanOrEqual(guardBudget());
    expect(new Uint8Array(64 << 20).length).toBe(64 << 20);
  });
});
