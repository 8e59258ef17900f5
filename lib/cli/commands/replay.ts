/** `chunkyard replay TRACE --on ALLOCATOR`: one trace on one allocator, looked at as closely as asked. */
import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type AllocatorName, allocatorNames, isPreloadName, preloadNames } from '../../compare/index.ts';
import { formatBytes } from '../../core/index.ts';
import { readTrace, type Trace } from '../../trace/index.ts';
import { Disappointment, UsageError } from '../failure.ts';
import { addHeapOptions } from '../heap-options.ts';
import type { Output } from '../output.ts';
import { type ReplayCommandOptions, type ReplayReport, replayNative, replayOurs } from '../replay-run.ts';
import { timelineCsv } from '../timeline-csv.ts';
import { addExamples, addJson, callList, count, duration, integerOption, percent } from '../words.ts';

/** Which allocators an option means something to. The others refuse it: nothing is silently ignored. */
const meantFor: Readonly<Record<string, readonly AllocatorName[]>> = {
  glibc: ['heap'],
  arena: ['heap', 'native'],
  placements: ['heap', 'chunklist', 'native', ...preloadNames],
  image: ['heap', 'chunklist'],
  check: ['heap', 'chunklist'],
  tunable: ['heap', 'native'],
  damage: ['heap', 'native'],
  fit: ['chunklist'],
  threads: ['heap', 'native', ...preloadNames],
  every: ['heap', 'chunklist', 'native', ...preloadNames],
  csv: ['heap', 'chunklist', 'native', ...preloadNames],
};

/** Adds the command. */
export function addReplay(program: Command, output: Output): void {
  const command = program
    .command('replay')
    .description('Replay a trace on one allocator: time, footprint, system calls; check the heap on the way.')
    .argument('<trace>', 'a file (.trace, .rep, packed or not), - for standard input, or a built-in trace')
    .addOption(new Option('--on <allocator>', 'which one').choices([...allocatorNames]).makeOptionMandatory())
    .option('--check <n>', 'check the whole heap every <n> operations and at the end', integerOption(1))
    .option('--placements <file>', 'write where every block came to lie; - for standard output')
    .option('--image <file>', "write the arena's bytes at the end")
    .addOption(new Option('--fit <how>', 'search order of chunklist').choices(fits))
    .option('--damage', 'run the operations that damage the heap too')
    .option('--threads', 'every recorded thread is one, in turn; what is timed runs on one thread')
    .option(
      '--every <n>',
      'look at the heap every <n> operations, for --csv or --json',
      integerOption(1, 1e9),
    )
    .option('--csv <file>', 'write the heap over time; - for standard output')
    .option('--rounds <n>', 'timed runs; the least counts', integerOption(1, 10_000), 20);
  addHeapOptions(command);
  addJson(command);
  addExamples(
    command,
    'replay git-repack --on heap --check 1000',
    'replay git-repack --on heap --glibc 2.43 --arena thread --placements -',
    'replay jq --on native --placements jq.placements',
    'replay jq --on native --tunable glibc.malloc.mmap_threshold=65536',
    'replay git-repack --on heap --threads --every 1000 --csv heap.csv',
    'replay jq --on jemalloc',
  );
  command.action(async (source: string, options: ReplayCommandOptions) => {
    refuseMeaningless(options);
    const trace = await readTrace(source);
    if (options.threads) requireThreads(trace);
    const isNative = options.on === 'native' || isPreloadName(options.on);
    const report = await (isNative ? replayNative : replayOurs)(trace, options, output);
    if (options.csv !== undefined && report.timeline) writeCsv(options.csv, report, options.on);
    if (options.json) output.printJson('chunkyard-replay 1', report);
    else if (!writesToOutput(options)) output.print(...renderReport(report, options, output));
    if (report.failure !== undefined) throw new Disappointment(report.failure.message);
  });
}

const fits = ['first-fit', 'next-fit', 'best-fit'];

function refuseMeaningless(options: ReplayCommandOptions): void {
  for (const [name, allocators] of Object.entries(meantFor)) {
    if (options[name as keyof ReplayCommandOptions] === undefined || allocators.includes(options.on))
      continue;
    throw new UsageError(`--${name} means nothing to ${options.on}; it is for ${allocators.join(', ')}`);
  }
  if (options.on === 'heap' && options.damage && options.check !== undefined) {
    throw new UsageError('--check and --damage exclude each other: a damaged heap is meant to fail');
  }
  if (options.json && (writesToOutput(options) || options.image === '-')) {
    throw new UsageError('--json prints one document and nothing else: name a file instead of -');
  }
  if (options.every !== undefined && options.csv === undefined && !options.json) {
    throw new UsageError('--every is for --csv FILE or --json');
  }
  const ofOneThread = options.arena ?? options.placements ?? options.image ?? options.check ?? options.damage;
  if (options.threads && ofOneThread !== undefined) {
    throw new UsageError('--threads excludes --arena, --placements, --image, --check and --damage');
  }
}

function writesToOutput({ placements, csv }: ReplayCommandOptions): boolean {
  return placements === '-' || csv === '-';
}

function requireThreads({ name, threadCount }: Trace): void {
  if (threadCount < 2) throw new UsageError(`--threads: ${name} has one thread`);
}

function writeCsv(file: string, { timeline = [] }: ReplayReport, on: AllocatorName): void {
  const text = timelineCsv(timeline, on === 'heap' || on === 'native');
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text);
}

function nameOf({ allocator, glibc }: ReplayReport): string {
  return glibc === undefined ? allocator : `${allocator} (glibc ${glibc})`;
}

function renderReport(report: ReplayReport, options: ReplayCommandOptions, output: Output): string[] {
  const facts: [string, string][] = [];
  if (report.nsPerOperation !== null) {
    const runs =
      report.runs === 1
        ? 'one run'
        : `least of ${report.runs} runs, first ${duration(report.firstRunNsPerOperation ?? 0)}`;
    facts.push(['time per operation', `${duration(report.nsPerOperation)}  (${runs})`]);
  }
  facts.push(
    ['peak live', formatBytes(report.peakLiveBytes)],
    ['peak heap', report.peakHeapBytes === 0 ? '-' : formatBytes(report.peakHeapBytes)],
    ...residentFacts(report),
    ['utilization', percent(report.utilization)],
    ['system calls', callList(report.systemCalls)],
  );
  if (report.minorFaults !== null) facts.push(['page faults', count(report.minorFaults)]);
  if (report.failedAllocations) facts.push(['got no memory', `${count(report.failedAllocations)} times`]);
  if (report.skippedOperations) {
    facts.push(['left out', `${count(report.skippedOperations)} operations that damage the heap`]);
  }
  if (report.checks !== undefined && report.failure === undefined) {
    facts.push(['heap checks', `${count(report.checks)}, all sound`]);
  }
  if (report.ended !== undefined) facts.push(['ended with', report.ended]);
  for (const key of ['placements', 'image', 'csv'] as const) {
    if (options[key] !== undefined) facts.push([key, `written to ${options[key]}`]);
  }
  return [
    output.palette.title(
      `${report.trace} on ${nameOf(report)}: ${count(report.operations)} operations${threadsOf(report)}`,
    ),
    '',
    ...facts.map(([name, value]) => `  ${name.padEnd(18)}  ${value}`),
  ];
}

/** Said where the sizes are of several threads, and the time is not. */
function threadsOf({ threads }: ReplayReport): string {
  return threads === undefined ? '' : `, sizes of ${threads} threads in turn, time of one`;
}

function residentFacts(report: ReplayReport): [string, string][] {
  const { peakResidentBytes, internalFragmentation, externalFragmentation } = report;
  if (peakResidentBytes == null) return [];
  const lost = `${percent(internalFragmentation ?? null)} in blocks, ${percent(externalFragmentation ?? null)} around them`;
  return [
    ['peak resident', formatBytes(peakResidentBytes)],
    ['lost when fullest', lost],
  ];
}
