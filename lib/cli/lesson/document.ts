/** Lessons as the document that `--json` prints. */
import type { Lesson, LessonStep } from '../../lessons/index.ts';

/** A lesson with its steps as they ran; pictures without the heap's bytes, which `memory` shows where they matter. */
export function describeLesson({ number, name, title, about }: Lesson, steps: readonly LessonStep[]): object {
  return { number, name, title, about, steps: steps.map(describeStep) };
}

function describeStep({ lesson: _, pictures, ...step }: LessonStep): object {
  return {
    ...step,
    pictures: pictures.map(({ label, snapshot: { bytes: _bytes, ...snapshot } }) => ({ label, ...snapshot })),
  };
}
