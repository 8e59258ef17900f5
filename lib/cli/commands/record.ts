/** `chunkyard record -- PROGRAM ARGS`: a real program's heap calls as a trace. Its output and exit code are its own. */
import { constants } from 'node:os';
import type { Command } from 'commander';
import { formatBytes } from '../../core/index.ts';
import { type RecordedProcess, type RecordResult, record } from '../../trace/index.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, count, duration, integerOption } from '../words.ts';

interface RecordCommandOptions {
  output?: string;
  follow?: string;
  sites?: boolean;
  time?: boolean;
  limit?: number;
  scratch?: string;
  json?: boolean;
}

/** Adds the command. */
export function addRecord(program: Command, output: Output): void {
  const command = program
    .command('record')
    .description(
      "Record a program's heap calls. Its input, output and exit code stay its own; notes go to standard error.",
    )
    .argument('<program>', 'what to run, a path or a name in PATH')
    .argument('[args...]', 'its arguments')
    .passThroughOptions()
    .option('-o, --output <file>', 'where the trace goes (default: PROGRAM.cytrace)')
    .option('--follow <names>', 'record children too: "all", or names of programs between commas')
    .option('--sites', 'note where each call was made')
    .option('--time', 'note when each call was made')
    .option('--limit <calls>', 'record no more calls of a process than this', integerOption(1024, 2 ** 32))
    .option('--scratch <folder>', 'where the logs are kept meanwhile, 24 to 40 bytes a call');
  addJson(command);
  addExamples(
    command,
    'record -- python3 -c "print(1)"',
    'record -o cc1.cytrace --follow cc1 -- gcc -c -O2 hello.c',
    'record --json -- git log >calls.json',
  );
  command.action(async (name: string, args: string[], options: RecordCommandOptions) => {
    const bar: { progress?: ReturnType<Output['progress']> } = {};
    const result = await record({
      program: name,
      args,
      ...wishes(options),
      // One document and nothing else on our standard output: the program's goes to standard error.
      stdio: options.json ? ['inherit', 2, 'inherit'] : 'inherit',
      onProgress: (done, total) => {
        bar.progress ??= output.progress('converting', total);
        bar.progress.update(done);
      },
    }).finally(() => bar.progress?.stop());
    if (options.json) output.printJson('chunkyard-record 1', result);
    else for (const line of describe(result)) output.note(`chunkyard: ${line}`);
    process.exitCode = exitCodeOf(result);
  });
}

function wishes({ output, follow, sites, time, limit, scratch }: RecordCommandOptions): object {
  return {
    ...(output === undefined ? {} : { output }),
    ...(follow === undefined ? {} : { follow: follow === 'all' ? true : follow.split(',') }),
    ...(limit === undefined ? {} : { limitCalls: limit }),
    ...(scratch === undefined ? {} : { scratch }),
    sites: sites === true,
    times: time === true,
  };
}

/** As shells tell it: a signal is 128 and its number. */
function exitCodeOf({ exitCode, signal }: RecordResult): number {
  return signal === null ? (exitCode ?? 0) : 128 + constants.signals[signal];
}

function describe({ traces, exitCode, signal, elapsedMs }: RecordResult): string[] {
  const ending = signal === null ? `exit code ${exitCode}` : `ended by ${signal}`;
  return [
    ...traces.flatMap(describeTrace),
    `${traces[0].program} ran ${duration(elapsedMs * 1e6)}, ${ending}`,
  ];
}

function describeTrace(one: RecordedProcess): string[] {
  const { file, fileBytes, operations, threads, allocations, allocatedBytes, peakLiveBytes } = one;
  const packed = operations === 0 ? '' : `, ${(fileBytes / operations).toFixed(2)} bytes each`;
  const lines = [
    `${file}: ${count(operations)} operations of ${threads} thread${threads === 1 ? '' : 's'}${packed}`,
    `  ${count(allocations)} allocations of ${count(allocatedBytes)} bytes, at most ${formatBytes(peakLiveBytes)} at a time`,
  ];
  const { lostRecords, unfinishedCalls, foreignFrees, foreignReallocs, unseenFrees, forked } = one;
  if (lostRecords > 0)
    lines.push(`  ${count(lostRecords)} calls at the end are missing: there was no more room`);
  if (unfinishedCalls > 0) lines.push(`  ${count(unfinishedCalls)} calls were under way when it ended`);
  const foreign = foreignFrees + foreignReallocs;
  if (foreign > 0) {
    const whose = forked ? "its parent's" : 'allocated before';
    lines.push(`  ${count(foreign)} frees and reallocs of blocks that were ${whose} are left out`);
  }
  if (unseenFrees > 0) lines.push(`  ${count(unseenFrees)} blocks were freed without a call that was seen`);
  return lines;
}
