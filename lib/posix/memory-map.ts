/** The memory map of this or another process, with our own mappings named. */
import { readFileSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { requireInteger } from '../core/index.ts';
import { posixError, refusal } from './check.ts';
import { type MemoryRange, parseMaps } from './parse-maps.ts';
import { namesWithin } from './range-names.ts';

/**
 * Reads a process's memory map. Linux only, see `isSupported('memoryMap')`. Ranges of this process that the
 * kernel has no name for get ours; several of ours in one range are joined with `, `, because the kernel
 * merges neighbours.
 * @param pid process id, > 0; this process when left out
 * @returns ranges in address order; none for a process that has no memory of its own (kernel threads,
 *   zombies)
 * @throws ArgumentError for a pid that cannot be one
 * @throws PosixError ESRCH (no such process), EACCES or EPERM (not yours to look at), ENOTSUP (not on this
 *   platform)
 */
export function memoryMap(pid?: number): MemoryRange[] {
  const id =
    pid === undefined ? process.pid : requireInteger('pid', pid, { minimum: 1, maximum: 2 ** 31 - 1 });
  if (process.platform !== 'linux') {
    throw refusal('ENOTSUP', 'memoryMap', { hint: `${process.platform} has no /proc/PID/maps` });
  }
  const ranges = parseMaps(readMaps(id));
  return id === process.pid ? ranges.map(withOurName) : ranges;
}

function readMaps(pid: number): string {
  const path = `/proc/${pid}/maps`;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { errno = 0, code } = error as NodeJS.ErrnoException;
    // A process that is gone is a missing file, or ESRCH when it went between open and read.
    const { ESRCH } = osConstants.errno;
    throw posixError('open', code === 'ENOENT' ? ESRCH : -errno, { hint: `reading ${path}` });
  }
}

function withOurName(range: MemoryRange): MemoryRange {
  if (range.name !== undefined) return range;
  const names = namesWithin(range.start, range.end);
  return names.length === 0 ? range : { ...range, name: names.join(', ') };
}
