/**
 * One launch: a fresh process that measures a list of cases, because the layout of memory, and with it the cost of
 * many calls, differs from launch to launch. The process is asked on its command line and answers with a line of
 * JSON for each case.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PosixError } from '../core/index.ts';
import { onOneProcessor } from '../posix/index.ts';
import { reasonFor } from './catalogue.ts';
import type { LoopCase } from './loops.ts';
import { type Effort, type MeasuredCase, type MissingCost, measureLoop, measureOrReason } from './measure.ts';

/** What a launch is asked. */
export interface LaunchRequest {
  names: readonly string[];
  effort: Effort;
  /** Which processor the process keeps to, counted round. @defaultValue 0 */
  processor?: number;
}

/** The answer for one case. */
export type LaunchAnswer = MeasuredCase | MissingCost;

/**
 * The part of the child: measures what its command line asks for.
 * @param text the request as JSON
 * @param loops cases that are JavaScript; all others are the addon's
 * @param answer takes one answer at a time
 */
export function serveLaunch(
  text: string,
  loops: readonly LoopCase[],
  answer: (answer: LaunchAnswer) => void,
): void {
  const { names, effort } = JSON.parse(text) as LaunchRequest;
  for (const name of names) {
    const loop = loops.find((one) => one.name === name);
    answer(loop === undefined ? measureOrReason(name, effort) : measureLoopCase(loop, effort));
  }
}

function measureLoopCase({ name, make }: LoopCase, effort: Effort): LaunchAnswer {
  try {
    const { loop, settle, end } = make();
    try {
      return measureLoop(name, loop, effort, settle);
    } finally {
      end?.();
    }
  } catch (error) {
    if (error instanceof PosixError) return { name, reason: reasonFor(name, error.message) };
    throw error;
  }
}

/**
 * The part of the parent: starts a process and collects its answers. A process that dies is an answer too, for
 * every case it owes. It keeps to one processor from its first instruction on: where another thread of a process has
 * run, the kernel has to ask about that processor at each change of the map, for up to a second, and every change of
 * protection costs a fifth more.
 * @param script what the process runs; it calls `serveLaunch`
 * @param request what to measure
 * @param onAnswer told of each answer as it comes
 * @returns one answer for each name
 */
export async function launch(
  script: string,
  request: LaunchRequest,
  onAnswer: (answer: LaunchAnswer) => void,
): Promise<LaunchAnswer[]> {
  const start = () =>
    spawn(process.execPath, [script, JSON.stringify(request)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: plainEnvironment(),
    });
  const child = onOneProcessor(request.processor ?? 0, start);
  const complaint: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (piece: string) => complaint.push(piece));
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const answers: LaunchAnswer[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = JSON.parse(line) as LaunchAnswer;
    answers.push(answer);
    onAnswer(answer);
  }
  const end = await ended;
  const owed = request.names.slice(answers.length);
  const [why = ''] = /^\w*Error.*$/m.exec(complaint.join('')) ?? [];
  const reason = `the measuring process ended with ${end} ${why}`.trim();
  return [...answers, ...owed.map((name) => ({ name, reason }))];
}

/** Without what would make malloc another malloc. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { GLIBC_TUNABLES: _, NODE_OPTIONS: __, ...rest } = process.env;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('MALLOC_')));
}
