/** `mmap`: from checked options to a `Mapping`, with files opened and closed on the way. */
import { closeSync, constants as fsConstants, fstatSync, openSync } from 'node:fs';
import { ArgumentError } from '../core/index.ts';
import { native, refusal } from '../posix/index.ts';
import { Mapping } from './mapping.ts';
import { type CheckedOptions, checkOptions, type MmapOptions } from './mmap-options.ts';
import { OwnedRange } from './owned-range.ts';
import { protectionBits } from './protection.ts';

/**
 * Maps zeroed memory, or a file.
 * @param options length in bytes, protection, file and the rest, see MmapOptions
 * @returns the mapping; `unmap()` it, or let `using` do so
 * @throws ArgumentError before anything is done
 * @throws PosixError when the system refuses: EEXIST (`fixed`, and something stands there), ENOMEM, EACCES,
 *   EBADF, ENODEV, EOVERFLOW; ENOTSUP for an option this platform does not have
 */
export function mmap(options: MmapOptions): Mapping {
  const checked = checkOptions(options, native().pageSize());
  const flags = mapFlags(checked);
  const file = openFile(checked);
  try {
    const lengthBytes = checked.lengthBytes ?? restOfFile(file.fd, checked.offsetBytes);
    return toMapping(checked, place(checked, { flags, fd: file.fd, lengthBytes }));
  } finally {
    if (file.isOurs) closeSync(file.fd);
  }
}

function place(
  options: CheckedOptions,
  made: { flags: number; fd: number; lengthBytes: number },
): OwnedRange {
  const { address, offsetBytes, fixed, protection } = options;
  const bits = protectionBits(protection, native().constants);
  const range = OwnedRange.map({ address, protectionBits: bits, offsetBytes, ...made });
  if (!fixed || range.address === address) return range;
  // Without MAP_FIXED_NOREPLACE an address is only a wish.
  range.release();
  throw refusal('EEXIST', 'mmap', { address, lengthBytes: made.lengthBytes });
}

let hasLentBuffer = false;

function toMapping(options: CheckedOptions, range: OwnedRange): Mapping {
  const { hugePageBytes, protection, name, shared, file } = options;
  try {
    // A build of Node without external buffers says so now, not at some later access.
    if (!hasLentBuffer) range.buffer(0, 1);
    hasLentBuffer = true;
  } catch (error) {
    range.release();
    throw error;
  }
  return new Mapping({
    range,
    lengthUnitBytes: hugePageBytes || 1,
    pageSizeBytes: hugePageBytes || native().pageSize(),
    protection,
    name,
    mayGrow: !shared || file !== undefined,
  });
}

function mapFlags(options: CheckedOptions): number {
  const { constants } = native();
  let flags = options.shared ? constants.MAP_SHARED : constants.MAP_PRIVATE;
  if (options.file === undefined) flags |= constants.MAP_ANONYMOUS;
  if (options.fixed) flags |= constants.MAP_FIXED_NOREPLACE ?? 0;
  if (options.populate) flags |= requireFlag('populate', constants.MAP_POPULATE);
  if (options.noReserve) flags |= constants.MAP_NORESERVE ?? 0;
  if (options.hugePageBytes > 0) {
    flags |= requireFlag('hugePages', constants.MAP_HUGETLB);
    flags |= Math.log2(options.hugePageBytes) << (constants.MAP_HUGE_SHIFT ?? 26);
  }
  return flags >>> 0;
}

function requireFlag(option: string, flag: number | undefined): number {
  if (flag !== undefined) return flag;
  throw refusal('ENOTSUP', 'mmap', { hint: `this platform has no ${option}` });
}

/** A descriptor; ours when we opened it. Flags as the mapping needs them. */
function openFile({ file, shared, protection }: CheckedOptions): { fd: number; isOurs: boolean } {
  if (file === undefined) return { fd: -1, isOurs: false };
  if (typeof file !== 'string') return { fd: typeof file === 'number' ? file : file.fd, isOurs: false };
  const writes = shared && protection.includes('w');
  return { fd: openSync(file, writes ? fsConstants.O_RDWR : fsConstants.O_RDONLY), isOurs: true };
}

function restOfFile(fd: number, offsetBytes: number): number {
  const rest = fstatSync(fd).size - offsetBytes;
  if (rest > 0) return rest;
  const expected = 'a length, because the file has no bytes from the offset on,';
  throw new ArgumentError('ERR_OUT_OF_RANGE', 'length', expected, undefined);
}
