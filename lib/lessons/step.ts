/**
 * What a lesson is made of, as plain data: whoever plays it (the command line, a page, a teacher's own program) draws it
 * as it likes. Every number in it was read or counted while the lesson ran.
 */
import type { HeapSnapshot } from '../core/index.ts';
import type { MemoryRange } from '../posix/index.ts';

/** Eight bytes of memory, as one little-endian word. */
export interface MemoryWord {
  /** Bytes from the start of the piece. */
  offset: number;
  /** Name of the field that stands there. */
  name: string;
  /** Null where nothing could be read. */
  before: bigint | null;
  after: bigint | null;
  /** What the value means: a chunk's name, a size, text; empty when it means nothing else. */
  beforeMeans: string;
  afterMeans: string;
}

/** A few words that belong together. */
export interface MemoryPiece {
  /** For example `chunk a`. */
  title: string;
  /** Real address of offset 0. */
  address: bigint;
  words: MemoryWord[];
}

/** Something that was counted or timed. */
export interface Figure {
  what: string;
  value: number;
  unit: 'bytes' | 'ns' | 'times' | 'count' | 'percent';
}

/** Something that the claim says, held against what happened. */
export interface StepCheck {
  what: string;
  expected: string;
  actual: string;
  holds: boolean;
}

/** To be thought about before the step is looked at. */
export interface Question {
  text: string;
  choices: readonly string[];
  /** Index of the right choice. */
  right: number;
}

/** How a process ended that a step ran in. */
export interface ChildEnding {
  pid: number | null;
  exitCode: number | null;
  signal: string | null;
}

/** A step before it runs. */
export interface StepHead {
  /** Unique in its lesson, kebab-case. */
  name: string;
  title: string;
  /** What the step shows, in a sentence or two. */
  claim: string;
  question: Question;
}

/** A step that ran. */
export interface LessonStep extends StepHead {
  lesson: string;
  /** From 1. */
  number: number;
  /** Calls made, in order, with what came of them. */
  calls: string[];
  memory: MemoryPiece[];
  /** Lines of the process map around what changed; null where none were looked at. */
  map: { before: MemoryRange[]; after: MemoryRange[] } | null;
  /** The heap at moments of the step. */
  pictures: { label: string; snapshot: HeapSnapshot }[];
  figures: Figure[];
  checks: StepCheck[];
  child: ChildEnding | null;
  /** The answer in words, with this run's numbers. */
  answer: string;
  /** Why the step could not run on this machine; null when it ran. */
  notHere: string | null;
}

/** A lesson. */
export interface Lesson {
  /** From 1. */
  number: number;
  name: string;
  title: string;
  /** Two or three sentences before the first step. */
  about: string;
  steps: readonly StepHead[];
  /**
   * Runs the lesson. While a step is being looked at, memory is as its `after` says; asking for the next one goes on.
   * @returns its steps as they happen; ending the iteration gives everything back
   */
  play(): AsyncGenerator<LessonStep, void, void>;
}
