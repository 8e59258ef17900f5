/** A lesson as a quiz: the question first, then the step, then the answer. Answers come from the terminal or a pipe. */
import { createInterface } from 'node:readline';
import { type Lesson, type LessonStep, LessonWalk, type Question } from '../../lessons/index.ts';
import type { Output } from '../output.ts';
import { letter, renderAnswer, renderHead, renderLesson, renderQuestion, renderStep } from './render.ts';

/** How it went. */
export interface Score {
  asked: number;
  right: number;
}

/**
 * Asks through lessons.
 * @param only the one step to be asked, from 1; earlier ones run unseen
 * @returns the score, and the steps that ran
 */
export async function runQuiz(
  lessons: readonly Lesson[],
  only: number | null,
  output: Output,
): Promise<{ score: Score; steps: LessonStep[] }> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const score = { asked: 0, right: 0 };
  const steps: LessonStep[] = [];
  for (const lesson of lessons) {
    output.print(...renderLesson(lesson, output));
    const walk = new LessonWalk(lesson);
    for (const [index, head] of lesson.steps.entries()) {
      const isAsked = only === null || only === index + 1;
      if (only !== null && index + 1 > only) break;
      if (isAsked) output.print('', ...renderHead({ lesson, number: index + 1, ...head }, output));
      const given = isAsked ? await ask(head.question, lines, output) : null;
      const step = await walk.next();
      if (step === null) break;
      steps.push(step);
      if (!isAsked) continue;
      output.print('', ...renderStep(step, output), '', ...verdict(given, head.question, score, output));
      output.print(...renderAnswer(step, output));
    }
    await walk.close();
    output.print('');
  }
  await lines.return?.();
  return { score, steps };
}

/** Asks until an answer is one of the choices. @returns its index; null when no answer comes any more */
async function ask(question: Question, lines: AsyncIterator<string>, output: Output): Promise<number | null> {
  output.print('', ...renderQuestion(question, output));
  const last = letter(question.choices.length - 1);
  for (;;) {
    if (process.stdin.isTTY) process.stdout.write(`a to ${last}? `);
    const { value, done } = await lines.next();
    if (done) return null;
    const index = question.choices.findIndex((_, k) => letter(k) === value.trim().toLowerCase());
    if (index >= 0) return index;
    output.print(`Please answer with a letter from a to ${last}.`);
  }
}

function verdict(given: number | null, { right }: Question, score: Score, { palette }: Output): string[] {
  if (given === null) return [];
  score.asked++;
  if (given === right) score.right++;
  return [given === right ? palette.good('Right.') : palette.bad(`You said ${letter(given)}).`)];
}
