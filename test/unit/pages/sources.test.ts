/** What sources over a window do beyond the contract: real pages, real files, counted calls. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bufferSource, fileSource, mmapSource, type PageSource, pageSize } from '../../../lib/index.ts';
import { runCase } from '../../helpers/child.ts';
import { mapEntryAt } from '../../helpers/process-map.ts';

const page = pageSize();
const MiB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'chunkyard-arenas-'));
afterAll(() => rmSync(folder, { recursive: true }));

function arena(source: PageSource): Uint8Array {
  return new Uint8Array(source.buffer, 0, source.committedBytes);
}

describe('mmapSource', () => {
  it('stands in the process map as it says: named, writable in front, closed behind', () => {
    const source = mmapSource({ limitBytes: 64 * MiB, commitStepBytes: page, name: 'arena under test' });
    source.grow(3 * page);
    const last = source.baseAddress + BigInt(3 * page - 1);
    expect(mapEntryAt(last)).toMatchObject({ protection: 'rw-', start: source.baseAddress, end: last + 1n });
    expect(mapEntryAt(last)?.name).toContain('arena under test');
    expect(mapEntryAt(last + 1n)?.protection).toBe('---');
    expect(mapEntryAt(source.baseAddress + BigInt(64 * MiB - 1))?.protection).toBe('---');
    source.release();
    expect(mapEntryAt(source.baseAddress)).toBeUndefined();
  });

  it('makes one mprotect per growth in steps of a page, few in its own steps', () => {
    const study = mmapSource({ limitBytes: MiB, commitStepBytes: page });
    const fast = mmapSource({ limitBytes: MiB });
    for (let pages = 0; pages < 10; pages++) {
      study.grow(page);
      fast.grow(page);
    }
    expect(study.systemCalls).toEqual({ mmap: 2, munmap: 1, mprotect: 10 });
    expect(fast.systemCalls).toEqual({ mmap: 2, munmap: 1, mprotect: 1 });
    study.shrink(4 * page);
    study.grow(4 * page);
    study.release();
    fast.release();
    expect(study.systemCalls).toEqual({ mmap: 2, munmap: 2, mprotect: 10, madvise: 1 });
  });

  it('gives memory back when it shrinks', () => {
    const source = mmapSource({ limitBytes: 16 * MiB });
    source.grow(16 * MiB);
    const before = process.memoryUsage.rss();
    arena(source).fill(1);
    const used = process.memoryUsage.rss();
    source.shrink(15 * MiB);
    const left = process.memoryUsage.rss();
    expect(used - before).toBeGreaterThan(12 * MiB);
    expect(used - left).toBeGreaterThan(12 * MiB);
    source.release();
  });

  it('reserves many windows, each in a 4 GiB slot of its own, up to 4 GiB long', () => {
    const sources = Array.from({ length: 20 }, () => mmapSource({ limitBytes: 4 * 1024 * MiB }));
    const bases = new Set(sources.map((source) => source.baseAddress));
    expect(bases.size).toBe(20);
    expect([...bases].every((base) => base > 0n && base % 2n ** 32n === 0n)).toBe(true);
    for (const source of sources) source.release();
  });

  it('refuses limits that make no window', () => {
    for (const limitBytes of [0, -1, 4 * 1024 * MiB + 1, 1.5, Number.NaN]) {
      expect(() => mmapSource({ limitBytes })).toThrow(expect.objectContaining({ argument: 'limitBytes' }));
    }
    const source = mmapSource({ limitBytes: 1 });
    expect(source.limitBytes).toBe(page);
    source.release();
  });
});

describe('fileSource', () => {
  it('writes the arena into its file, and opens it again', () => {
    const path = join(folder, 'kept');
    const first = fileSource({ path, limitBytes: MiB });
    first.grow(2 * page);
    arena(first).set([1, 2, 3], page);
    expect(mapEntryAt(first.baseAddress)).toMatchObject({ path, shared: true });
    first.release();
    expect(statSync(path).size).toBe(2 * page);
    expect([...readFileSync(path).subarray(page, page + 4)]).toEqual([1, 2, 3, 0]);

    const again = fileSource({ path, limitBytes: MiB });
    expect(again.committedBytes).toBe(2 * page);
    expect([...arena(again).subarray(page, page + 4)]).toEqual([1, 2, 3, 0]);
    again.grow(page);
    expect(arena(again)[2 * page]).toBe(0);
    again.shrink(2 * page);
    again.release();
    expect(statSync(path).size).toBe(page);

    const cleared = fileSource({ path, limitBytes: MiB, truncate: true });
    expect(cleared.committedBytes).toBe(0);
    cleared.release();
  });

  it('backs every committed page with real blocks, after a shrink as well', () => {
    const path = join(folder, 'blocks');
    const source = fileSource({ path, limitBytes: 4 * MiB, commitStepBytes: page });
    source.grow(2 * MiB);
    expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(2 * MiB);
    source.shrink(MiB);
    source.grow(MiB);
    expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(2 * MiB);
    source.release();
  });

  it('two sources on one file share its bytes', () => {
    const path = join(folder, 'two');
    const one = fileSource({ path, limitBytes: MiB, commitStepBytes: page });
    one.grow(page);
    const two = fileSource({ path, limitBytes: MiB, commitStepBytes: page });
    arena(one)[5] = 9;
    expect(arena(two)[5]).toBe(9);
    two.release();
    one.release();
  });

  it('refuses a file that is no arena, and leaves it as it was', () => {
    const path = join(folder, 'odd');
    writeFileSync(path, 'not a page');
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE', argument: 'path' });
    expect(() => fileSource({ path, limitBytes: MiB })).toThrow(refused);
    expect(readFileSync(path, 'utf8')).toBe('not a page');
    writeFileSync(path, Buffer.alloc(2 * page));
    expect(() => fileSource({ path, limitBytes: page })).toThrow(refused);
    expect(() => fileSource({ path: folder, limitBytes: page })).toThrow(/EISDIR/);
  });

  it('finds no more memory when the file may not grow, and goes on with what it has', async () => {
    const result = await runCase('test/death/cases/file-limit.mjs', { args: [join(folder, 'limited')] });
    expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({
      first: true,
      second: false,
      after: true,
      fileBytes: 16 * page,
    });
  });
});

describe('bufferSource', () => {
  it('makes no system call and pretends an address', () => {
    const source = bufferSource({ limitBytes: MiB, pageSizeBytes: 16384, baseAddress: 0x5500000000n });
    expect(source).toMatchObject({ pageSizeBytes: 16384, baseAddress: 0x5500000000n, systemCalls: {} });
    expect(source.grow(16384)).toBe(true);
    expect(source.buffer.byteLength).toBe(MiB);
  });

  it('refuses sizes and addresses that make no window', () => {
    const wrong = [{ limitBytes: 0 }, { limitBytes: 100 }, { limitBytes: 2 ** 33 }];
    for (const options of [...wrong, { limitBytes: 4096, baseAddress: 4096n }]) {
      expect(() => bufferSource(options)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    }
  });
});
