/** The process map: every shape of line the kernel writes, odd ones included; the real map of real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ArgumentError, PosixError } from '../../../lib/core/index.ts';
import {
  constants,
  isSupported,
  memoryMap,
  native,
  pageSize,
  parseMaps,
  registerRange,
  unregisterRange,
} from '../../../lib/posix/index.ts';
import { collectUntil } from '../../helpers/collect-garbage.ts';
import { rawAnonymous, rawFile } from '../../helpers/raw-mapping.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const page = pageSize();

function parseOne(line: string) {
  const ranges = parseMaps(`${line}\n`);
  expect(ranges).toHaveLength(1);
  return ranges[0];
}

describe('parseMaps', () => {
  it('reads every field of a line', () => {
    const line =
      '7f2c1c000000-7f2c1c021000 r-xp 00028000 fe:01 338944                     /usr/lib/libc.so.6';
    expect(parseOne(line)).toEqual({
      start: 0x7f2c1c000000n,
      end: 0x7f2c1c021000n,
      byteLength: 0x21000,
      protection: 'r-x',
      shared: false,
      offset: 0x28000n,
      device: 'fe:01',
      inode: 338944n,
      kind: 'file',
      path: '/usr/lib/libc.so.6',
      deleted: false,
      name: undefined,
    });
  });

  const labels: [label: string, expected: object][] = [
    ['', { kind: 'anonymous', path: '', name: undefined }],
    ['[heap]', { kind: 'heap' }],
    ['[stack]', { kind: 'stack' }],
    ['[stack:1234]', { kind: 'stack' }],
    ['[vdso]', { kind: 'kernel' }],
    ['[vvar_vclock]', { kind: 'kernel' }],
    ['[anon:arena 1: top]', { kind: 'anonymous', name: 'arena 1: top' }],
    ['[anon_shmem:shared]', { kind: 'anonymous', name: 'shared' }],
    ['[anon:a]b]', { kind: 'anonymous', name: 'a]b' }],
    ['/memfd:scratch (deleted)', { kind: 'memory-file', name: 'scratch', deleted: true }],
    ['/dev/zero (deleted)', { kind: 'memory-file', path: '/dev/zero', deleted: true }],
    ['/SYSV00000000 (deleted)', { kind: 'memory-file', deleted: true }],
    ['/home/a file with  spaces', { kind: 'file', path: '/home/a file with  spaces', deleted: false }],
    ['/tmp/gone (deleted)', { kind: 'file', path: '/tmp/gone', deleted: true }],
    ['/tmp/two\\012lines', { kind: 'file', path: '/tmp/two\nlines' }],
    ['/tmp/ünïcode', { kind: 'file', path: '/tmp/ünïcode' }],
    ['anon_inode:[perf_event]', { kind: 'file', path: 'anon_inode:[perf_event]' }],
  ];
  for (const [label, expected] of labels) {
    it(`understands ${JSON.stringify(label)}`, () => {
      expect(parseOne(`1000-3000 rw-s 00000000 00:05 77          ${label}`)).toMatchObject(expected);
    });
  }

  it('keeps addresses and offsets above 2^53 exact', () => {
    const line =
      'ffffffffff600000-ffffffffff601000 --xp fffffffffffff000 00:00 18446744073709551615 [vsyscall]';
    const range = parseOne(line);
    expect([range.start, range.offset, range.inode]).toEqual([
      0xffffffffff600000n,
      0xfffffffffffff000n,
      18446744073709551615n,
    ]);
  });

  it('reads an empty map as no ranges', () => {
    expect(parseMaps('')).toEqual([]);
  });

  const damaged = ['rubbish', '1000-2000', '1000-2000 rw 0 00:00 0', '1000-xyz rw-p 00000000 00:00 0', ''];
  for (const line of damaged) {
    it(`refuses ${JSON.stringify(line)} and says which line`, () => {
      const text = `1000-2000 rw-p 00000000 00:00 0 \n${line}\n`;
      expect(() => parseMaps(text)).toThrow(SyntaxError);
      expect(() => parseMaps(text)).toThrow('line 2 of a process map');
    });
  }
});

describe.runIf(isSupported('memoryMap'))('memoryMap', () => {
  it('reads this process: ordered, whole pages, nothing left out', () => {
    const ranges = memoryMap();
    const lines = readFileSync('/proc/self/maps', 'utf8').trimEnd().split('\n').length;
    expect(Math.abs(ranges.length - lines)).toBeLessThan(20);
    for (const [index, range] of ranges.entries()) {
      expect(range.end - range.start).toBe(BigInt(range.byteLength));
      expect(range.byteLength % page).toBe(0);
      if (index > 0) expect(range.start >= ranges[index - 1].end).toBe(true);
    }
    expect(ranges.some((range) => range.kind === 'stack')).toBe(true);
  });

  it('shows a mapping with its protection, and a file by its path', () => {
    using folder = temporaryFolder();
    const path = folder.file('a file (odd)\nname');
    writeFileSync(path, Buffer.alloc(2 * page));
    const fd = openSync(path, 'r');
    const mapping = rawFile(fd, page, { shared: false, offsetBytes: page });
    const start = native().address(mapping);
    const find = () => memoryMap().find((range) => range.start === start);
    expect(find()).toMatchObject({
      byteLength: page,
      protection: 'r--',
      shared: false,
      offset: BigInt(page),
      kind: 'file',
      path,
      deleted: false,
    });
    unlinkSync(path);
    expect(find()).toMatchObject({ path, deleted: true });
    native().munmap(mapping);
    expect(find()).toBeUndefined();
    closeSync(fd);
  });

  it('reads another process', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']);
    await once(child.stdout, 'data');
    const ranges = memoryMap(child.pid);
    expect(ranges.some((range) => range.path === process.execPath)).toBe(true);
    child.kill();
    await once(child, 'exit');
    expect(refused(() => memoryMap(child.pid))).toMatchObject({ code: 'ESRCH', syscall: 'open' });
  });

  it('refuses a process that is not there', () => {
    const error = refused(() => memoryMap(2 ** 31 - 1));
    expect(error).toBeInstanceOf(PosixError);
    expect(error).toMatchObject({ code: 'ESRCH', errno: -3, syscall: 'open' });
  });
});

describe('memoryMap refuses', () => {
  for (const pid of [0, -1, 1.5, Number.NaN, 2 ** 31, '1' as unknown as number, null as unknown as number]) {
    it(`${JSON.stringify(pid)} as a process id`, () => {
      expect(refused(() => memoryMap(pid))).toBeInstanceOf(ArgumentError);
    });
  }
});

describe.runIf(isSupported('memoryMap'))('names', () => {
  const nameAt = (start: bigint) => {
    return memoryMap().find((range) => range.start <= start && start < range.end)?.name;
  };

  it('come from our own table, for as long as they are in it', () => {
    const mapping = rawAnonymous(page, constants().PROT_NONE);
    const start = native().address(mapping);
    const owner = {};
    registerRange(owner, start, page, 'first');
    expect(nameAt(start)).toContain('first');
    registerRange(owner, start, page, 'second');
    expect(nameAt(start)).toContain('second');
    expect(nameAt(start)).not.toContain('first');
    unregisterRange(owner);
    expect(nameAt(start) ?? '').not.toContain('second');
    unregisterRange(owner);
  });

  it('are joined in address order when the kernel merged neighbours', () => {
    const mapping = rawAnonymous(4 * page);
    const start = native().address(mapping);
    const owners = [{}, {}, {}];
    registerRange(owners[0], start + BigInt(2 * page), page, 'upper');
    registerRange(owners[1], start, page, 'lower');
    registerRange(owners[2], start + BigInt(page), page, 'lower');
    expect(nameAt(start)).toContain('lower, upper');
    owners.forEach(unregisterRange);
  });

  it('do not keep their owner alive, and go with it', async () => {
    const mapping = rawAnonymous(page);
    const start = native().address(mapping);
    registerAndDrop(start);
    expect(await collectUntil(() => !(nameAt(start) ?? '').includes('dropped'))).toBe(true);
  });

  it.runIf(isSupported('nameRange'))('given to the kernel are read back', () => {
    const mapping = rawAnonymous(page);
    expect(native().nameRange(mapping, 0, page, 'told the kernel')).toBe(0);
    expect(nameAt(native().address(mapping))).toBe('told the kernel');
  });
});

function registerAndDrop(start: bigint): void {
  registerRange({}, start, page, 'dropped');
}

function refused(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  return undefined;
}
