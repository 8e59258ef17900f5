/** Mapping on real memory: bytes, ranges, protection, advice, locks, residency, resize, the end. */
import { constants as bufferConstants } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  BufferTooLargeError,
  isSupported,
  type Mapping,
  MappingError,
  memoryMap,
  mmap,
  PosixError,
  pageSize,
} from '../../../lib/index.ts';
import { mapEntryAt } from '../../helpers/process-map.ts';
import { isSanitized } from '../../helpers/sanitized.ts';

const page = pageSize();
const GiB = 2 ** 30;

/** The error a function throws; fails when it throws none. */
function thrownBy(run: () => unknown): Error & { code?: string } {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('a fresh mapping', () => {
  it('is zero, writable, and stands in the process map where it says', () => {
    using mapping = mmap({ length: 3 * page });
    expect(mapping.bytes.every((byte) => byte === 0)).toBe(true);
    mapping.bytes.fill(0xa5);
    expect(mapping.bytes[3 * page - 1]).toBe(0xa5);
    expect(mapping.byteLength).toBe(3 * page);
    expect(mapping.bytes.byteLength).toBe(3 * page);
    expect(mapping.buffer.byteLength).toBe(3 * page);
    expect(mapping.bytes.buffer).toBe(mapping.buffer);
    expect(mapping.buffer).toBe(mapping.buffer);
    expect(mapping.protection).toBe('rw');
    expect(mapEntryAt(mapping.address)).toMatchObject({ protection: 'rw-', shared: false });
  });

  it('has the length asked for, and whole pages behind it', () => {
    using mapping = mmap({ length: 100 });
    expect(mapping.byteLength).toBe(100);
    expect(mapping.bytes.length).toBe(100);
    expect(mapping.protect('r', { offset: 99, length: 1 }).range).toEqual({ offset: 0, length: page });
  });

  it.each([
    ['none', '---'],
    ['r', 'r--'],
    ['w', '-w-'],
    ['rw', 'rw-'],
    ['x', '--x'],
    ['rx', 'r-x'],
    ['wx', '-wx'],
    ['rwx', 'rwx'],
  ] as const)('with protection %s is %s in the process map', (protection, letters) => {
    using mapping = mmap({ length: page, protection });
    expect(mapping.protection).toBe(protection);
    expect(mapEntryAt(mapping.address)?.protection).toBe(letters);
  });

  it('carries its name in the process map', () => {
    using mapping = mmap({ length: page, name: 'test name' });
    expect(mapEntryAt(mapping.address)?.name).toBe('test name');
  });

  it('shared and populated is resident at once', () => {
    using mapping = mmap({ length: 8 * page, shared: true, populate: true });
    expect(mapEntryAt(mapping.address)?.shared).toBe(true);
    expect(mapping.residency().residentPages).toBe(8);
  });
});

describe('a place asked for', () => {
  it('is taken when it is free, and refused with EEXIST when it is not', () => {
    const probe = mmap({ length: 4 * page });
    const { address } = probe;
    probe.unmap();
    using first = mmap({ length: 4 * page, address, fixed: true });
    expect(first.address).toBe(address);
    first.bytes[0] = 7;
    const error = thrownBy(() => mmap({ length: page, address: address + BigInt(page), fixed: true }));
    expect(error).toBeInstanceOf(PosixError);
    expect(error).toMatchObject({ code: 'EEXIST', syscall: 'mmap', length: page });
    expect(first.bytes[0]).toBe(7);
  });
});

describe('lengths above 4 GiB', () => {
  it('can be reserved, protected and released, and used part by part', () => {
    using mapping = mmap({ length: 6 * GiB, protection: 'none', noReserve: true });
    expect(mapEntryAt(mapping.address + BigInt(6 * GiB - 1))?.protection).toBe('---');
    const range = { offset: 5 * GiB, length: page };
    mapping.protect('rw', range);
    const part = mapping.view(range);
    part.writeUInt32LE(0xdeadbeef, 16);
    expect(mapping.view(range).readUInt32LE(16)).toBe(0xdeadbeef);
    expect(mapping.residency({ offset: 5 * GiB, length: 2 * page }).pages).toEqual(new Uint8Array([1, 0]));
    expect(mapping.protections().map((piece) => piece.protection)).toEqual(['none', 'rw', 'none']);
    mapping.unmap();
    expect(part.length).toBe(0);
  });

  it('are refused as one ArrayBuffer where Node has none so long', () => {
    const length = 5 * GiB;
    using mapping = mmap({ length, protection: 'none', noReserve: true });
    if (bufferConstants.MAX_LENGTH >= length) {
      expect(mapping.buffer.byteLength).toBe(length);
    } else {
      const error = thrownBy(() => mapping.buffer);
      expect(error).toBeInstanceOf(BufferTooLargeError);
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE', limitBytes: bufferConstants.MAX_LENGTH });
      expect(error.message).toContain(String(bufferConstants.MAX_LENGTH));
    }
  });
});

describe('advise', () => {
  it('dontneed empties private pages, of the range only', () => {
    using mapping = mmap({ length: 3 * page });
    mapping.bytes.fill(1);
    expect(mapping.advise('dontneed', { offset: page + 1, length: 1 })).toEqual({
      offset: page,
      length: page,
    });
    const { bytes } = mapping;
    expect([bytes[page - 1], bytes[page], bytes[2 * page - 1], bytes[2 * page]]).toEqual([1, 0, 0, 1]);
    expect(mapping.residency({ offset: page, length: page }).residentPages).toBe(1);
  });

  it('refuses words nobody knows, and what the system refuses', () => {
    using mapping = mmap({ length: page });
    expect(thrownBy(() => mapping.advise('nonsense' as 'normal'))).toBeInstanceOf(ArgumentError);
    const error = thrownBy(() => mapping.advise('remove'));
    expect(error).toMatchObject({
      code: 'EINVAL',
      syscall: 'madvise',
      address: mapping.address,
      length: page,
    });
  });
});

describe.skipIf(isSanitized)('lock and unlock', () => {
  it('keep exactly the rounded range in memory', () => {
    using mapping = mmap({ length: 4 * page });
    const locked = mapping.lock({ offset: page - 1, length: 2 });
    expect(locked).toEqual({ offset: 0, length: 2 * page });
    expect(mapping.residency().pages).toEqual(new Uint8Array([1, 1, 0, 0]));
    // Locked pages cannot be given back.
    expect(thrownBy(() => mapping.advise('dontneed', locked))).toMatchObject({ code: 'EINVAL' });
    expect(mapping.unlock(locked)).toEqual(locked);
    mapping.advise('dontneed', locked);
    expect(mapping.residency().residentPages).toBe(0);
  });
});

describe('residency', () => {
  it('counts pages that were touched', () => {
    using mapping = mmap({ length: 5 * page });
    mapping.advise('nohugepage');
    expect(mapping.residency()).toMatchObject({ residentPages: 0, residentBytes: 0 });
    mapping.bytes[0] = 1;
    mapping.bytes[3 * page] = 1;
    expect(mapping.residency().pages).toEqual(new Uint8Array([1, 0, 0, 1, 0]));
    expect(mapping.residency({ offset: 3 * page, length: page })).toMatchObject({
      residentPages: 1,
      residentBytes: page,
    });
  });
});

describe.runIf(isSupported('mremap'))('resize', () => {
  it('keeps contents, empties old views, and the process map agrees', () => {
    using mapping = mmap({ length: 2 * page, name: 'resized' });
    mapping.bytes.fill(9);
    const stale = mapping.bytes;
    mapping.resize(64 * page);
    expect(stale.length).toBe(0);
    expect(stale[0]).toBeUndefined();
    expect(mapping.byteLength).toBe(64 * page);
    expect(mapping.bytes[2 * page - 1]).toBe(9);
    expect(mapping.bytes[2 * page]).toBe(0);
    expect(mapEntryAt(mapping.address + BigInt(64 * page - 1))?.name).toBe('resized');
    const end = mapping.address + BigInt(64 * page);
    mapping.resize(page);
    expect(mapping.bytes[page - 1]).toBe(9);
    const rest = memoryMap().filter((range) => range.name === 'resized' && range.end >= end);
    expect(rest).toEqual([]);
  });

  it('is refused where it would be a trap: shared memory without a file, mixed protections', () => {
    using shared = mmap({ length: page, shared: true });
    const error = thrownBy(() => shared.resize(2 * page));
    expect(error).toBeInstanceOf(MappingError);
    expect(error.code).toBe('ERR_MAPPING_FIXED_SIZE');
    using mixed = mmap({ length: 2 * page });
    mixed.protect('r', { offset: page, length: page });
    const view = mixed.bytes;
    expect(thrownBy(() => mixed.resize(5 * page))).toMatchObject({ code: 'EFAULT', syscall: 'mremap' });
    expect(view.length).toBe(2 * page);
  });
});

describe('the end', () => {
  it('empties every view, never crashes, and may come twice', () => {
    const mapping = mmap({ length: 2 * page });
    const views = [
      mapping.bytes,
      new Uint8Array(mapping.buffer, page, 16),
      mapping.view({ offset: 8, length: 8 }),
      new Float64Array(mapping.buffer),
    ];
    const start = mapping.address;
    mapping.unmap();
    for (const view of views) {
      expect(view.length).toBe(0);
      expect(view[0]).toBeUndefined();
      expect(() => view.fill(0)).toThrow(TypeError);
    }
    expect(mapEntryAt(start)).toBeUndefined();
    mapping.unmap();
    mapping[Symbol.dispose]();
    expect(mapping).toMatchObject({ isMapped: false, byteLength: 0, address: start });
    expect(mapping.buffer.byteLength).toBe(0);
    expect(mapping.bytes.length).toBe(0);
  });

  it('makes every later call a TypeError with a code', () => {
    const mapping = mmap({ length: page });
    mapping.unmap();
    const calls: ((ended: Mapping) => unknown)[] = [
      (ended) => ended.view(),
      (ended) => ended.protect('r'),
      (ended) => ended.protections(),
      (ended) => ended.advise('normal'),
      (ended) => ended.sync(),
      (ended) => ended.lock(),
      (ended) => ended.unlock(),
      (ended) => ended.residency(),
      (ended) => ended.resize(page),
    ];
    for (const call of calls) {
      const error = thrownBy(() => call(mapping));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.code).toBe('ERR_MAPPING_UNMAPPED');
    }
  });

  const canTransfer = typeof (ArrayBuffer.prototype as { transfer?: unknown }).transfer === 'function';
  it.runIf(canTransfer)('is refused while the memory belongs to a transferred ArrayBuffer', () => {
    const mapping = mmap({ length: page });
    const moved = (mapping.buffer as unknown as { transfer(): ArrayBuffer }).transfer();
    for (const call of [() => mapping.unmap(), () => mapping.resize(2 * page)]) {
      expect(thrownBy(call)).toMatchObject({ name: 'MappingError', code: 'ERR_MAPPING_TRANSFERRED' });
    }
    new Uint8Array(moved)[0] = 1;
    expect(mapEntryAt(mapping.address)).toBeDefined();
  });
});
