/** Sizes and offsets above 4 GiB: no int32 on the way, in either direction. */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GiB } from '../../../lib/core/index.ts';
import { check, constants, native, pageSize } from '../../../lib/posix/index.ts';
import { granted, rawFile } from '../../helpers/raw-mapping.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const addon = native();
const c = constants();
const page = pageSize();
const fiveGiB = 5 * GiB;

function reserve(lengthBytes: number) {
  const flags = c.MAP_PRIVATE | c.MAP_ANONYMOUS | (c.MAP_NORESERVE ?? 0);
  return granted(addon.mmap(0n, lengthBytes, c.PROT_NONE, flags, -1, 0));
}

describe('a mapping of 5 GiB', () => {
  it('keeps its length and is usable at its very end', () => {
    const mapping = reserve(fiveGiB);
    expect(addon.byteLength(mapping)).toBe(fiveGiB);
    const last = fiveGiB - page;
    expect(addon.mprotect(mapping, last, page, c.PROT_READ | c.PROT_WRITE)).toBe(0);
    const bytes = new Uint8Array(addon.buffer(mapping, last, page));
    bytes[page - 1] = 77;
    const residency = new Uint8Array(1);
    expect(addon.mincore(mapping, last, page, residency)).toBe(0);
    expect(residency[0] & 1).toBe(1);
    expect(addon.munmap(mapping)).toBe(0);
    expect(bytes.length).toBe(0);
  });

  it('is not confused with what its length is modulo 4 GiB', () => {
    const mapping = reserve(fiveGiB);
    // The first page at 4 GiB and the first of all differ in protection: only one may be written.
    expect(addon.mprotect(mapping, 4 * GiB, page, c.PROT_READ | c.PROT_WRITE)).toBe(0);
    new Uint8Array(addon.buffer(mapping, 4 * GiB, page))[0] = 1;
    const residency = new Uint8Array(1);
    expect(addon.mincore(mapping, 0, page, residency)).toBe(0);
    expect(residency[0] & 1).toBe(0);
    expect(addon.munmap(mapping)).toBe(0);
  });

  it.runIf(c.MREMAP_MAYMOVE !== undefined)('can become 6 GiB', () => {
    const mapping = reserve(fiveGiB);
    expect(addon.mremap(mapping, 6 * GiB, c.MREMAP_MAYMOVE)).toBe(0);
    expect(addon.byteLength(mapping)).toBe(6 * GiB);
    expect(addon.mprotect(mapping, 6 * GiB - page, page, c.PROT_READ)).toBe(0);
    expect(addon.munmap(mapping)).toBe(0);
  });
});

describe('a sparse file of 5 GiB', () => {
  it('is mapped at an offset above 4 GiB', () => {
    using folder = temporaryFolder();
    const fd = openSync(folder.file('sparse'), 'w+');
    ftruncateSync(fd, fiveGiB);
    writeSync(fd, 'here', 4 * GiB + 16 * page);
    const mapping = rawFile(fd, 2 * page, {
      protection: c.PROT_READ | c.PROT_WRITE,
      offsetBytes: 4 * GiB + 16 * page,
    });
    const bytes = Buffer.from(addon.buffer(mapping, 0, 2 * page));
    expect(bytes.toString('latin1', 0, 4)).toBe('here');
    bytes.write('there', page, 'latin1');
    check('msync', addon.msync(mapping, 0, 2 * page, c.MS_SYNC));
    const back = Buffer.alloc(5);
    readSync(fd, back, 0, 5, 4 * GiB + 17 * page);
    expect(back.toString('latin1')).toBe('there');
    expect(addon.munmap(mapping)).toBe(0);
    closeSync(fd);
  });
});
