/** `chunkyard trace info|convert|generate`: look into a trace, rewrite it, make one. */
import type { Command } from 'commander';
import { formatBytes } from '../../core/index.ts';
import {
  openTrace,
  readTrace,
  streamInfo,
  type TraceInfo,
  writeCytrace,
  writeText,
  writeTraceFile,
} from '../../trace/index.ts';
import { UsageError } from '../failure.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, count, percent, wrap } from '../words.ts';
import { addGenerate } from './trace-generate.ts';

const traceArgument =
  'a file (.cytrace, .trace, .rep, of mtrace or heaptrack, packed or not), - for standard input, or a built-in trace';

/** Adds the command and its parts. */
export function addTrace(program: Command, output: Output): void {
  const command = program
    .command('trace')
    .description('Look into a trace of heap calls, rewrite it, or make one.');
  addExamples(command, 'trace info jq', 'trace convert old.rep new.cytrace', 'trace generate zipf z.cytrace');
  addInfo(command, output);
  addConvert(command, output);
  addGenerate(command, output);
}

function addInfo(parent: Command, output: Output): void {
  const command = parent
    .command('info')
    .description('Count what a trace is made of: calls, sizes, lifetimes.')
    .argument('<trace>', traceArgument);
  addJson(command);
  addExamples(command, 'trace info jq', 'trace info my.trace.gz --json');
  command.action(async (source: string, options: { json?: boolean }) => {
    const stream = await openTrace(source);
    const info = await streamInfo(stream);
    if (options.json) output.printJson('chunkyard-trace-info 1', { ...info, source: stream.head.format });
    else output.print(...renderInfo(info, output));
  });
}

const callNames: Readonly<Record<string, string>> = {
  a: 'malloc',
  c: 'calloc',
  m: 'memalign',
  r: 'realloc',
  f: 'free',
};

function renderInfo(info: TraceInfo, output: Output): string[] {
  const calls = Object.entries(info.counts).map(
    ([letter, times]) => `${callNames[letter] ?? `"${letter}"`} ${count(times)}`,
  );
  if (info.freesOfNull > 0) calls.push(`free(NULL) ${count(info.freesOfNull)}`);
  const facts: [string, string][] = [
    ['operations', count(info.operations)],
    ['blocks', count(info.blocks)],
    ['threads', count(info.threads)],
    ['peak live', `${formatBytes(info.peakLiveBytes)} in ${count(info.peakLiveBlocks)} blocks at most`],
    ['never freed', `${count(info.liveAtEnd)} blocks`],
    ['freed young', `${percent(info.freedYoung)} of the freed within 16 operations`],
    ['sizes', `half up to ${formatBytes(info.medianBytes)}, 9 of 10 up to ${formatBytes(info.p90Bytes)}`],
    ['largest', `${formatBytes(info.largestBytes)}; ${count(info.largeRequests)} requests above 128 KiB`],
  ];
  return [
    output.palette.title(info.name) + (info.what === '' ? '' : `: ${info.what}`),
    '',
    ...facts.map(([name, value]) => `  ${name.padEnd(12)}  ${value}`),
    `  ${'calls'.padEnd(12)}  ${calls.slice(0, 3).join(', ')}`,
    ...(calls.length > 3 ? [`  ${' '.repeat(12)}  ${calls.slice(3).join(', ')}`] : []),
    ...renderRecording(info, output),
    '',
    ...renderSizes(info, output),
  ];
}

/** What a recording tells of itself, where that is more than nothing. */
function renderRecording({ recording = {} }: TraceInfo, output: Output): string[] {
  const told = Object.entries(remarkable).flatMap(([key, words]) => {
    const times = recording[key];
    return typeof times === 'number' && times > 0 ? [`${count(times)} ${words}`] : [];
  });
  const lines = told.length === 0 ? [] : wrap(`left out: ${told.join(', ')}`, output.width - 16);
  return lines.map((line, place) => `  ${(place === 0 ? 'recording' : '').padEnd(12)}  ${line}`);
}

const remarkable: Readonly<Record<string, string>> = {
  lostRecords: 'calls at the end, for want of room',
  unfinishedCalls: 'calls under way at the end',
  foreignFrees: 'frees of blocks from before',
  failedAllocations: 'allocations that got nothing',
  failedReallocs: 'reallocs that got nothing',
};

/** A bar per power of two. */
function renderSizes(info: TraceInfo, output: Output): string[] {
  const most = Math.max(1, ...info.sizeClasses.map((one) => one.requests));
  const barWidth = output.width - 2 - 12 - 2 - 11 - 2;
  return info.sizeClasses.map(({ upToBytes, requests }) => {
    const bar = output.glyphs.state['in-use'].repeat(Math.max(1, Math.round((requests / most) * barWidth)));
    const size = `<= ${formatBytes(upToBytes)}`;
    return `  ${size.padEnd(12)}  ${count(requests).padStart(11)}  ${output.palette.state['in-use'](bar)}`;
  });
}

function addConvert(parent: Command, output: Output): void {
  const command = parent
    .command('convert')
    .description(
      'Rewrite a trace: as .cytrace when the name ends so, else as "heap-trace 1" text (.gz: gzipped).',
    )
    .argument('<trace>', traceArgument)
    .argument('<file>', 'where to write, - for text on standard output');
  addJson(command);
  addExamples(
    command,
    'trace convert old.rep new.cytrace',
    'trace convert jq - | head',
    'trace convert heaptrack.app.123.zst app.cytrace',
  );
  command.action(async (source: string, file: string, options: { json?: boolean }) => {
    if (file === '-') {
      if (options.json)
        throw new UsageError('--json prints one document and nothing else: name a file instead of -');
      writeText(await readTrace(source), (piece) => void process.stdout.write(piece));
      return;
    }
    const written = await convert(source, file);
    if (options.json) output.printJson('chunkyard-trace-convert 1', { file, ...written });
    else output.print(`${file}: ${count(written.operations)} operations, ${formatBytes(written.bytes)}`);
  });
}

async function convert(source: string, path: string): Promise<{ operations: number; bytes: number }> {
  // Read, or refused, before the file is made.
  if (path.endsWith('.cytrace')) {
    const stream = await openTrace(source);
    return await writeTraceFile(path, (emit) => writeCytrace(stream, emit));
  }
  const trace = await readTrace(source);
  return await writeTraceFile(path, (emit) => writeText(trace, emit));
}
