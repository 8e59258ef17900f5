/** `chunkyard whatif TRACE`: one trace under many tunables, and which of them to set. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Grid,
  machineGlibc,
  type Verification,
  verifyWhatIf,
  type WhatIfGoal,
  type WhatIfResult,
  type WhatIfRow,
  whatIf,
} from '../../compare/index.ts';
import { type GlibcVersion, profiles } from '../../heap/index.ts';
import { readTrace, type Trace } from '../../trace/index.ts';
import { Disappointment, UsageError } from '../failure.ts';
import { tunableNames, tunableValue } from '../heap-options.ts';
import type { Output } from '../output.ts';
import { renderWhatIf } from '../whatif-page.ts';
import { addExamples, addJson, integerOption } from '../words.ts';

interface WhatIfCommandOptions {
  glibc?: GlibcVersion;
  arena?: 'main' | 'thread';
  oneThread?: boolean;
  grid?: Grid;
  by: WhatIfGoal;
  slower: number;
  workers?: number;
  rows: number;
  verify?: number | 'all' | true;
  json?: boolean;
}

/** Adds the command. */
export function addWhatIf(program: Command, output: Output): void {
  const command = program
    .command('whatif')
    .description(
      'Replay a trace in the exact simulator under many tunables of malloc, on all cores; rank them, recommend one.',
    )
    .argument(
      '<trace>',
      'a file (.trace, .rep, .cytrace, packed or not), - for standard input, or a built-in trace',
    )
    .addOption(new Option('--glibc <version>', 'C library to simulate').choices(Object.keys(profiles)))
    .addOption(
      new Option('--arena <which>', 'all calls on one thread, on this arena').choices(['main', 'thread']),
    )
    .option('--one-thread', 'all calls on one thread, also where several were recorded')
    .option('--grid <name=values>', 'every combination of these values instead; may be repeated', addToGrid)
    .addOption(
      new Option('--by <goal>', 'what to make small: the peak, the end, or the time')
        .choices(['footprint', 'end', 'time'])
        .default('footprint'),
    )
    .option(
      '--slower <factor>',
      'a recommendation may cost this much more (with --by time: memory)',
      factor,
      1.25,
    )
    .option('--workers <n>', 'worker threads; one for each core if not given', integerOption(1, 256))
    .option('--rows <n>', 'settings to show', integerOption(1, 10_000), 8)
    .option(
      '--verify [n]',
      'run the defaults and the best <n> natively: 1 if not given, or all',
      verifyCount,
    );
  addJson(command);
  addExamples(
    command,
    'whatif git-repack --verify',
    'whatif jq --grid tcache_count=0,7,64 --grid mxfast=0,128 --by time',
    'whatif server.cytrace --glibc 2.41 --json',
  );
  command.action(async (source: string, options: WhatIfCommandOptions) => {
    refuseMeaningless(options);
    const trace = await readTrace(source);
    const result = await run(trace, options, output);
    const verification =
      options.verify === undefined ? undefined : await verify(trace, result, options, output);
    if (options.json)
      output.printJson('chunkyard-whatif 1', { ...result, ...(verification && { verification }) });
    else output.print(...renderWhatIf(result, verification, options, output));
    const wrong = verification?.find((one) => !one.equal);
    if (wrong !== undefined && result.threads === 1) {
      throw new Disappointment(
        `the prediction did not hold with ${wrong.setting}: ${wrong.predictedPeakHeapBytes} bytes predicted, ` +
          `${wrong.measuredPeakHeapBytes} measured${wrong.ended ? `; ${wrong.ended}` : ''}`,
      );
    }
  });
}

function refuseMeaningless({ verify: asked, glibc, arena, oneThread }: WhatIfCommandOptions): void {
  if (arena && oneThread) throw new UsageError('--arena runs all calls on one thread already');
  if (asked === undefined) return;
  const machine = machineGlibc();
  if (machine === null) throw new UsageError("--verify needs a C library that is one of heap's versions");
  if (glibc !== undefined && glibc !== machine) {
    throw new UsageError(`--verify runs this machine's glibc ${machine}, not ${glibc}`);
  }
}

function run(trace: Trace, options: WhatIfCommandOptions, output: Output): Promise<WhatIfResult> {
  const { glibc, arena, oneThread, grid, by, slower, workers } = options;
  let progress = output.progress('', 1);
  let of = 0;
  return whatIf(trace, {
    ...(glibc ? { glibc } : {}),
    ...(arena ? { arena } : {}),
    ...(oneThread ? { oneThread } : {}),
    ...(grid ? { grid } : {}),
    ...(workers ? { workers } : {}),
    ...{ goal: by, slowerAtMost: slower },
    onProgress: (done, total) => {
      if (total !== of) {
        progress.stop();
        progress = output.progress('', total);
        of = total;
      }
      progress.update(done, `${trace.name}: ${done} of ${total} settings`);
    },
  }).finally(() => progress.stop());
}

async function verify(
  trace: Trace,
  result: WhatIfResult,
  { verify: asked }: WhatIfCommandOptions,
  output: Output,
): Promise<Verification[]> {
  const rows = rowsToVerify(result, asked === true || asked === undefined ? 1 : asked);
  const progress = output.progress('', rows.length);
  let done = 0;
  try {
    const tell = (): void => progress.update(++done, `${trace.name}: natively`);
    return await verifyWhatIf(trace, result, rows, { onDone: tell });
  } finally {
    progress.stop();
  }
}

/** The defaults, the recommendation, then the ranking from its top, first what came into question. */
function rowsToVerify({ rows, defaults, recommendation }: WhatIfResult, count: number | 'all'): WhatIfRow[] {
  if (count === 'all') return rows;
  const chosen = recommendation ? [recommendation] : [];
  const others = rows.filter((row) => row.environment !== '' && row.setting !== recommendation?.setting);
  const isTimed = (row: WhatIfRow): number => (row.simulatedNsPerOperation === null ? 1 : 0);
  others.sort((a, b) => isTimed(a) - isTimed(b));
  return [defaults, ...[...chosen, ...others].slice(0, count)];
}

function verifyCount(text: string): number | 'all' {
  return text === 'all' ? 'all' : integerOption(1, 10_000)(text);
}

function factor(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 1) throw new InvalidArgumentError('Expected a factor, 1 or more.');
  return value;
}

function addToGrid(text: string, before: Grid = {}): Grid {
  const [, full, values] = /^([\w.]+)=([\w,]+)$/.exec(text) ?? [];
  const name = tunableNames.find((one) => one === full?.replace(/^glibc\.malloc\./, ''));
  if (name === undefined || values === undefined) {
    throw new InvalidArgumentError(`Expected NAME=VALUE,VALUE...; names are ${tunableNames.join(', ')}.`);
  }
  return { ...before, [name]: values.split(',').map((value) => tunableValue(value, `--grid ${text}`)) };
}
