/** What docs/hazards.md claims and can be shown without dying: the kernel's accesses, copies, printing. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { mmap, pageSize } from '../../../lib/index.ts';

const page = pageSize();
const folder = mkdtempSync(join(tmpdir(), 'chunkyard-hazards-'));
const file = join(folder, 'file');
writeFileSync(file, Buffer.alloc(4 * page, 0x77));
const fd = openSync(file, 'r');
afterAll(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

describe('the kernel meets a closed page', () => {
  it('and reads the bytes before it', () => {
    using mapping = mmap({ length: 2 * page });
    mapping.protect('none', { offset: page, length: page });
    expect(readSync(fd, mapping.bytes, page - 92, 400, 0)).toBe(92);
    expect(mapping.bytes.subarray(page - 93, page - 91)).toEqual(Buffer.from([0, 0x77]));
  });

  it('and refuses with EFAULT when there are none', () => {
    using mapping = mmap({ length: page, protection: 'r' });
    expect(() => readSync(fd, mapping.bytes, 0, 16, 0)).toThrow(expect.objectContaining({ code: 'EFAULT' }));
    expect(mapping.bytes[0]).toBe(0);
  });
});

describe('copies', () => {
  it('structuredClone of a small view copies its whole ArrayBuffer, unless it has its own', () => {
    using mapping = mmap({ length: 64 * page });
    const small = new Uint8Array(mapping.buffer, 10, 4);
    expect(structuredClone(small).buffer.byteLength).toBe(64 * page);
    const own = mapping.view({ offset: 10, length: 4 });
    expect(structuredClone(own).buffer.byteLength).toBe(4);
    own[0] = 3;
    expect(small[0]).toBe(3);
  });
});

describe('printing', () => {
  it('a mapping reads none of its bytes', () => {
    const mapping = mmap({ length: 3 * page, protection: 'none', name: 'closed' });
    expect(inspect(mapping)).toContain('closed');
    expect(String(mapping)).toMatch(/^Mapping "closed" \{ 0x[0-9a-f]+, .* KiB, none \}$/);
    mapping.unmap();
    expect(`${mapping}`).toMatch(/unmapped/);
  });
});
