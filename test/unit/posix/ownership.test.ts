/** Who unmaps, and when: never twice, never too early, nothing left behind. Looked up in the process map. */
import { closeSync, ftruncateSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  check,
  constants,
  memoryMap,
  type NativeMapping,
  native,
  pageSize,
} from '../../../lib/posix/index.ts';
import { collectUntil } from '../../helpers/collect-garbage.ts';
import { rawAnonymous, rawFile } from '../../helpers/raw-mapping.ts';

const addon = native();
const c = constants();
const page = pageSize();
const rw = c.PROT_READ | c.PROT_WRITE;

/** Mappings of a file with a name of its own can be counted exactly. */
function countedFile(name: string) {
  const fd = check('memfd_create', addon.memoryFile(name, 0));
  ftruncateSync(fd, 4 * page);
  afterAll(() => closeSync(fd));
  return {
    map: () => rawFile(fd, 4 * page, { protection: rw }),
    mapped: () => memoryMap().filter((range) => range.name === name).length,
  };
}

/** A function of its own, so that no local of the test keeps the last one. Returns how many stood early on. */
function mapAndDrop(times: number, file: ReturnType<typeof countedFile>): number {
  let early = 0;
  for (let count = 0; count < times; count++) {
    const bytes = new Uint8Array(addon.buffer(file.map(), 0, 4 * page));
    bytes[0] = 1;
    if (count === 10) early = file.mapped();
  }
  return early;
}

describe.runIf(process.platform === 'linux')('nothing is left behind', () => {
  it('by 10,000 cycles of map and unmap', async () => {
    const file = countedFile('cycles');
    const before = memoryMap().length;
    for (let cycle = 0; cycle < 10_000; cycle++) {
      const mapping = file.map();
      const bytes = new Uint8Array(addon.buffer(mapping, 0, 4 * page));
      bytes[cycle % bytes.length] = cycle;
      if (cycle === 5_000) expect(file.mapped()).toBe(1);
      expect(addon.munmap(mapping)).toBe(0);
      expect(bytes.length).toBe(0);
    }
    expect(file.mapped()).toBe(0);
    await collectUntil(() => true);
    expect(memoryMap().length).toBeLessThan(before + 50);
  });

  it('by 3,000 mappings that were just dropped', async () => {
    const file = countedFile('dropped');
    const most = mapAndDrop(3_000, file);
    expect(most).toBeGreaterThan(0);
    expect(await collectUntil(() => file.mapped() === 0)).toBe(true);
  });

  it('by dropped handles that never had a buffer', async () => {
    const file = countedFile('bare');
    for (let count = 0; count < 100; count++) file.map();
    expect(file.mapped()).toBeGreaterThan(0);
    expect(await collectUntil(() => file.mapped() === 0)).toBe(true);
  });
});

describe.runIf(process.platform === 'linux')('memory stays while anyone can reach it', () => {
  it('through a view, when handle and buffer are gone', async () => {
    const file = countedFile('viewed');
    const view = new Uint8Array(addon.buffer(file.map(), page, page), 8, 16);
    view.fill(7);
    await collectUntil(() => false, 500);
    expect(file.mapped()).toBe(1);
    expect([...view]).toEqual(Array(16).fill(7));
  });

  it('through one of two buffers', async () => {
    const file = countedFile('two buffers');
    const keep = (mapping: NativeMapping) => {
      addon.buffer(mapping, 0, page);
      return new Uint8Array(addon.buffer(mapping, 0, page));
    };
    const view = keep(file.map());
    await collectUntil(() => false, 500);
    expect(file.mapped()).toBe(1);
    view[0] = 1;
  });
});

describe('buffers', () => {
  it('over one range see the same bytes', () => {
    const mapping = rawAnonymous(2 * page);
    const all = new Uint8Array(addon.buffer(mapping, 0, 2 * page));
    const second = new Uint8Array(addon.buffer(mapping, page, page));
    second[0] = 42;
    expect(all[page]).toBe(42);
  });

  it('all become empty at munmap, with every view over them', () => {
    const mapping = rawAnonymous(2 * page);
    const buffers = [0, 1, page].map((offset) => addon.buffer(mapping, offset, page));
    const views = buffers.flatMap((buffer) => [
      new Uint8Array(buffer),
      Buffer.from(buffer),
      new DataView(buffer),
    ]);
    expect(addon.munmap(mapping)).toBe(0);
    for (const buffer of buffers) expect(buffer.byteLength).toBe(0);
    for (const view of views) {
      if (view instanceof DataView) expect(() => view.getInt8(0)).toThrow(TypeError);
      else expect([view.length, view[0]]).toEqual([0, undefined]);
    }
    const array = views[0] as Uint8Array;
    array[0] = 1;
    expect(() => array.fill(1)).toThrow(TypeError);
  });

  it('of no length are ordinary empty ones', () => {
    const mapping = rawAnonymous(page);
    expect(addon.buffer(mapping, page, 0).byteLength).toBe(0);
    expect(addon.munmap(mapping)).toBe(0);
  });

  it.runIf(c.MREMAP_MAYMOVE !== undefined)('become empty at mremap, and only if it succeeds', () => {
    const mapping = rawAnonymous(2 * page);
    const bytes = new Uint8Array(addon.buffer(mapping, 0, 2 * page));
    bytes[0] = 9;
    expect(addon.mremap(mapping, 0, c.MREMAP_MAYMOVE)).toBeLessThan(0);
    expect([bytes.length, bytes[0]]).toEqual([2 * page, 9]);
    expect(addon.mremap(mapping, 64 * page, c.MREMAP_MAYMOVE)).toBe(0);
    expect(bytes.length).toBe(0);
    expect(addon.byteLength(mapping)).toBe(64 * page);
    expect(new Uint8Array(addon.buffer(mapping, 0, 64 * page))[0]).toBe(9);
  });
});

describe.runIf(process.platform === 'linux')('a late finalizer', () => {
  /** A detached buffer's finalizer runs a turn later: by then the address may be somebody else's. */
  it('does not unmap what was mapped at the same address meanwhile', async () => {
    const heirs: { mapping: NativeMapping; bytes: Uint8Array; fill: number }[] = [];
    for (let count = 0; count < 50; count++) {
      const mapping = rawAnonymous(16 * page);
      const address = addon.address(mapping);
      const buffer = addon.buffer(mapping, 0, 16 * page);
      expect(addon.munmap(mapping)).toBe(0);
      expect(buffer.byteLength).toBe(0);
      const flags = c.MAP_PRIVATE | c.MAP_ANONYMOUS | c.MAP_FIXED_NOREPLACE;
      const heir = addon.mmap(address, 16 * page, rw, flags, -1, 0);
      // Another thread of the process may have been faster; then there is nothing to see this time.
      if (typeof heir === 'number') continue;
      const bytes = new Uint8Array(addon.buffer(heir, 0, 16 * page)).fill(count + 1);
      heirs.push({ mapping: heir, bytes, fill: count + 1 });
    }
    await collectUntil(() => false, 500);
    expect(heirs.length).toBeGreaterThan(10);
    for (const { bytes, fill } of heirs) expect(bytes.every((byte) => byte === fill)).toBe(true);
  });
});

/** Buffers that V8 makes by itself, so that the collector does not count them: the same rules. */
describe('reservation buffers', () => {
  it('see the same bytes as others, and become empty at munmap', () => {
    const mapping = rawAnonymous(2 * page);
    const all = new Uint8Array(addon.reservationBuffer(mapping, 0, 2 * page));
    const second = new Uint8Array(addon.buffer(mapping, page, page));
    second[0] = 42;
    expect([all.length, all[page]]).toEqual([2 * page, 42]);
    expect(addon.munmap(mapping)).toBe(0);
    expect([all.length, second.length, all.buffer.byteLength]).toEqual([0, 0, 0]);
    expect(() => addon.reservationBuffer(mapping, 0, page)).toThrow('already unmapped');
  });

  it('are refused outside the mapping', () => {
    const mapping = rawAnonymous(page);
    expect(() => addon.reservationBuffer(mapping, page, 1)).toThrow(RangeError);
    expect(addon.reservationBuffer(mapping, page, 0).byteLength).toBe(0);
    expect(addon.munmap(mapping)).toBe(0);
  });

  it('are not counted as memory', () => {
    const mapping = rawAnonymous(2 ** 28);
    const before = process.memoryUsage().external;
    const buffer = addon.reservationBuffer(mapping, 0, 2 ** 28);
    expect(buffer.byteLength).toBe(2 ** 28);
    expect(process.memoryUsage().external - before).toBeLessThan(2 ** 20);
    expect(addon.munmap(mapping)).toBe(0);
  });

  it.runIf(process.platform === 'linux')('keep the memory, and let it go when they are dropped', async () => {
    const file = countedFile('reserved');
    let view: Uint8Array | undefined = new Uint8Array(addon.reservationBuffer(file.map(), page, page), 8, 16);
    view.fill(7);
    await collectUntil(() => false, 500);
    expect(file.mapped()).toBe(1);
    expect([...view]).toEqual(Array(16).fill(7));
    view = undefined;
    expect(await collectUntil(() => file.mapped() === 0)).toBe(true);
  });
});

const canTransfer = 'transfer' in ArrayBuffer.prototype;

/** Node 22 and later. */
function transfer(buffer: ArrayBuffer): ArrayBuffer {
  return (buffer as ArrayBuffer & { transfer(): ArrayBuffer }).transfer();
}

describe.runIf(canTransfer)('a buffer that was transferred away', () => {
  const busy = (result: number) => expect(() => check('munmap', result)).toThrow('EBUSY');

  it.each(['buffer', 'reservationBuffer'] as const)(
    '%s: refused by munmap and mremap, and nothing is done',
    (make) => {
      const mapping = rawAnonymous(2 * page);
      const stays = new Uint8Array(addon[make](mapping, 0, page));
      const moved = new Uint8Array(transfer(addon[make](mapping, 0, 2 * page)));
      moved[0] = 5;
      busy(addon.munmap(mapping));
      if (c.MREMAP_MAYMOVE !== undefined) busy(addon.mremap(mapping, 4 * page, c.MREMAP_MAYMOVE));
      expect([stays.length, stays[0], moved[0]]).toEqual([page, 5, 5]);
    },
  );

  const makers = process.platform === 'linux' ? (['buffer', 'reservationBuffer'] as const) : [];
  it.each(makers)('%s: owns the memory until it is collected', async (make) => {
    const file = countedFile(`transferred ${make}`);
    let moved: Uint8Array | undefined = new Uint8Array(transfer(addon[make](file.map(), 0, page)));
    await collectUntil(() => false, 500);
    expect(file.mapped()).toBe(1);
    moved[0] = 3;
    moved = undefined;
    expect(await collectUntil(() => file.mapped() === 0)).toBe(true);
  });
});
