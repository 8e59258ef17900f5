/** Every call, refused by the real system in every way we can bring about: errno, its name, what it was about. */
import { closeSync, constants as fs, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { PosixError } from '../../../lib/core/index.ts';
import { check, constants, isSupported, native, pageSize } from '../../../lib/posix/index.ts';
import { granted, rawAnonymous, rawFile } from '../../helpers/raw-mapping.ts';
import { isSanitized } from '../../helpers/sanitized.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const c = constants();
const page = pageSize();
const addon = native();
const folder = temporaryFolder();
const fds: number[] = [];
afterAll(() => {
  for (const fd of fds) closeSync(fd);
  folder[Symbol.dispose]();
});

function open(name: string, flags: number): number {
  const path = folder.file(name);
  if ((flags & fs.O_DIRECTORY) === 0) writeFileSync(path, Buffer.alloc(4 * page));
  const fd = openSync(path, flags);
  fds.push(fd);
  return fd;
}

function memoryFile(flags: number): number {
  const fd = check('memfd_create', addon.memoryFile('errno test', flags));
  fds.push(fd);
  ftruncateSync(fd, 4 * page);
  return fd;
}

const rw = c.PROT_READ | c.PROT_WRITE;
const anonymous = c.MAP_PRIVATE | c.MAP_ANONYMOUS;

/** The last page that an off_t can name; a BigInt, which the addon takes as well. */
const farthestOffset = (2n ** 63n - BigInt(page)) as unknown as number;

type Refusal = readonly [syscall: string, errno: string, why: string, attempt: () => unknown];

const portable: Refusal[] = [
  ['mmap', 'EINVAL', 'length 0', () => addon.mmap(0n, 0, rw, anonymous, -1, 0)],
  ['mmap', 'EINVAL', 'neither private nor shared', () => addon.mmap(0n, page, rw, c.MAP_ANONYMOUS, -1, 0)],
  ['mmap', 'ENOMEM', 'more than the address space', () => addon.mmap(0n, 2 ** 52, rw, anonymous, -1, 0)],
  ['mmap', 'EBADF', 'no such file', () => addon.mmap(0n, page, rw, c.MAP_PRIVATE, 123_456, 0)],
  ['mmap', 'EBADF', 'file -1', () => addon.mmap(0n, page, rw, c.MAP_PRIVATE, -1, 0)],
  [
    'mmap',
    'EINVAL',
    'offset inside a page',
    () => addon.mmap(0n, page, 1, c.MAP_PRIVATE, open('a', fs.O_RDONLY), 1),
  ],
  [
    'mmap',
    'EACCES',
    'shared and writable, file read-only',
    () => addon.mmap(0n, page, rw, c.MAP_SHARED, open('a', fs.O_RDONLY), 0),
  ],
  [
    'mmap',
    'EACCES',
    'file not open for reading',
    () => addon.mmap(0n, page, 1, c.MAP_SHARED, open('a', fs.O_WRONLY), 0),
  ],
  ['mmap', 'ENODEV', 'a folder', () => addon.mmap(0n, page, 1, c.MAP_PRIVATE, open('.', fs.O_DIRECTORY), 0)],
  ['mprotect', 'EINVAL', 'start inside a page', () => addon.mprotect(rawAnonymous(2 * page), 1, page, 1)],
  [
    'mprotect',
    'EACCES',
    'writable, file read-only',
    () => addon.mprotect(rawFile(open('a', fs.O_RDONLY), page), 0, page, rw),
  ],
  ['madvise', 'EINVAL', 'no such advice', () => addon.madvise(rawAnonymous(page), 0, page, 9999)],
  ['madvise', 'EINVAL', 'start inside a page', () => addon.madvise(rawAnonymous(2 * page), 8, page, 0)],
  [
    'msync',
    'EINVAL',
    'asynchronous and synchronous',
    () => addon.msync(rawAnonymous(page), 0, page, c.MS_ASYNC | c.MS_SYNC),
  ],
  ['msync', 'EINVAL', 'start inside a page', () => addon.msync(rawAnonymous(page), 3, 5, c.MS_SYNC)],
  [
    'mincore',
    'EINVAL',
    'start inside a page',
    () => addon.mincore(rawAnonymous(page), 1, 2, new Uint8Array(1)),
  ],
];

function sealed(): number {
  const fd = memoryFile(c.MFD_ALLOW_SEALING);
  check('fcntl', addon.addSeals(fd, c.F_SEAL_WRITE | c.F_SEAL_SEAL));
  return fd;
}

function splitInTwo() {
  const mapping = rawAnonymous(2 * page);
  check('mprotect', addon.mprotect(mapping, 0, page, c.PROT_READ));
  return mapping;
}

function occupied(): bigint {
  const mapping = rawAnonymous(page);
  kept.push(mapping);
  return addon.address(mapping);
}

function lockedFile() {
  const mapping = rawFile(open('locked', fs.O_RDWR), page, { protection: rw });
  check('mlock', addon.mlock(mapping, 0, page));
  return mapping;
}

/** A one-page handle whose next page is taken, by us or by whoever was faster: it cannot grow where it stands. */
function hemmedIn() {
  const mapping = rawAnonymous(16 * page);
  check('mremap', addon.mremap(mapping, page, 0));
  const next = addon.address(mapping) + BigInt(page);
  kept.push(addon.mmap(next, page, c.PROT_NONE, anonymous | c.MAP_FIXED_NOREPLACE, -1, 0));
  return mapping;
}

/** Mappings that must still stand when a call is made. */
const kept: unknown[] = [];

const linux: Refusal[] = [
  [
    'mmap',
    'EEXIST',
    'fixed where something stands',
    () => addon.mmap(occupied(), page, rw, anonymous | c.MAP_FIXED_NOREPLACE, -1, 0),
  ],
  ['mmap', 'EPERM', 'writable, file sealed', () => addon.mmap(0n, page, rw, c.MAP_SHARED, sealed(), 0)],
  [
    'mmap',
    'EOVERFLOW',
    'beyond the largest file',
    () => addon.mmap(0n, 2 * page, 1, c.MAP_PRIVATE, open('a', fs.O_RDONLY), farthestOffset),
  ],
  ['munmap', 'EINVAL', 'a range of the program break', () => addon.munmap(granted(addon.growBreak(page)))],
  ['mremap', 'EINVAL', 'length 0', () => addon.mremap(rawAnonymous(page), 0, 0)],
  ['mremap', 'EINVAL', 'no such flag', () => addon.mremap(rawAnonymous(page), page, 0x100)],
  ['mremap', 'EFAULT', 'two protections', () => addon.mremap(splitInTwo(), 3 * page, c.MREMAP_MAYMOVE)],
  ['mremap', 'ENOMEM', 'no room, may not move', () => addon.mremap(hemmedIn(), 2 * page, 0)],
  [
    'mprotect',
    'EINVAL',
    'no such protection',
    () => addon.mprotect(rawAnonymous(page), 0, page, 0x4000_0000),
  ],
  [
    'madvise',
    'EINVAL',
    'free, but a file',
    () => addon.madvise(rawFile(open('a', fs.O_RDONLY), page), 0, page, c.MADV_FREE),
  ],
  ['prctl', 'EINVAL', 'a name with brackets', () => addon.nameRange(rawAnonymous(page), 0, page, '[x]')],
  ['memfd_create', 'EINVAL', 'name of 250 bytes', () => addon.memoryFile('x'.repeat(250), 0)],
  ['memfd_create', 'EINVAL', 'no such flag', () => addon.memoryFile('x', 0x100_0000)],
  ['fcntl', 'EBADF', 'no such file', () => addon.addSeals(123_456, c.F_SEAL_GROW)],
  ['fcntl', 'EINVAL', 'a file on disk', () => addon.addSeals(open('a', fs.O_RDWR), c.F_SEAL_GROW)],
  ['fcntl', 'EPERM', 'seals are sealed', () => addon.addSeals(sealed(), c.F_SEAL_GROW)],
  [
    'fcntl',
    'EBUSY',
    'no more writing, but mapped writable',
    () => addon.addSeals(mappedFile(), c.F_SEAL_WRITE),
  ],
  ['sbrk', 'EINVAL', 'grow by nothing', () => addon.growBreak(0)],
  ['sbrk', 'ENOMEM', 'grow by more than there is', () => addon.growBreak(2 ** 52)],
  ['sbrk', 'EINVAL', 'shrink a mapping', () => addon.shrinkBreak(rawAnonymous(page), page)],
];

const locking: Refusal[] = [
  ['mlock', 'ENOMEM', 'pages without access', () => addon.mlock(rawAnonymous(page, c.PROT_NONE), 0, page)],
  ['msync', 'EBUSY', 'invalidate, but locked', () => addon.msync(lockedFile(), 0, page, c.MS_INVALIDATE)],
];

function mappedFile(): number {
  const fd = memoryFile(c.MFD_ALLOW_SEALING);
  kept.push(rawFile(fd, page, { protection: rw }));
  return fd;
}

function refuse([syscall, errno, , attempt]: Refusal): void {
  const subject = { address: 0x1000n, lengthBytes: page };
  const thrown = catchError(() => check(syscall, attempt(), subject));
  expect(thrown).toBeInstanceOf(PosixError);
  expect(thrown).toMatchObject({
    code: errno,
    errno: -osConstants.errno[errno as keyof typeof osConstants.errno],
    syscall,
    address: 0x1000n,
    length: page,
  });
  expect((thrown as Error).message).toContain(`${errno}: ${syscall} of ${page} bytes at 0x1000`);
}

function catchError(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the system refuses', () => {
  for (const row of portable) it(`${row[0]} with ${row[1]}: ${row[2]}`, () => refuse(row));
});

describe.runIf(process.platform === 'linux')('Linux refuses', () => {
  for (const row of linux) it(`${row[0]} with ${row[1]}: ${row[2]}`, () => refuse(row));
});

describe.runIf(process.platform === 'linux' && !isSanitized)(
  'Linux refuses, because of locked memory,',
  () => {
    for (const row of locking) it(`${row[0]} with ${row[1]}: ${row[2]}`, () => refuse(row));

    it.runIf(isSupported('guardInstall'))('madvise with EINVAL: guard pages in locked memory', () => {
      const mapping = rawAnonymous(page);
      check('mlock', addon.mlock(mapping, 0, page));
      refuse(['madvise', 'EINVAL', '', () => addon.madvise(mapping, 0, page, c.MADV_GUARD_INSTALL)]);
    });
  },
);
