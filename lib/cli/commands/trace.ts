/** `chunkyard trace info|convert`: look into a trace, rewrite it. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Command } from 'commander';
import { formatBytes } from '../../core/index.ts';
import { formatTrace, readTrace, type TraceInfo, traceInfo } from '../../trace/index.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, count, percent } from '../words.ts';

const traceArgument = 'a file (.trace, .rep, packed or not), - for standard input, or a built-in trace';

/** Adds the command and its two halves. */
export function addTrace(program: Command, output: Output): void {
  const command = program.command('trace').description('Look into a trace of heap calls, or rewrite it.');
  addExamples(command, 'trace info jq', 'trace convert old.rep new.trace.gz');
  addInfo(command, output);
  addConvert(command, output);
}

function addInfo(parent: Command, output: Output): void {
  const command = parent
    .command('info')
    .description('Count what a trace is made of: calls, sizes, lifetimes.')
    .argument('<trace>', traceArgument);
  addJson(command);
  addExamples(command, 'trace info jq', 'trace info my.trace.gz --json');
  command.action(async (source: string, options: { json?: boolean }) => {
    const trace = await readTrace(source);
    const info = traceInfo(trace);
    if (options.json) output.printJson('chunkyard-trace-info 1', { ...info, source: trace.format });
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
    '',
    ...renderSizes(info, output),
  ];
}

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
    .description('Write a trace as "heap-trace 1" text, gzipped where the name ends in .gz.')
    .argument('<trace>', traceArgument)
    .argument('<file>', 'where to write, - for standard output');
  addJson(command);
  addExamples(command, 'trace convert old.rep new.trace.gz', 'trace convert jq - | head');
  command.action(async (source: string, file: string, options: { json?: boolean }) => {
    const trace = await readTrace(source);
    const text = formatTrace(trace);
    if (file === '-') {
      process.stdout.write(text);
      return;
    }
    const bytes = file.endsWith('.gz') ? gzipSync(text) : Buffer.from(text);
    writeFileSync(file, bytes);
    const { operationCount: operations } = trace;
    if (options.json) {
      output.printJson('chunkyard-trace-convert 1', { file, operations, bytes: bytes.length });
    } else {
      output.print(`${file}: ${count(operations)} operations, ${formatBytes(bytes.length)}`);
    }
  });
}
