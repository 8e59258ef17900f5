/** `chunkyard lesson [NAME]`: the lecture, step by step, on real bytes. */
import type { Command } from 'commander';
import { type Lesson, type LessonStep, LessonWalk, lessons } from '../../lessons/index.ts';
import { Disappointment, UsageError } from '../failure.ts';
import { chooseLessons, chooseStep } from '../lesson/choose.ts';
import { describeLesson } from '../lesson/document.ts';
import { renderWhole, walkByKeys } from '../lesson/keys.ts';
import { writePictures } from '../lesson/pictures.ts';
import { runQuiz } from '../lesson/quiz.ts';
import type { Output } from '../output.ts';
import { addExamples, addJson, count } from '../words.ts';

interface LessonOptions {
  step?: string;
  quiz?: boolean;
  list?: boolean;
  all?: boolean;
  svg?: string;
  json?: boolean;
}

/** Adds the command. */
export function addLesson(program: Command, output: Output): void {
  const names = lessons.map(({ name }) => name);
  const command = program
    .command('lesson')
    .description('The lecture, step by step, on real memory: by keys on a terminal, else all steps at once.')
    .argument('[name]', `${names.join(', ')}, or 1 to ${names.length}; all when left out`)
    .option('--step <step>', 'only this step of a lesson: its number or name; those before run unseen')
    .option('--quiz', 'ask before each step, and keep the score')
    .option('--svg <folder>', 'also write the pictures of the heap there, for slides')
    .option('--all', 'print all steps, on a terminal too')
    .option('--list', 'list lessons and steps, and run none');
  addJson(command);
  addExamples(
    command,
    'lesson',
    'lesson merging --step bck-free',
    'lesson function-pointer --quiz',
    'lesson 9 --json',
  );
  command.action(async (name: string | undefined, options: LessonOptions) => {
    const chosen = chooseLessons(name);
    if (options.step !== undefined && name === undefined)
      throw new UsageError('--step needs the name of a lesson before it');
    if (options.quiz && options.json) throw new UsageError('--quiz talks, and --json does not: choose one');
    const only = options.step === undefined ? null : chooseStep(chosen[0], options.step);
    if (options.list) return list(chosen, options, output);
    const steps = await run(chosen, only, options, output);
    if (options.svg !== undefined)
      writePictures(only === null ? steps : steps.slice(-1), options.svg, output);
    demand(steps);
  });
}

/** @returns the steps that ran */
async function run(
  chosen: readonly Lesson[],
  only: number | null,
  options: LessonOptions,
  output: Output,
): Promise<LessonStep[]> {
  if (options.quiz) {
    const { score, steps } = await runQuiz(chosen, only, output);
    output.print(`${score.right} of ${score.asked} answers were right.`);
    return steps;
  }
  const isTalk = process.stdin.isTTY && process.stdout.isTTY && only === null && !options.all;
  if (isTalk && !options.json) return await walkByKeys(chosen, output);
  const reports: object[] = [];
  const ran: LessonStep[] = [];
  for (const lesson of chosen) {
    const steps = await playLesson(lesson, only);
    ran.push(...steps);
    const shown = only === null ? steps : steps.slice(-1);
    if (options.json) reports.push(describeLesson(lesson, shown));
    else for (const step of shown) output.print(...renderWhole(step, chosen, output), '');
  }
  if (options.json) output.printJson('chunkyard-lesson 1', { lessons: reports });
  return ran;
}

/** Plays a lesson, or its first steps. */
async function playLesson(lesson: Lesson, until: number | null): Promise<LessonStep[]> {
  const walk = new LessonWalk(lesson);
  const steps: LessonStep[] = [];
  try {
    while (until === null || steps.length < until) {
      const step = await walk.next();
      if (step === null) break;
      steps.push(step);
    }
  } finally {
    await walk.close();
  }
  return steps;
}

function list(chosen: readonly Lesson[], { json }: LessonOptions, output: Output): void {
  const plans = chosen.map(({ number, name, title, about, steps }) => ({
    number,
    name,
    title,
    about,
    steps,
  }));
  if (json) {
    output.printJson('chunkyard-lessons 1', { lessons: plans });
    return;
  }
  for (const { number, name, title, steps } of plans) {
    output.print(output.palette.title(`${number}  ${name}: ${title}`));
    const widest = Math.max(...steps.map((step) => step.name.length));
    output.print(...steps.map((step, k) => `   ${k + 1}  ${step.name.padEnd(widest)}  ${step.title}`), '');
  }
}

/** @throws Disappointment when something that was claimed did not happen */
function demand(steps: readonly LessonStep[]): void {
  const failed = steps.filter(({ checks }) => checks.some(({ holds }) => !holds));
  if (failed.length === 0) return;
  const names = failed.map(({ lesson, name }) => `${lesson}/${name}`).join(', ');
  throw new Disappointment(`${count(failed.length)} steps did not go as claimed: ${names}`);
}
