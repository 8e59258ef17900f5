/** The command line as a whole: which commands there are, and what they share. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAttack } from './commands/attack.ts';
import { addCompare } from './commands/compare.ts';
import { addCosts } from './commands/costs.ts';
import { addDraw } from './commands/draw.ts';
import { addGuard } from './commands/guard.ts';
import { addLesson } from './commands/lesson.ts';
import { addMaps } from './commands/maps.ts';
import { addRecord } from './commands/record.ts';
import { addReplay } from './commands/replay.ts';
import { addTour } from './commands/tour.ts';
import { addTrace } from './commands/trace.ts';
import { addWhatIf } from './commands/whatif.ts';
import type { Output } from './output.ts';

/**
 * Builds the command line.
 * @param output what commands print with
 * @returns the program; `parseAsync` throws CommanderError instead of ending the process
 */
export function makeProgram(output: Output): Command {
  const program = new Command('chunkyard')
    .description('Real POSIX memory for Node.js, and a malloc you can watch.')
    .version(packageVersion(), '-V, --version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`chunkyard: ${text.replace(/^error: /, '')}`),
      getOutHelpWidth: () => output.width,
      getErrHelpWidth: () => output.width,
    })
    .showHelpAfterError('Add --help to see how it is used.')
    .addHelpText('after', '\nStart with:\n  $ chunkyard tour');
  for (const add of [
    addTour,
    addMaps,
    addReplay,
    addCompare,
    addWhatIf,
    addCosts,
    addDraw,
    addGuard,
    addAttack,
    addLesson,
    addRecord,
    addTrace,
  ])
    add(program, output);
  return program;
}

function packageVersion(): string {
  // The same distance from lib/cli and from dist/cli.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
