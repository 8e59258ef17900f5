/** A walk through lessons, forwards and backwards: a step runs when it is reached first, and is remembered. */
import type { Lesson, LessonStep } from './step.ts';

/** A place in one lesson, or in several, one after the other. */
export class LessonWalk {
  readonly #running: AsyncGenerator<LessonStep, void, void>;
  readonly #seen: LessonStep[] = [];
  #at = -1;

  /** Begins before the first step. */
  constructor(...lessons: readonly Lesson[]) {
    this.#running = playAll(lessons);
  }

  /** The step one is at; null before the first. */
  get step(): LessonStep | null {
    return this.#seen[this.#at] ?? null;
  }

  /** Goes on. @returns the step reached, null at the end (one stays at the last step) */
  async next(): Promise<LessonStep | null> {
    if (this.#at + 1 >= this.#seen.length) {
      const { value } = await this.#running.next();
      if (!value) return null;
      this.#seen.push(value);
    }
    this.#at++;
    return this.step;
  }

  /** Goes back. @returns the step reached, as it was when it ran; null at the first step */
  back(): LessonStep | null {
    if (this.#at <= 0) return null;
    this.#at--;
    return this.step;
  }

  /** Goes to a step, counted from 1 over all lessons; steps on the way run. @returns it, null when there are fewer */
  async to(number: number): Promise<LessonStep | null> {
    while (this.#seen.length < number) if ((await this.next()) === null) return null;
    this.#at = number - 1;
    return this.step;
  }

  /** Gives back what the lesson holds. Steps seen so far can still be walked. */
  async close(): Promise<void> {
    await this.#running.return();
  }
}

async function* playAll(lessons: readonly Lesson[]): AsyncGenerator<LessonStep, void, void> {
  for (const lesson of lessons) yield* lesson.play();
}
