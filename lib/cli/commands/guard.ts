/** `chunkyard guard [DEMO]`: what guard pages catch and what they do not, each crime in a process of its own. */
import { type Command, Option } from 'commander';
import { type FaultPolicy, faultPolicies } from '../../core/index.ts';
import { Disappointment, UsageError } from '../failure.ts';
import { demos } from '../guard/demos.ts';
import { type DemoResult, runDemo } from '../guard/run-demo.ts';
import type { Output } from '../output.ts';
import { indent } from '../tour/step.ts';
import { addExamples, addJson, wrap } from '../words.ts';

/** Adds the command. */
export function addGuard(program: Command, output: Output): void {
  const names = demos.map(({ name }) => name);
  const command = program
    .command('guard')
    .description('Demonstrations of guard pages, each in a process of its own, with its report.')
    .argument('[demo]', `one of ${names.join(', ')}; all when left out`)
    .addOption(new Option('--policy <policy>', 'what a hit does').choices(faultPolicies).default('die'));
  addJson(command);
  addExamples(command, 'guard', 'guard overflow --policy throw', 'guard --json | jq ".demos[].faults"');
  command.action(async (name: string | undefined, options: { policy: FaultPolicy; json?: boolean }) => {
    const chosen = demos.filter((demo) => name === undefined || demo.name === name);
    if (chosen.length === 0)
      throw new UsageError(`no demonstration is called ${name}; there are ${names.join(', ')}`);
    const results: DemoResult[] = [];
    const running = chosen.map((demo) => ({ demo, end: runDemo(demo, options.policy) }));
    for (const { demo, end } of running) {
      const result = await end;
      results.push(result);
      if (!options.json) output.print(...renderDemo(demo.explanation, result, output), '');
    }
    if (options.json) output.printJson('chunkyard-guard 1', { policy: options.policy, demos: results });
    const wrong = results.filter(({ asExpected }) => !asExpected).map((result) => result.name);
    if (wrong.length > 0) throw new Disappointment(`did not end as it should: ${wrong.join(', ')}`);
  });
}

function renderDemo(explanation: string, result: DemoResult, output: Output): string[] {
  const { palette, width } = output;
  return [
    palette.title(`${result.name}: ${result.title}`),
    ...wrap(explanation, Math.min(width, 88)),
    '',
    ...indent([...result.said, ...describeReport(result), '', describeEnd(result, output)]),
  ];
}

/** The report; for an exception that no fault came with, what it carries. */
function describeReport({ report, error }: DemoResult): string[] {
  const lines = report.filter((line) => line !== '');
  if (error === null || error.code === 'ERR_MEMORY_FAULT') return lines.length === 0 ? [] : ['', ...lines];
  const stack = (what: string, text: string | null): string[] =>
    text === null ? [] : [`  ${what}:`, ...text.split('\n').map((line) => `    ${line}`)];
  return ['', ...stack('freed', error.freedAt), ...stack('allocated', error.allocatedAt)];
}

function describeEnd({ signal, exitCode, error, faults }: DemoResult, { palette }: Output): string {
  if (signal !== null) return `The process died of ${palette.bad(signal)}.`;
  if (error !== null) return `${palette.bad(error.name)} ${error.code}: ${error.message}`;
  if (faults.length > 0)
    return `The process went on; ${faults.length === 1 ? 'one hit' : `${faults.length} hits`} recorded.`;
  return exitCode === 0 ? palette.good('Nobody noticed.') : palette.bad(`It ended with code ${exitCode}.`);
}
