/** A walk on a terminal, by keys: forwards and backwards through steps that ran. */
import { emitKeypressEvents } from 'node:readline';
import { type Lesson, type LessonStep, LessonWalk } from '../../lessons/index.ts';
import type { Output } from '../output.ts';
import { renderAnswer, renderHead, renderLesson, renderQuestion, renderStep } from './render.ts';

type Move = 'next' | 'back' | 'quit';

const keys: Readonly<Record<string, Move>> = {
  ...{ right: 'next', down: 'next', space: 'next', return: 'next', n: 'next', l: 'next', j: 'next' },
  ...{ left: 'back', up: 'back', backspace: 'back', p: 'back', b: 'back', h: 'back', k: 'back' },
  ...{ q: 'quit', escape: 'quit' },
};

/**
 * Walks until the end is passed, or until it is left.
 * @returns the steps that ran
 */
export async function walkByKeys(lessons: readonly Lesson[], output: Output): Promise<LessonStep[]> {
  const walk = new LessonWalk(...lessons);
  const ran: LessonStep[] = [];
  const pressed = new Keys();
  try {
    for (let step = await walk.next(); step !== null; ) {
      if (!ran.includes(step)) ran.push(step);
      output.print(...renderWhole(step, lessons, output), '', prompt(output));
      const move = await pressed.next();
      if (move === 'quit') break;
      step = move === 'back' ? (walk.back() ?? step) : await walk.next();
    }
  } finally {
    pressed.close();
    await walk.close();
  }
  return ran;
}

/** A step with everything around it. */
export function renderWhole(step: LessonStep, lessons: readonly Lesson[], output: Output): string[] {
  const lesson = lessons.find(({ name }) => name === step.lesson);
  if (lesson === undefined) return [];
  const head = step.number === 1 ? [...renderLesson(lesson, output), ''] : [];
  return [
    ...head,
    ...renderHead({ ...step, lesson }, output),
    ...renderStep(step, output),
    '',
    ...renderQuestion(step.question, output),
    ...renderAnswer(step, output),
  ];
}

function prompt({ palette, glyphs }: Output): string {
  return palette.dim(`[${glyphs.arrowRight} or Enter: on   ${glyphs.arrowLeft}: back   q: leave]`);
}

/** Keys as moves, in order; several may come before one is asked for. */
class Keys {
  readonly #moves: Move[] = [];
  #waiting: ((move: Move) => void) | null = null;

  constructor() {
    emitKeypressEvents(process.stdin);
    process.stdin.on('keypress', this.#onKey);
    // Whoever hangs up wants no more.
    process.stdin.on('end', this.#leave);
    process.stdin.setRawMode(true);
    process.stdin.resume();
  }

  next(): Promise<Move> {
    const move = this.#moves.shift();
    if (move !== undefined) return Promise.resolve(move);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  close(): void {
    process.stdin.off('keypress', this.#onKey);
    process.stdin.off('end', this.#leave);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }

  readonly #onKey = (_: string, key: { name?: string; ctrl?: boolean }): void => {
    const move = key.ctrl
      ? key.name === 'c' || key.name === 'd'
        ? 'quit'
        : undefined
      : keys[key.name ?? ''];
    if (move !== undefined) this.#give(move);
  };

  readonly #leave = (): void => this.#give('quit');

  #give(move: Move): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#moves.push(move);
    else waiting(move);
  }
}
