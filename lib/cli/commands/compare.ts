/** `chunkyard compare TRACE...`: the same trace on several allocators, side by side. */
import { writeFileSync } from 'node:fs';
import { parse as parsePath } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type AllocatorName,
  allocatorNames,
  allocatorsFor,
  type ComparisonRow,
  compareTrace,
  isPreloadName,
} from '../../compare/index.ts';
import { type GlibcVersion, profiles } from '../../heap/index.ts';
import { readTrace, type Trace } from '../../trace/index.ts';
import { renderFootprints } from '../../view/index.ts';
import { comparisonLegend, footprintPicture, renderComparison } from '../compare-page.ts';
import { UsageError } from '../failure.ts';
import { type FidelityCommandOptions, runFidelity } from '../fidelity-run.ts';
import { addTunableOption, heapTunables } from '../heap-options.ts';
import type { Output } from '../output.ts';
import { installedPreload } from '../preload-option.ts';
import { addExamples, addJson, integerOption } from '../words.ts';

interface CompareCommandOptions extends FidelityCommandOptions {
  fidelity?: boolean;
  on?: AllocatorName[];
  passes: number;
  rounds: number;
  tunable?: string[];
  svg?: string;
}

/** Adds the command. */
export function addCompare(program: Command, output: Output): void {
  const command = program
    .command('compare')
    .description(
      'Replay traces on several allocators, each in fresh processes, and put the figures side by side.',
    )
    .argument('[trace...]', 'files (.trace, .rep, packed or not), - for standard input, or built-in traces')
    .option(
      '--on <names>',
      `of ${allocatorNames.join(', ')}, separated by commas; not given: those that are there`,
      parseNames,
    )
    .option('--passes <n>', 'turns: a fresh process for each allocator in each', integerOption(1, 1000), 6)
    .option('--rounds <n>', 'runs in each process; the least time counts', integerOption(1, 10_000), 5)
    .option('--svg <file>', 'draw what each takes over time; with several traces a file for each');
  addTunableOption(command);
  addFidelityOptions(command);
  addJson(command);
  addExamples(
    command,
    'compare git-repack',
    'compare git-repack python-json --on heap,native --json',
    'compare jq --on native,jemalloc,mimalloc,tcmalloc --svg jq.svg',
    'compare jq --on heap,native --arena thread --tunable glibc.malloc.tcache_count=0',
    'compare --fidelity',
    'compare jq --fidelity --arena thread --image',
  );
  command.action(async (sources: string[], options: CompareCommandOptions) => {
    for (const name of ['tunable', 'svg', 'on'] as const) {
      if (options.fidelity && options[name]) throw new UsageError(`--fidelity compares without --${name}`);
    }
    if (options.fidelity) return runFidelity(sources, options, output);
    if (sources.length === 0) throw new UsageError('compare: name a trace, or ask for --fidelity');
    // A trace that cannot be read is found before minutes are spent on those before it.
    const traces = await readAll(sources);
    for (const name of options.on ?? []) if (isPreloadName(name)) installedPreload(name);
    const compared = await compareAll(traces, options, output);
    if (options.svg !== undefined) writePictures(options.svg, traces, compared);
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
    output.print('', ...comparisonLegend(compared.flat(), output));
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
  const sets = traces.map((trace) => on ?? allocatorsFor(trace));
  const steps = sets.reduce((sum, names) => sum + names.length * (passes + 1), 0);
  const progress = output.progress('', steps);
  const compared: ComparisonRow[][] = [];
  let turns = 0;
  try {
    for (const [index, trace] of traces.entries()) {
      const allocators = sets[index];
      const onProgress = (name: AllocatorName): void => progress.update(turns++, `${trace.name} on ${name}`);
      compared.push(await compareTrace(trace, { ...heapOptions, allocators, passes, rounds, onProgress }));
    }
  } finally {
    progress.stop();
  }
  return compared;
}

/** One file, or with several traces one for each: `all.svg` becomes `all-jq.svg`. */
function writePictures(file: string, traces: readonly Trace[], compared: readonly ComparisonRow[][]): void {
  const { dir, name, ext } = parsePath(file);
  for (const [index, trace] of traces.entries()) {
    const own = `${dir === '' ? '' : `${dir}/`}${name}-${trace.name.replace(/[^\w.-]/g, '_')}${ext}`;
    const path = traces.length === 1 ? file : own;
    writeFileSync(path, renderFootprints(footprintPicture(trace, compared[index])));
  }
}
