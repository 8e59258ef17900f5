/** `chunkyard maps [PID]`: the memory map of a process, readable. */
import { type Command, InvalidArgumentError } from 'commander';
import { formatBytes, hex, PosixError } from '../../core/index.ts';
import { type MemoryRange, memoryMap } from '../../posix/index.ts';
import { UsageError } from '../failure.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, count, shorten } from '../words.ts';

/** Adds the command. */
export function addMaps(program: Command, output: Output): void {
  const command = program
    .command('maps')
    .description('Show the memory map of a process: what lies where, how large, with which protection.')
    .argument('[pid]', 'process id; this process when left out', parsePid);
  addJson(command);
  addExamples(command, 'maps', 'maps 1', 'maps --json $$ | jq ".totals"');
  command.action((pid: number | undefined, options: { json?: boolean }) => {
    const ranges = readMap(pid);
    const totals = sumUp(ranges);
    if (options.json) {
      output.printJson('chunkyard-maps 1', { pid: pid ?? process.pid, ranges, totals });
    } else {
      output.print(...renderMap(ranges, output), '', ...renderTotals(totals, output));
    }
  });
}

/** @throws UsageError for a process that does not exist; PosixError when this one may not be looked at */
function readMap(pid: number | undefined): MemoryRange[] {
  try {
    return memoryMap(pid);
  } catch (error) {
    if (error instanceof PosixError && error.code === 'ESRCH')
      throw new UsageError(`there is no process ${pid}`);
    throw error;
  }
}

function parsePid(text: string): number {
  const pid = /^\d+$/.test(text) ? Number(text) : 0;
  if (pid >= 1 && pid < 2 ** 31) return pid;
  throw new InvalidArgumentError('Expected a process id, 1 to 2147483647.');
}

/** Bytes and ranges of one kind. */
interface Total {
  kind: string;
  ranges: number;
  bytes: number;
}

/** Memory without any access is address space, not memory: it is counted apart. */
function sumUp(ranges: readonly MemoryRange[]): Total[] {
  const totals = new Map<string, Total>();
  for (const range of ranges) {
    const kind = range.protection === '---' ? 'reserved' : range.kind;
    const total = totals.get(kind) ?? { kind, ranges: 0, bytes: 0 };
    total.ranges++;
    total.bytes += range.byteLength;
    totals.set(kind, total);
  }
  return [...totals.values()].sort((a, b) => b.bytes - a.bytes);
}

/**
 * The rows of a map: address, size, protection, what it is.
 * @param ranges any part of a map
 * @returns lines, none wider than the output
 */
export function renderMap(ranges: readonly MemoryRange[], output: Output): string[] {
  const addresses = ranges.map(({ start, end }) => `${hex(start)}-${hex(end)}`);
  const sizes = ranges.map((range) => formatBytes(range.byteLength));
  const widest = (texts: string[]): number => Math.max(0, ...texts.map((text) => text.length));
  const room = output.width - widest(addresses) - widest(sizes) - 4 - 3 * 2;
  return output.table(
    [{ title: 'address' }, { title: 'size', align: 'right' }, { title: 'may' }, { title: 'what' }],
    ranges.map((range, index) => [
      addresses[index],
      sizes[index],
      range.protection + (range.shared ? 's' : 'p'),
      shorten(describe(range), Math.max(8, room), output.glyphs.ellipsis),
    ]),
  );
}

/** Our name, the file, or what kind of memory it is. */
function describe(range: MemoryRange): string {
  if (range.name !== undefined) return range.name;
  if (range.path !== '') return range.path + (range.deleted ? ' (deleted)' : '');
  return range.protection === '---' ? 'no access' : 'anonymous';
}

function renderTotals(totals: readonly Total[], output: Output): string[] {
  return output.table(
    [{ title: 'in all' }, { title: 'ranges', align: 'right' }, { title: 'size', align: 'right' }],
    totals.map(({ kind, ranges, bytes }) => [
      kind === 'reserved' ? 'reserved, no access' : kind,
      count(ranges),
      formatBytes(bytes),
    ]),
  );
}
