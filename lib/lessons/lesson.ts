/** How a lesson is written, and how it is played: one state, steps that act on it in order, notes of each. */
import { PosixError } from '../core/index.ts';
import { Notes } from './notes.ts';
import type { Lesson, LessonStep, StepHead } from './step.ts';

/** A step as it is written. */
export interface StepPlan<S> extends StepHead {
  /**
   * Does it, for real.
   * @returns the answer to the question, with this run's numbers
   * @throws PosixError when this machine cannot do it: the step says so, and the lesson goes on
   */
  play(state: S, notes: Notes): string | Promise<string>;
}

/** A lesson as it is written. */
export interface LessonPlan<S> {
  number: number;
  name: string;
  title: string;
  about: string;
  /** Makes what the steps share. */
  open(): S | Promise<S>;
  /** Gives it back; called also when the lesson is left in the middle. */
  close(state: S): void;
  steps: readonly StepPlan<S>[];
}

/** Makes a lesson of its plan. */
export function defineLesson<S>(plan: LessonPlan<S>): Lesson {
  const { number, name, title, about } = plan;
  const steps = plan.steps.map(headOf);
  return { number, name, title, about, steps, play: () => play(plan) };
}

function headOf<S>({ name, title, claim, question }: StepPlan<S>): StepHead {
  return { name, title, claim, question };
}

async function* play<S>(plan: LessonPlan<S>): AsyncGenerator<LessonStep, void, void> {
  const state = await plan.open();
  try {
    for (const [index, step] of plan.steps.entries()) {
      const notes = new Notes();
      let answer = '';
      let notHere: string | null = null;
      try {
        answer = await step.play(state, notes);
      } catch (error) {
        if (!(error instanceof PosixError)) throw error;
        notHere = error.message;
      }
      yield { ...notes.finish(headOf(step), plan.name, index + 1, answer), notHere };
    }
  } finally {
    plan.close(state);
  }
}
