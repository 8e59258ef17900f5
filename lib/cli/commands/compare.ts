/** `chunkyard compare TRACE...`: the same trace on several allocators, side by side. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AllocatorName, allocatorNames, type ComparisonRow, compareTrace } from '../../compare/index.ts';
import { formatBytes } from '../../core/index.ts';
import { type GlibcVersion, profiles } from '../../heap/index.ts';
import { readTrace, type Trace } from '../../trace/index.ts';
import { UsageError } from '../failure.ts';
import { type FidelityCommandOptions, runFidelity } from '../fidelity-run.ts';
import { addTunableOption, heapTunables } from '../heap-options.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, count, duration, integerOption, percent } from '../words.ts';

interface CompareCommandOptions extends FidelityCommandOptions {
  fidelity?: boolean;
  on: AllocatorName[];
  passes: number;
  rounds: number;
  tunable?: string[];
}

/** Adds the command. */
export function addCompare(program: Command, output: Output): void {
  const command = program
    .command('compare')
    .description(
      'Replay traces on several allocators, each in fresh processes, and put the figures side by side.',
    )
    .argument('[trace...]', 'files (.trace, .rep, packed or not), - for standard input, or built-in traces')
    .option('--on <names>', 'allocators, separated by commas', parseNames, [...allocatorNames])
    .option('--passes <n>', 'fresh processes for each allocator', integerOption(1, 1000), 2)
    .option('--rounds <n>', 'runs in each process; the least time counts', integerOption(1, 10_000), 20);
  addTunableOption(command);
  addFidelityOptions(command);
  addJson(command);
  addExamples(
    command,
    'compare git-repack',
    'compare git-repack python-json --on heap,native --json',
    'compare jq --on heap,native --arena thread --tunable glibc.malloc.tcache_count=0',
    'compare --fidelity',
    'compare jq --fidelity --arena thread --image',
  );
  command.action(async (sources: string[], options: CompareCommandOptions) => {
    if (options.fidelity && options.tunable) throw new UsageError('--fidelity compares without --tunable');
    if (options.fidelity) return runFidelity(sources, options, output);
    if (sources.length === 0) throw new UsageError('compare: name a trace, or ask for --fidelity');
    // A trace that cannot be read is found before minutes are spent on those before it.
    const traces = await readAll(sources);
    const compared = await compareAll(traces, options, output);
    if (options.json) {
      output.printJson('chunkyard-compare 1', {
        traces: compared.map((rows, index) => ({ trace: traces[index].name, rows })),
      });
      return;
    }
    compared.forEach((rows, index) => {
      if (index > 0) output.print('');
      output.print(...renderComparison(traces[index], rows, output));
    });
  });
}

function addFidelityOptions(command: Command): void {
  const versions = Object.keys(profiles) as GlibcVersion[];
  command
    .option(
      '--fidelity',
      'is every block where the native malloc puts it? Without traces: built-in, generated',
    )
    .addOption(
      new Option(
        '--glibc <version>',
        "C library that heap is, and the machine's malloc for --fidelity",
      ).choices(versions),
    )
    .addOption(
      new Option('--arena <which>', 'arena of heap and native; both is main, and for --fidelity really both')
        .choices(['main', 'thread', 'both'])
        .default('both'),
    )
    .option('--seeds <n>', 'fidelity: generated traces of each profile', integerOption(0, 1e6), 1)
    .option('--operations <n>', 'fidelity: length of a generated trace', integerOption(1, 1e8), 5000)
    .option('--damaged <n>', 'fidelity: generated traces with memory errors', integerOption(0, 1e6), 100)
    .option('--image', 'fidelity: compare the bytes at the end too');
}

function parseNames(text: string): AllocatorName[] {
  return text.split(',').map((name) => {
    const known = allocatorNames.find((one) => one === name.trim());
    if (known === undefined) throw new InvalidArgumentError(`Known are ${allocatorNames.join(', ')}.`);
    return known;
  });
}

async function readAll(sources: readonly string[]): Promise<Trace[]> {
  if (sources.filter((source) => source === '-').length > 1) {
    throw new UsageError('standard input (-) can be read only once');
  }
  const traces: Trace[] = [];
  for (const source of sources) traces.push(await readTrace(source));
  return traces;
}

async function compareAll(
  traces: readonly Trace[],
  { on, passes, rounds, glibc, arena, tunable }: CompareCommandOptions,
  output: Output,
): Promise<ComparisonRow[][]> {
  const heapOptions = {
    ...(glibc ? { glibc } : {}),
    arena: arena === 'thread' ? ('thread' as const) : ('main' as const),
    ...(tunable ? { tunables: heapTunables(tunable) } : {}),
  };
  const progress = output.progress('', traces.length * on.length * passes);
  const compared: ComparisonRow[][] = [];
  let turns = 0;
  try {
    for (const trace of traces) {
      const onProgress = (name: AllocatorName): void => progress.update(turns++, `${trace.name} on ${name}`);
      compared.push(
        await compareTrace(trace, { ...heapOptions, allocators: on, passes, rounds, onProgress }),
      );
    }
  } finally {
    progress.stop();
  }
  return compared;
}

/**
 * A comparison as a table.
 * @param trace what was run
 * @param rows one per allocator
 * @returns a heading and a table
 */
export function renderComparison(trace: Trace, rows: readonly ComparisonRow[], output: Output): string[] {
  const isMeasured = rows.some((row) => row.agreement !== undefined);
  const heading = `${trace.name}: ${count(trace.operationCount)} operations, ${formatBytes(trace.peakLiveBytes)} live at most`;
  return [
    output.palette.title(heading),
    '',
    ...output.table(
      [
        { title: 'allocator' },
        { title: 'time/op', align: 'right' },
        { title: '1st run', align: 'right' },
        { title: 'peak heap', align: 'right' },
        { title: 'util.', align: 'right' },
        { title: 'faults', align: 'right' },
        { title: 'sys. calls', align: 'right' },
        ...(isMeasured ? [{ title: 'as native', align: 'right' } as const] : []),
      ],
      rows.map((row) => [
        row.allocator,
        duration(row.nsPerOperation),
        duration(row.firstRunNsPerOperation),
        row.peakHeapBytes === 0 ? '-' : formatBytes(row.peakHeapBytes),
        percent(row.utilization),
        count(row.minorFaults),
        row.systemCalls === null ? '-' : count(sum(row.systemCalls)),
        ...(isMeasured ? [agreementOf(row)] : []),
      ]),
    ),
  ];
}

/** The share of blocks that lie where the native malloc puts them. All or nothing is said only of all or nothing. */
export function agreementOf({ agreement }: ComparisonRow): string {
  if (agreement === undefined) return '-';
  const { equal, placements } = agreement;
  if (equal === placements) return '100 %';
  return `${Math.min(99.99, (100 * equal) / placements).toFixed(2)} %`;
}

function sum(calls: Readonly<Record<string, number>>): number {
  return Object.values(calls).reduce((total, times) => total + times, 0);
}
