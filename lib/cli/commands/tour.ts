/** `chunkyard tour`: five steps on real memory, each with its evidence. What `npm start` runs. */
import type { Command } from 'commander';
import type { PageSource } from '../../core/index.ts';
import { Disappointment, isDefect } from '../failure.ts';
import type { Output } from '../output.ts';
import { arenaStep } from '../tour/arena-step.ts';
import { coalesceStep } from '../tour/coalesce-step.ts';
import { costsStep } from '../tour/costs-step.ts';
import { guardStep } from '../tour/guard-step.ts';
import { indent, type StepReport, type TourStep } from '../tour/step.ts';
import { tourTrace, traceStep } from '../tour/trace-step.ts';
import { addExamples, addJson, duration, wrap } from '../words.ts';

/** What there is to see next; a test runs each with --help. */
export const nextCommands: readonly { command: string; shows: string }[] = [
  { command: `draw ${tourTrace} --at 400`, shows: 'a heap, drawn' },
  { command: `replay ${tourTrace} --on heap --check 1000`, shows: 'checked all along' },
  { command: 'compare python-json', shows: 'and with Buffers' },
  { command: 'compare --fidelity', shows: 'heap against malloc' },
  { command: 'costs --quick', shows: 'what system calls cost' },
  { command: 'trace info jq', shows: 'what a trace holds' },
  { command: 'lesson', shows: 'the lecture, in steps' },
  { command: 'maps', shows: "a process's memory" },
];

/** Adds the command. */
export function addTour(program: Command, output: Output): void {
  const command = program
    .command('tour')
    .description('A guided tour: real memory, a malloc on it, a real program, a guard page, the costs.');
  addJson(command);
  addExamples(command, 'tour', 'tour --json | jq ".steps[0].facts.address"');
  command.action(async (options: { json?: boolean }) => {
    const start = performance.now();
    const steps = makeSteps();
    const reports: object[] = [];
    if (!options.json)
      output.print(output.palette.title('chunkyard: real memory, and a malloc you can watch'));
    for (const [index, step] of steps.entries()) {
      if (!options.json) output.print('', ...renderHead(step, index + 1, steps.length, output));
      const { report, reason } = await runStep(step, output);
      const { name, title } = step;
      reports.push({ name, title, ran: report !== null, ...(report ? { facts: report.facts } : { reason }) });
      if (!options.json) output.print('', ...indent(report ? report.lines : notHere(reason, output)));
    }
    const elapsedNs = (performance.now() - start) * 1e6;
    if (options.json)
      output.printJson('chunkyard-tour 1', {
        steps: reports,
        elapsedMs: elapsedNs / 1e6,
        next: nextCommands,
      });
    else output.print('', ...renderEnd(elapsedNs, output));
  });
}

function makeSteps(): TourStep[] {
  let arena: PageSource | undefined;
  const takeArena = (): PageSource => {
    if (arena === undefined) throw new Disappointment('step 1 made no arena');
    return arena;
  };
  const keepArena = (source: PageSource): void => {
    arena = source;
  };
  return [arenaStep(keepArena), coalesceStep(takeArena), traceStep, guardStep, costsStep];
}

/** A step that cannot run here says why; the tour goes on. */
async function runStep(
  step: TourStep,
  output: Output,
): Promise<{ report: StepReport | null; reason: string }> {
  try {
    return { report: await step.run(output), reason: '' };
  } catch (error) {
    if (isDefect(error)) throw error;
    return { report: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

function renderHead(step: TourStep, number: number, total: number, output: Output): string[] {
  const { palette, width } = output;
  return [palette.title(`${number}/${total}  ${step.title}`), ...wrap(step.explanation, Math.min(width, 88))];
}

function notHere(reason: string, output: Output): string[] {
  return wrap(`This step cannot run here: ${reason}`, output.width - 2).map((line) =>
    output.palette.bad(line),
  );
}

function renderEnd(elapsedNs: number, output: Output): string[] {
  const widest = Math.max(...nextCommands.map(({ command }) => command.length));
  return [
    output.palette.title(`That took ${duration(elapsedNs)}. Next:`),
    ...nextCommands.map(({ command, shows }) => `  npx chunkyard ${command.padEnd(widest)}  ${shows}`),
  ];
}
