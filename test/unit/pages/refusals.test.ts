/** What is refused: by us before any call (ArgumentError), by the system (PosixError with errno and syscall). */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { constants as osConstants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ArgumentError, type MmapOptions, mmap, PosixError, pageSize } from '../../../lib/index.ts';

const page = pageSize();
const folder = mkdtempSync(join(tmpdir(), 'chunkyard-refusals-'));
const file = join(folder, 'file');
writeFileSync(file, Buffer.alloc(2 * page));
const empty = join(folder, 'empty');
writeFileSync(empty, '');
afterAll(() => rmSync(folder, { recursive: true }));

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return { class: (error as Error).constructor, code: (error as PosixError).code };
  }
  return 'nothing was thrown';
}

describe('mmap refuses before any call', () => {
  const wrong: [string, unknown, string][] = [
    ['no options', undefined, 'ERR_INVALID_ARG_TYPE'],
    ['no length', {}, 'ERR_INVALID_ARG_TYPE'],
    ['length 0', { length: 0 }, 'ERR_OUT_OF_RANGE'],
    ['a negative length', { length: -1 }, 'ERR_OUT_OF_RANGE'],
    ['a fraction', { length: 1.5 }, 'ERR_OUT_OF_RANGE'],
    ['NaN', { length: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    ['2^53', { length: 2 ** 53 }, 'ERR_OUT_OF_RANGE'],
    ['a length as text', { length: '4096' }, 'ERR_INVALID_ARG_TYPE'],
    ['an unknown protection', { length: 1, protection: 'read' }, 'ERR_INVALID_ARG_VALUE'],
    ['protection bits', { length: 1, protection: 3 }, 'ERR_INVALID_ARG_VALUE'],
    ['an offset without a file', { length: 1, offset: page }, 'ERR_OUT_OF_RANGE'],
    ['an offset inside a page', { length: 1, file, offset: 1 }, 'ERR_OUT_OF_RANGE'],
    ['a negative descriptor', { length: 1, file: -1 }, 'ERR_OUT_OF_RANGE'],
    ['a file of no kind', { length: 1, file: true }, 'ERR_INVALID_ARG_TYPE'],
    ['a path with NUL', { length: 1, file: 'a\0b' }, 'ERR_INVALID_ARG_VALUE'],
    ['an empty file without length', { file: empty }, 'ERR_OUT_OF_RANGE'],
    ['fixed without an address', { length: 1, fixed: true }, 'ERR_INVALID_ARG_TYPE'],
    ['fixed inside a page', { length: 1, fixed: true, address: 1n }, 'ERR_OUT_OF_RANGE'],
    ['fixed at 0', { length: 1, fixed: true, address: 0n }, 'ERR_OUT_OF_RANGE'],
    ['an address of 2^64', { length: 1, address: 2n ** 64n }, 'ERR_OUT_OF_RANGE'],
    ['a negative address', { length: 1, address: -1n }, 'ERR_OUT_OF_RANGE'],
    ['shared as a number', { length: 1, shared: 1 }, 'ERR_INVALID_ARG_TYPE'],
    ['a huge page of 3000 bytes', { length: 1, hugePages: 3000 }, 'ERR_OUT_OF_RANGE'],
    ['a name the kernel forbids', { length: 1, name: 'a]b' }, 'ERR_INVALID_ARG_VALUE'],
    ['a name of 80 characters', { length: 1, name: 'n'.repeat(80) }, 'ERR_INVALID_ARG_VALUE'],
  ];
  it.each(wrong)('%s', (_, options, code) => {
    expect(codeOf(() => mmap(options as MmapOptions))).toEqual({ class: ArgumentError, code });
  });

  it('ranges that are empty or leave the mapping', () => {
    using mapping = mmap({ length: 2 * page });
    const ranges = [
      { offset: 2 * page },
      { offset: -1 },
      { length: 0 },
      { length: 2 * page + 1 },
      { offset: page, length: page + 1 },
      { offset: 0.5 },
      { offset: 2n ** 60n },
    ];
    for (const range of ranges) {
      const expected = { class: ArgumentError, code: 'ERR_OUT_OF_RANGE' };
      expect(codeOf(() => mapping.protect('r', range))).toEqual(expected);
      expect(codeOf(() => mapping.view(range))).toEqual(expected);
    }
    expect(mapping.protection).toBe('rw');
    expect(codeOf(() => mapping.sync({ async: 'yes' as unknown as boolean }))).toEqual({
      class: ArgumentError,
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});

describe('the system refuses', () => {
  const readOnly = openSync(file, 'r');
  const directory = openSync(folder, 'r');
  const writeOnly = openSync(file, 'a');
  afterAll(() => [readOnly, directory, writeOnly].map(closeSync));
  const refused: [string, MmapOptions, string][] = [
    ['more memory than there are addresses', { length: 2 ** 52 }, 'ENOMEM'],
    [
      'a shared writable mapping of a file opened for reading',
      { file: readOnly, protection: 'rw' },
      'EACCES',
    ],
    ['a file opened for writing only', { file: writeOnly, length: page }, 'EACCES'],
    ['a descriptor that is not open', { file: 2 ** 20 + 7, length: page }, 'EBADF'],
    ['a directory', { file: directory, length: page }, 'ENODEV'],
    ['an address where something stands', { length: page, fixed: true, address: 0x10000n }, 'EEXIST'],
    ['a huge page of a size no machine has', { length: 1, hugePages: 2 ** 33 }, 'EINVAL'],
  ];
  it.each(refused)('%s', (_, options, code) => {
    const run = () => {
      using blocker = options.fixed ? mmap({ length: page, address: options.address ?? 0n }) : undefined;
      mmap(blocker ? { ...options, address: blocker.address } : options);
    };
    expect(codeOf(run)).toEqual({ class: PosixError, code });
    expect(run).toThrow(
      expect.objectContaining({ syscall: 'mmap', errno: -osConstants.errno[code as 'EINVAL'] }),
    );
  });

  it('making a private mapping of a read-only file writable is allowed, a shared one is EACCES', () => {
    using mapping = mmap({ file: readOnly });
    expect(() => mapping.protect('rw')).toThrow(
      expect.objectContaining({
        code: 'EACCES',
        syscall: 'mprotect',
        address: mapping.address,
        length: 2 * page,
      }),
    );
    expect(mapping.protection).toBe('r');
    using copy = mmap({ file: readOnly, shared: false });
    copy.protect('rw');
    copy.bytes[0] = 1;
  });

  it('a file that does not exist is Node own error', () => {
    expect(() => mmap({ file: join(folder, 'missing') })).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'open' }),
    );
  });
});
