/** File mappings: shared and private, by path, descriptor and FileHandle; sparse files above 4 GiB. */
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  promises,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mmap, pageSize } from '../../../lib/index.ts';
import { mapEntryAt } from '../../helpers/process-map.ts';

const page = pageSize();
const GiB = 2 ** 30;
const folder = mkdtempSync(join(tmpdir(), 'chunkyard-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a file mapping', () => {
  it('by default is read-only, shared, and as long as the file', () => {
    const path = fileOf('plain', 'hello, pages');
    using mapping = mmap({ file: path });
    expect(mapping.bytes.toString()).toBe('hello, pages');
    expect(mapping.byteLength).toBe(12);
    expect(mapEntryAt(mapping.address)).toMatchObject({ protection: 'r--', shared: true, path });
  });

  it('shared, writes through to the file, at once for readers', () => {
    const path = fileOf('shared', 'aaaa');
    using mapping = mmap({ file: path, protection: 'rw' });
    mapping.bytes.write('bb', 1);
    expect(readFileSync(path, 'utf8')).toBe('abba');
    expect(mapping.sync()).toEqual({ offset: 0, length: page });
    expect(mapping.sync({ async: true, invalidate: true }, { offset: 2, length: 1 })).toEqual({
      offset: 0,
      length: page,
    });
  });

  it('private, keeps writes to itself', () => {
    const path = fileOf('private', 'aaaa');
    using mapping = mmap({ file: path, protection: 'rw', shared: false });
    mapping.bytes.write('zz');
    expect(mapping.bytes.toString()).toBe('zzaa');
    expect(readFileSync(path, 'utf8')).toBe('aaaa');
  });

  it('takes descriptors and FileHandles, and leaves them open', async () => {
    const path = fileOf('descriptor', 'content');
    const fd = openSync(path, 'r');
    using byFd = mmap({ file: fd });
    expect(byFd.bytes.toString()).toBe('content');
    expect(readSync(fd, Buffer.alloc(1))).toBe(1);
    closeSync(fd);
    const handle = await promises.open(path, 'r');
    using byHandle = mmap({ file: handle, length: 3 });
    await handle.close();
    expect(byHandle.bytes.toString()).toBe('con');
  });

  it('starts at an offset, and its tail behind the end of the file is zero', () => {
    const content = Buffer.alloc(2 * page + 10, 'x');
    content.write('second', page);
    using mapping = mmap({ file: fileOf('offset', content), offset: page, length: 2 * page });
    expect(mapping.bytes.toString('latin1', 0, 6)).toBe('second');
    expect(mapping.bytes[page + 9]).toBe('x'.charCodeAt(0));
    expect(mapping.bytes[page + 10]).toBe(0);
  });

  it('two mappings of one file see each other', () => {
    const path = fileOf('twice', Buffer.alloc(page));
    using writer = mmap({ file: path, protection: 'rw' });
    using reader = mmap({ file: path });
    writer.bytes[100] = 42;
    expect(reader.bytes[100]).toBe(42);
  });

  it('grows with its file, by ftruncate and resize', () => {
    const fd = openSync(join(folder, 'growing'), 'w+');
    ftruncateSync(fd, page);
    using mapping = mmap({ file: fd, protection: 'rw' });
    mapping.bytes[0] = 1;
    ftruncateSync(fd, 3 * page);
    mapping.resize(3 * page);
    mapping.bytes[3 * page - 1] = 2;
    expect([mapping.bytes[0], mapping.bytes[page], mapping.bytes[3 * page - 1]]).toEqual([1, 0, 2]);
    closeSync(fd);
  });
});

describe('a sparse file of 5 GiB', () => {
  it('is read and written at offsets above 4 GiB, and as a whole', () => {
    const path = join(folder, 'sparse');
    const fd = openSync(path, 'w+');
    ftruncateSync(fd, 5 * GiB);
    const offset = 4 * GiB + 256 * page;
    using window = mmap({ file: fd, protection: 'rw', offset, length: 2 * page });
    window.bytes.write('above four gibibytes', page);
    window.sync();
    const read = Buffer.alloc(20);
    readSync(fd, read, 0, 20, offset + page);
    expect(read.toString()).toBe('above four gibibytes');
    using whole = mmap({ file: fd });
    expect(whole.byteLength).toBe(5 * GiB);
    expect(whole.view({ offset: offset + page, length: 20 }).toString()).toBe('above four gibibytes');
    expect(whole.view({ offset: 5 * GiB - 1, length: 1 })[0]).toBe(0);
    closeSync(fd);
  });
});
