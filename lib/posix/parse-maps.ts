/**
 * Reads the text of `/proc/PID/maps`. Every line becomes one range; a line of a shape nobody knows is an
 * error, not a gap. See proc_pid_maps(5):
 *
 *   7f0c00000000-7f0c00021000 rw-p 00000000 00:00 0          [anon:arena]
 *   start        end          |  | offset   dev   inode      path, to the end of the line
 *                             |  p private, s shared
 *                             r w x
 */

/** What stands behind a range. */
export type RangeKind =
  /** Zeroed memory, private or shared. */
  | 'anonymous'
  /** A file on some file system. */
  | 'file'
  /** A file that lives in memory: memfd_create, shared anonymous memory, System V segments. */
  | 'memory-file'
  /** Below the program break. */
  | 'heap'
  /** Stack of the first thread. */
  | 'stack'
  /** Put there by the kernel: vdso, vvar, vsyscall. */
  | 'kernel';

/** One line of a process map. */
export interface MemoryRange {
  /** First byte. */
  start: bigint;
  /** First byte behind. */
  end: bigint;
  byteLength: number;
  /** Three letters, `-` for what is not allowed: `rw-`. */
  protection: string;
  /** True: writes reach the file or other processes. */
  shared: boolean;
  /** Byte of the file at `start`. */
  offset: bigint;
  /** Major and minor number in hexadecimal: `08:01`. */
  device: string;
  inode: bigint;
  kind: RangeKind;
  /** As the kernel writes it, newlines undone; empty for anonymous memory. A file's name when it was mapped. */
  path: string;
  /** True: the file has been unlinked since. */
  deleted: boolean;
  /** Name given to the range: to the kernel, or in our own table. */
  name: string | undefined;
}

const linePattern =
  /^([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-])([ps]) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(\S.*)?$/s;

const deletedSuffix = ' (deleted)';

/**
 * Parses a whole map.
 * @param text content of `/proc/PID/maps`
 * @returns its ranges, in the order of the text, which is that of addresses
 * @throws SyntaxError that quotes the line, when one cannot be understood
 */
export function parseMaps(text: string): MemoryRange[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(parseLine);
}

function parseLine(line: string, index: number): MemoryRange {
  const match = linePattern.exec(line);
  if (match === null) {
    throw new SyntaxError(`line ${index + 1} of a process map is not understood: ${JSON.stringify(line)}`);
  }
  const [, startDigits, endDigits, protection, sharing, offset, device, inode, label = ''] = match;
  const start = BigInt(`0x${startDigits}`);
  const end = BigInt(`0x${endDigits}`);
  const deleted = label.endsWith(deletedSuffix);
  const path = unescapePath(deleted ? label.slice(0, -deletedSuffix.length) : label);
  return {
    start,
    end,
    byteLength: Number(end - start),
    protection,
    shared: sharing === 's',
    offset: BigInt(`0x${offset}`),
    device,
    inode: BigInt(inode),
    kind: kindOf(path),
    path,
    deleted,
    name: nameOf(path),
  };
}

/** The kernel escapes only what would break the line: newline as \012. */
function unescapePath(label: string): string {
  return label.replaceAll('\\012', '\n');
}

function kindOf(path: string): RangeKind {
  if (path === '' || path.startsWith('[anon')) return 'anonymous';
  if (path === '[heap]') return 'heap';
  if (path.startsWith('[stack')) return 'stack';
  if (path.startsWith('[')) return 'kernel';
  return /^\/(memfd:|SYSV|dev\/zero$)/.test(path) ? 'memory-file' : 'file';
}

/** `[anon:NAME]` and `[anon_shmem:NAME]` were named by prctl, `/memfd:NAME` when the file was made. */
function nameOf(path: string): string | undefined {
  const named = /^\[anon(?:_shmem)?:(.*)\]$/s.exec(path) ?? /^\/memfd:(.*)$/s.exec(path);
  return named?.[1];
}
