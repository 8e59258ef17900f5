/** Options that several commands share when they make a glibc heap: version, arena, tunables. */
import { type Command, Option } from 'commander';
import { profiles, type Tunables } from '../heap/index.ts';
import { UsageError } from './failure.ts';

const prefix = 'glibc.malloc.';

/** Tunables that the heap has. */
export const tunableNames: readonly (keyof Tunables)[] = [
  'arena_max',
  'arena_test',
  'top_pad',
  'mmap_threshold',
  'trim_threshold',
  'mmap_max',
  'mxfast',
  'perturb',
  'tcache_count',
  'tcache_max',
  'tcache_unsorted_limit',
];

/** Adds `--glibc`, `--arena` and `--tunable`. */
export function addHeapOptions(command: Command): Command {
  command
    .addOption(new Option('--glibc <version>', 'C library that heap is').choices(Object.keys(profiles)))
    .addOption(new Option('--arena <which>', 'arena of heap and native').choices(['main', 'thread']));
  return addTunableOption(command);
}

/** Adds `--tunable` alone. */
export function addTunableOption(command: Command): Command {
  return command.option(
    '--tunable <name=value>',
    'set a GLIBC_TUNABLES entry of heap and native; may be repeated',
    addTunable,
  );
}

function addTunable(text: string, before: string[] = []): string[] {
  if (!/^[\w.]+=[^:=]+$/.test(text)) throw new UsageError(`--tunable ${text}: expected NAME=VALUE`);
  return [...before, text];
}

/**
 * GLIBC_TUNABLES entries as the heap takes them.
 * @param entries `glibc.malloc.NAME=VALUE` each, values decimal or 0x..
 * @throws UsageError for a tunable that the heap does not have
 */
export function heapTunables(entries: readonly string[]): Tunables {
  const tunables: Tunables = {};
  for (const entry of entries) {
    const [full, text] = entry.split('=');
    const name = tunableNames.find((one) => `${prefix}${one}` === full);
    if (name === undefined) {
      const known = tunableNames.map((one) => prefix + one).join(', ');
      throw new UsageError(`--tunable ${full}: heap has no such tunable; it has ${known}`);
    }
    tunables[name] = tunableValue(text, `--tunable ${entry}`);
  }
  return tunables;
}

/**
 * @param text decimal or 0x..
 * @param where what the error begins with
 * @throws UsageError
 */
export function tunableValue(text: string, where: string): number {
  const value = /^(?:\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new UsageError(`${where}: expected an integer`);
  return value;
}
