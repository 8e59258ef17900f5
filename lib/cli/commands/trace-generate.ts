/** `chunkyard trace generate PROFILE FILE`: traces of programs that nobody wrote, the same on every machine. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatBytes } from '../../core/index.ts';
import {
  distributions,
  generateTrace,
  lifetimes,
  type Mix,
  traceProfiles,
  writeGenerated,
  writeText,
  writeTraceFile,
} from '../../trace/index.ts';
import { UsageError } from '../failure.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, count, integerOption } from '../words.ts';

interface GenerateCommandOptions extends Mix {
  operations: number;
  seed: number;
  json?: boolean;
}

/** Adds the command. */
export function addGenerate(parent: Command, output: Output): void {
  const command = parent
    .command('generate')
    .description('Make a trace from a profile and a seed; without a profile, list them.')
    .argument('[profile]', 'what kind of program, or "mix": the options below describe it')
    .argument('[file]', 'where to write: .cytrace, or text (.gz: gzipped); - for text on standard output')
    .option('--operations <n>', 'how long', integerOption(1, 1e9), 20_000)
    .option('--seed <n>', 'which one', integerOption(0), 1)
    .addOption(new Option('--sizes <how>', 'mix: distribution of sizes').choices(distributions))
    .option('--minimum-bytes <n>', 'mix: smallest size (default: 16)', integerOption(0))
    .option('--maximum-bytes <n>', 'mix: largest size (default: 4096)', integerOption(0))
    .option('--live <n>', 'mix: blocks that are live as a rule (default: 1000)', integerOption(1))
    .addOption(new Option('--lifetimes <which>', 'mix: which block dies next').choices(lifetimes))
    .option('--waves', 'mix: the number of live blocks goes up and down')
    .option('--realloc-share <s>', 'mix: share of reallocs, 0 to 1', shareOption)
    .option('--calloc-share <s>', 'mix: share of callocs among allocations', shareOption)
    .option('--memalign-share <s>', 'mix: share of memaligns among allocations', shareOption);
  addJson(command);
  addExamples(
    command,
    'trace generate',
    'trace generate sessions server.cytrace --operations 1000000 --seed 7',
    'trace generate mix paper.cytrace --live 10000 --lifetimes zipf --maximum-bytes 65536',
  );
  command.action(
    async (profile: string | undefined, file: string | undefined, options: GenerateCommandOptions) => {
      if (profile === undefined) {
        list(options, output);
        return;
      }
      refuseMeaningless(profile, options);
      if (file === undefined) throw new UsageError('name the file to write, or - for standard output');
      await generate(profile, file, options, output);
    },
  );
}

function list({ json }: GenerateCommandOptions, output: Output): void {
  if (json) {
    output.printJson('chunkyard-trace-profiles 1', { profiles: traceProfiles });
    return;
  }
  const rows = traceProfiles.map(({ name, what }) => [name, what]);
  output.print(...output.table([{ title: 'profile' }, { title: 'what it does' }], rows));
}

const mixOptions = [
  'sizes',
  'minimumBytes',
  'maximumBytes',
  'live',
  'lifetimes',
  'waves',
  'reallocShare',
  'callocShare',
  'memalignShare',
] as const;

function refuseMeaningless(profile: string, options: GenerateCommandOptions): void {
  const given = mixOptions.find((name) => options[name] !== undefined);
  if (profile === 'mix' || given === undefined) return;
  const option = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(`--${option} means nothing to ${profile}; it is for mix`);
}

async function generate(
  profile: string,
  file: string,
  options: GenerateCommandOptions,
  output: Output,
): Promise<void> {
  const { operations, seed } = options;
  const how = { operations, seed, mix: options };
  if (file === '-') {
    if (options.json)
      throw new UsageError('--json prints one document and nothing else: name a file instead of -');
    writeText(generateTrace(profile, how), (piece) => void process.stdout.write(piece));
    return;
  }
  const written = await writeTraceFile(file, (emit) =>
    file.endsWith('.cytrace')
      ? writeGenerated(profile, how, emit)
      : writeText(generateTrace(profile, how), emit),
  );
  if (options.json) output.printJson('chunkyard-trace-generate 1', { file, profile, seed, ...written });
  else output.print(`${file}: ${count(written.operations)} operations, ${formatBytes(written.bytes)}`);
}

function shareOption(text: string): number {
  const value = /^(?:0|1|0?\.\d+|[01]\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a share from 0 to 1.');
}
