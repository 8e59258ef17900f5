/**
 * The options of `mmap`, and their check: everything that can be judged without the system is judged here, before
 * any call is made.
 */
import { ArgumentError, alignUp, GiB, isPowerOfTwo, requireInteger } from '../core/index.ts';
import { type Protection, requireProtection } from './protection.ts';

/** A file to map: its path, a descriptor, or anything that has one (a FileHandle). */
export type FileReference = string | number | { readonly fd: number };

/** What `mmap` takes. Sizes, offsets and addresses are safe integers or BigInts. */
export interface MmapOptions {
  /** Bytes, > 0. With a file it may be left out: to the file's end. */
  length?: number | bigint;
  /** @defaultValue 'rw', and 'r' for a file */
  protection?: Protection;
  /**
   * Maps this file instead of zeroed memory. A path is opened for reading, and for writing where a shared
   * mapping is to be written to; a descriptor stays the caller's. The file is never made longer: touching a page
   * wholly behind its end is a SIGBUS (docs/hazards.md).
   */
  file?: FileReference;
  /** First byte of the file, a multiple of the page size. @defaultValue 0 */
  offset?: number | bigint;
  /** True: writes reach the file, or children of a fork. @defaultValue true with a file, else false */
  shared?: boolean;
  /** Where the mapping should start. Without `fixed` only a wish. */
  address?: number | bigint;
  /** Start at `address` or fail with EEXIST; what stands there is never replaced. @defaultValue false */
  fixed?: boolean;
  /** Make all pages resident at once (Linux). @defaultValue false */
  populate?: boolean;
  /** Do not set swap space aside. @defaultValue false */
  noReserve?: boolean;
  /** Pages from the huge page pool (Linux): true for 2 MiB, or the bytes of one huge page. @defaultValue false */
  hugePages?: boolean | number;
  /** Shown in the process map. Printable ASCII without `[ ] \ $` and backquote, at most 79 characters. */
  name?: string;
}

/** Checked options. Lengths are numbers, switches are filled in. */
export interface CheckedOptions {
  /** Undefined: to the end of the file. */
  lengthBytes: number | undefined;
  protection: Protection;
  file: FileReference | undefined;
  offsetBytes: number;
  shared: boolean;
  address: bigint;
  fixed: boolean;
  populate: boolean;
  noReserve: boolean;
  /** Bytes of one huge page; 0: ordinary pages. */
  hugePageBytes: number;
  name: string | undefined;
}

const defaultHugePageBytes = 2 * 1024 * 1024;

/**
 * Checks options of `mmap`.
 * @param options what came
 * @param pageSizeBytes bytes of an ordinary page
 * @throws ArgumentError for the first option that cannot be meant
 */
export function checkOptions(options: MmapOptions, pageSizeBytes: number): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'options', 'an object', options);
  }
  const { file } = options;
  if (file !== undefined) requireFile(file);
  const hasFile = file !== undefined;
  const hugePageBytes = hugePageSize(options.hugePages, pageSizeBytes);
  return {
    lengthBytes: requireLength(options.length, hasFile, hugePageBytes),
    protection: requireProtection('protection', options.protection ?? (hasFile ? 'r' : 'rw')),
    file,
    offsetBytes: requireOffset(options.offset ?? 0, hasFile, hugePageBytes || pageSizeBytes),
    shared: requireBoolean('shared', options.shared ?? hasFile),
    ...requirePlace(options, hugePageBytes || pageSizeBytes),
    populate: requireBoolean('populate', options.populate ?? false),
    noReserve: requireBoolean('noReserve', options.noReserve ?? false),
    hugePageBytes,
    name: requireName(options.name),
  };
}

function requireLength(length: unknown, hasFile: boolean, hugePageBytes: number): number | undefined {
  if (length === undefined && hasFile) return undefined;
  const bytes = requireInteger('length', length, { minimum: 1 });
  return hugePageBytes === 0 ? bytes : alignUp(bytes, hugePageBytes);
}

function requireFile(file: unknown): void {
  if (typeof file === 'string') {
    if (file !== '' && !file.includes('\0')) return;
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'file', 'a path without NUL', file);
  }
  const fd = typeof file === 'object' && file !== null && 'fd' in file ? file.fd : file;
  if (typeof fd !== 'number') {
    throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'file', 'a path, a file descriptor or { fd }', file);
  }
  requireInteger('file', fd, { maximum: 2 ** 31 - 1 });
}

function requireOffset(offset: unknown, hasFile: boolean, unitBytes: number): number {
  const bytes = requireInteger('offset', offset, hasFile ? {} : { maximum: 0 });
  if (bytes % unitBytes === 0) return bytes;
  throw new ArgumentError('ERR_OUT_OF_RANGE', 'offset', `a multiple of the page size, ${unitBytes}`, offset);
}

function requirePlace(options: MmapOptions, unitBytes: number): { address: bigint; fixed: boolean } {
  const fixed = requireBoolean('fixed', options.fixed ?? false);
  const { address } = options;
  if (address === undefined && !fixed) return { address: 0n, fixed };
  if (typeof address !== 'bigint') requireInteger('address', address);
  const value = BigInt(address as number | bigint);
  if (value < 0n || value >= 2n ** 64n) {
    throw new ArgumentError('ERR_OUT_OF_RANGE', 'address', 'an address below 2^64', address);
  }
  if (fixed && (value === 0n || value % BigInt(unitBytes) !== 0n)) {
    throw new ArgumentError('ERR_OUT_OF_RANGE', 'address', `a multiple of ${unitBytes}, not 0`, address);
  }
  return { address: value, fixed };
}

function hugePageSize(hugePages: unknown, pageSizeBytes: number): number {
  if (hugePages === undefined || hugePages === false) return 0;
  if (hugePages === true) return defaultHugePageBytes;
  const bytes = requireInteger('hugePages', hugePages, { minimum: pageSizeBytes * 2, maximum: 16 * GiB });
  if (isPowerOfTwo(bytes)) return bytes;
  throw new ArgumentError('ERR_OUT_OF_RANGE', 'hugePages', 'a boolean or a power of two in bytes', hugePages);
}

function requireName(name: unknown): string | undefined {
  if (name === undefined) return undefined;
  if (typeof name !== 'string') {
    throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'name', 'a string', name);
  }
  if (/^[ -~]{1,79}$/.test(name) && !/[[\]\\$`]/.test(name)) return name;
  const expected = '1 to 79 printable ASCII characters without [ ] \\ $ and backquote';
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'name', expected, name);
}

/**
 * Accepts true or false.
 * @param argument name of the argument, for the message
 * @param value what came
 * @throws ArgumentError ERR_INVALID_ARG_TYPE
 */
export function requireBoolean(argument: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ArgumentError('ERR_INVALID_ARG_TYPE', argument, 'true or false', value);
}
