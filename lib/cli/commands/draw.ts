/** `chunkyard draw TRACE --at OP`: the heap in the middle of a trace, as text or SVG. */
import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { makeSubject, type SubjectName, subjectNames } from '../../compare/index.ts';
import { formatBytes, type HeapSnapshot, hex } from '../../core/index.ts';
import { formatOperation, readTrace, replay, type Trace, traceHead } from '../../trace/index.ts';
import { renderDump, renderStrip, renderSvg } from '../../view/index.ts';
import { UsageError } from '../failure.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, count, integerOption, wrap } from '../words.ts';

interface DrawOptions {
  at: number;
  on: SubjectName;
  svg?: string;
  dump?: number;
  json?: boolean;
}

/** Adds the command. */
export function addDraw(program: Command, output: Output): void {
  const command = program
    .command('draw')
    .description('Replay a trace up to an operation and draw the heap at that moment.')
    .argument('<trace>', 'a file (.trace, .rep, packed or not), - for standard input, or a built-in trace')
    .requiredOption('--at <op>', 'draw after this many operations; 0 is the empty heap', integerOption(0))
    .addOption(new Option('--on <name>', 'which allocator').choices([...subjectNames]).default('chunklist'))
    .option('--svg <file>', 'write an SVG picture there instead; - for standard output')
    .option('--dump <n>', 'also print the bytes of the first <n> chunks', integerOption(1));
  addJson(command);
  addExamples(
    command,
    'draw git-repack --at 40',
    'draw git-repack --at 40 --dump 5',
    'draw python-json --at 2000 --on heap --dump 20',
    'draw git-repack --at 20000 --svg heap.svg',
  );
  command.action(async (source: string, options: DrawOptions) => {
    const trace = await readTrace(source);
    if (options.at > trace.operationCount) {
      const most = count(trace.operationCount);
      throw new UsageError(`--at ${options.at}: ${trace.name} has only ${most} operations`);
    }
    const snapshot = heapAfter(trace, options);
    if (options.svg !== undefined) writeSvg(trace, snapshot, { ...options, svg: options.svg }, output);
    else if (options.json) output.printJson('chunkyard-draw 1', describe(trace, snapshot, options));
    else output.print(...renderText(trace, snapshot, options, output));
  });
}

function heapAfter(trace: Trace, { at, on }: DrawOptions): HeapSnapshot {
  const { allocator } = makeSubject(on);
  using heap = allocator;
  replay(traceHead(trace, at), heap);
  return heap.snapshot();
}

/** Where we are, for a heading. */
function momentOf(trace: Trace, at: number): string {
  if (at === 0) return `${trace.name} before its first operation`;
  return `${trace.name} after ${count(at)} of ${count(trace.operationCount)} operations`;
}

function summaryOf(snapshot: HeapSnapshot): string {
  const size = formatBytes(snapshot.endOffset - snapshot.startOffset);
  const sum = (state: string): string => {
    const chunks = snapshot.chunks.filter((chunk) => chunk.state === state);
    const bytes = chunks.reduce((total, chunk) => total + chunk.sizeBytes, 0);
    return `${count(chunks.length)} chunks ${state.replace('-', ' ')} (${formatBytes(bytes)})`;
  };
  const isCached = snapshot.chunks.some((chunk) => chunk.state === 'cached');
  const states = [sum('in-use'), ...(isCached ? [sum('cached')] : []), sum('free')];
  return `${snapshot.allocator} at ${hex(snapshot.baseAddress)}, ${size}: ${states.join(', ')}`;
}

function renderText(trace: Trace, snapshot: HeapSnapshot, options: DrawOptions, output: Output): string[] {
  const { at, dump } = options;
  const last = at === 0 ? '' : `, the last one being "${formatOperation(trace, at - 1)}"`;
  const lines = [
    ...wrap(`${momentOf(trace, at)}${last}`, output.width).map((line) => output.palette.title(line)),
    ...wrap(summaryOf(snapshot), output.width),
    '',
    ...renderStrip([{ snapshot }], output),
  ];
  if (dump === undefined) return lines;
  const chunks = snapshot.chunks.slice(0, dump);
  return [...lines, '', ...renderDump({ ...snapshot, chunks }, output)];
}

function writeSvg(
  trace: Trace,
  snapshot: HeapSnapshot,
  options: DrawOptions & { svg: string },
  output: Output,
): void {
  const svg = renderSvg(snapshot, { title: momentOf(trace, options.at), subtitle: summaryOf(snapshot) });
  if (options.svg === '-') {
    process.stdout.write(svg);
    return;
  }
  writeFileSync(options.svg, svg);
  if (options.json) {
    output.printJson('chunkyard-draw 1', { ...describe(trace, snapshot, options), svg: options.svg });
  } else {
    output.print(`${options.svg}: ${count(snapshot.chunks.length)} chunks, ${formatBytes(svg.length)}`);
  }
}

/** The snapshot without its bytes: chunks say what they hold. */
function describe(trace: Trace, snapshot: HeapSnapshot, { at }: DrawOptions): object {
  const { allocator, baseAddress, startOffset, endOffset, chunks } = snapshot;
  return { trace: trace.name, at, allocator, baseAddress, startOffset, endOffset, chunks };
}
