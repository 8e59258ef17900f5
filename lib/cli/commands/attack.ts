/** `chunkyard attack list|run|table`: heap exploits on the simulated heap, for defence and teaching. */
import { type Command, Option } from 'commander';
import { attackVersions, runAttack, runAttackNatively, techniques } from '../../attacks/index.ts';
import { type Defence, defences, type GlibcVersion } from '../../heap/index.ts';
import { documentOf, tellNative, tellRun } from '../attack/run.ts';
import { Disappointment, UsageError } from '../failure.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson } from '../words.ts';
import { addAttackTable } from './attack-table.ts';

interface RunOptions {
  glibc?: GlibcVersion;
  defence?: Defence[];
  native?: boolean;
  json?: boolean;
}

/** Adds the command and its parts. */
export function addAttack(program: Command, output: Output): void {
  const command = program
    .command('attack')
    .description('Heap attacks on the simulated heap, per glibc version, with and without defences.');
  addExamples(command, 'attack list', 'attack run tcache_poisoning', 'attack table --defence canary');
  addList(command, output);
  addRun(command, output);
  addAttackTable(command, output);
}

/** Adds `--defence`, of which there may be several. */
function defenceOption(): Option {
  return new Option('--defence <name>', 'switch a defence on; may be repeated')
    .choices(Object.keys(defences))
    .argParser((name: string, before: string[] = []) => {
      if (!(name in defences))
        throw new UsageError(`--defence ${name}: one of ${Object.keys(defences).join(', ')}`);
      return [...before, name];
    });
}

function addList(parent: Command, output: Output): void {
  const command = parent.command('list').description('Every technique: what it needs and what it gains.');
  addJson(command);
  addExamples(command, 'attack list', 'attack list --json | jq -r ".techniques[].name"');
  command.action(({ json }: { json?: boolean }) => {
    if (json) {
      const facts = techniques.map(({ name, what, needs, corrupts, gains, scope }) => ({
        ...{ name, what, needs, corrupts, gains, scope },
      }));
      output.printJson('chunkyard-attack-list 1', { versions: attackVersions, defences, techniques: facts });
      return;
    }
    const rows = techniques.map(({ name, needs }) => [name, needs]);
    output.print(...output.table([{ title: 'technique' }, { title: 'needs' }], rows), '');
    output.print(
      'Defences:',
      ...Object.entries(defences).map(([name, what]) => `  ${name.padEnd(16)} ${what}`),
    );
  });
}

function addRun(parent: Command, output: Output): void {
  const command = parent
    .command('run')
    .description('Run one technique and tell every step; exit code 1 when --native disagrees.')
    .argument('<name>', 'a technique, as `attack list` names it')
    .addOption(new Option('--glibc <version>', 'C library').choices(attackVersions))
    .addOption(defenceOption())
    .option('--native', "run it in a process of its own on this machine's malloc as well");
  addJson(command);
  addExamples(
    command,
    'attack run house_of_spirit --glibc 2.31',
    'attack run tcache_poisoning --native',
    'attack run overlapping_chunks --defence header-checksum',
  );
  command.action(async (name: string, options: RunOptions) => {
    if (options.native) await runBoth(name, options, output);
    else {
      const { glibc, defence = [], json } = options;
      const result = runAttack(name, { defences: defence, ...(glibc === undefined ? {} : { glibc }) });
      if (json) output.printJson('chunkyard-attack-run 1', documentOf(result));
      else output.print(...tellRun(result, output));
    }
  });
}

async function runBoth(name: string, { glibc, defence, json }: RunOptions, output: Output): Promise<void> {
  if (defence !== undefined) throw new UsageError("--native: this machine's malloc has no --defence");
  const both = await runAttackNatively(name);
  const version = both.simulated.glibc;
  if (glibc !== undefined && glibc !== version && !('reason' in both))
    throw new UsageError(`--native: this machine's glibc is ${version}, not ${glibc}`);
  const native = 'reason' in both ? { reason: both.reason } : { ...both.native, agrees: both.agrees };
  if (json) output.printJson('chunkyard-attack-run 1', { ...documentOf(both.simulated), native });
  else {
    output.print(...tellRun(both.simulated, output));
    if ('reason' in both) output.print(`This machine's malloc: it cannot run there, as ${both.reason}.`);
    else output.print(...tellNative(both, output));
  }
  if (!('reason' in both) && !both.agrees) throw new Disappointment(`${name}: simulated and native differ`);
}
