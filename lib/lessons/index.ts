/**
 * lib/lessons: the lecture as ten lessons, whose steps run on real memory and come out as plain data. Read step.ts,
 * then any lesson. `for await (const step of lessons[4].play())` is all a player needs.
 */
import { arena } from './arena.ts';
import { fragmenting } from './fragmentation.ts';
import { freeWrites } from './free-writes.ts';
import { functionPointer } from './function-pointer.ts';
import { merging } from './merging.ts';
import { overflow } from './overflow.ts';
import { reuse } from './reuse.ts';
import { silent } from './silent.ts';
import type { Lesson } from './step.ts';
import { system } from './system.ts';
import { whyMalloc } from './why-malloc.ts';

export type {
  ChildEnding,
  Figure,
  Lesson,
  LessonStep,
  MemoryPiece,
  MemoryWord,
  Question,
  StepCheck,
  StepHead,
} from './step.ts';
export { LessonWalk } from './walk.ts';

/** All lessons, in the order of the lecture. */
export const lessons: readonly Lesson[] = [
  system,
  whyMalloc,
  arena,
  fragmenting,
  merging,
  reuse,
  overflow,
  functionPointer,
  freeWrites,
  silent,
];
