/** Which lessons, and which step, the words of a command line mean. */
import { type Lesson, lessons } from '../../lessons/index.ts';
import { UsageError } from '../failure.ts';

/** @returns the lesson of that name or number; all of them when none is named. @throws UsageError */
export function chooseLessons(name: string | undefined): readonly Lesson[] {
  if (name === undefined) return lessons;
  const chosen = lessons.filter((lesson) => lesson.name === name || String(lesson.number) === name);
  if (chosen.length > 0) return chosen;
  const names = lessons.map((lesson) => lesson.name).join(', ');
  throw new UsageError(`no lesson is called ${name}; there are ${names}`);
}

/** @returns the number of a step, from 1. @throws UsageError */
export function chooseStep(lesson: Lesson, name: string): number {
  const index = lesson.steps.findIndex((step, k) => step.name === name || String(k + 1) === name);
  if (index >= 0) return index + 1;
  const names = lesson.steps.map((step) => step.name).join(', ');
  throw new UsageError(
    `lesson ${lesson.name} has no step ${name}; it has 1 to ${lesson.steps.length}: ${names}`,
  );
}
