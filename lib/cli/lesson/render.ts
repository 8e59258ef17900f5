/** A step of a lesson as text: the claim, what was called, words of memory before and after, what was counted, checks. */
import { formatBytes, hex } from '../../core/index.ts';
import type { Figure, Lesson, LessonStep, MemoryPiece, MemoryWord, Question } from '../../lessons/index.ts';
import { renderStrip } from '../../view/index.ts';
import { renderMap } from '../commands/maps.ts';
import type { Output } from '../output.ts';
import { indent, narrower } from '../tour/step.ts';
import { count, duration, percent, times, wrap } from '../words.ts';

/** Text is not made wider than this. */
const textColumns = 88;

const paragraph = (text: string, { width }: Output): string[] => wrap(text, Math.min(width, textColumns));

/** The head of a lesson. */
export function renderLesson({ number, title, about }: Lesson, output: Output): string[] {
  return [
    ...paragraph(`Lesson ${number}: ${title}`, output).map(output.palette.title),
    ...paragraph(about, output),
  ];
}

/** `5.2  The chunk before is free      merging/bck-free, step 2 of 8` */
export function renderHead(step: StepPlace, output: Output): string[] {
  const { lesson, number, title, name } = step;
  const left = `${lesson.number}.${number}  ${title}`;
  const right = `${lesson.name} --step ${name}, ${number} of ${lesson.steps.length}`;
  const gap = output.width - left.length - right.length;
  const { palette } = output;
  if (gap < 2) {
    const under = hang(right, output.width - 5).map((line) => palette.dim(`     ${line}`));
    return [...hang(left, output.width).map(palette.title), ...under];
  }
  return [palette.title(left) + ' '.repeat(gap) + palette.dim(right)];
}

/** A step in its lesson. */
export interface StepPlace {
  lesson: Lesson;
  number: number;
  name: string;
  title: string;
}

/** The question with its choices, a) b) c). */
export function renderQuestion({ text, choices }: Question, output: Output): string[] {
  const room = { ...output, width: output.width - 5 };
  const lines = choices.flatMap((choice, k) =>
    paragraph(choice, room).map((line, n) => (n === 0 ? `  ${letter(k)}) ${line}` : `     ${line}`)),
  );
  return [...paragraph(`Question: ${text}`, output), ...lines];
}

/** @returns a, b, c ... */
export function letter(index: number): string {
  return String.fromCharCode(97 + index);
}

/**
 * The step without its question.
 * @returns lines, none wider than the output
 */
export function renderStep(step: LessonStep, output: Output): string[] {
  const { palette } = output;
  if (step.notHere !== null)
    return paragraph(`This step cannot run here: ${step.notHere}`, output).map(palette.bad);
  const inner = narrower(output);
  const section = (title: string, lines: string[]): string[] =>
    lines.length === 0 ? [] : ['', palette.dim(title), ...indent(lines)];
  const strip = step.pictures.map(({ label, snapshot }) => ({ label, snapshot }));
  return [
    ...paragraph(step.claim, output),
    ...section(
      'calls',
      step.calls.flatMap((call) => hang(call, inner.width)),
    ),
    ...section('memory, before and after', renderMemory(step.memory, inner)),
    ...(step.map === null ? [] : section('process map before', renderMap(step.map.before, inner))),
    ...(step.map === null ? [] : section('process map after', renderMap(step.map.after, inner))),
    ...section('the heap', strip.length === 0 ? [] : renderStrip(strip, { ...inner, maxBands: 6 })),
    ...section('counted', renderFigures(step.figures, inner)),
    ...section('checked', renderChecks(step, inner)),
  ];
}

/** The right choice, and what this run says. */
export function renderAnswer({ question, answer, notHere }: LessonStep, output: Output): string[] {
  const { right, choices } = question;
  const lines = paragraph(`Answer: ${letter(right)}) ${choices[right]}.`, output).map(output.palette.good);
  return notHere === null ? [...lines, ...paragraph(answer, output)] : lines;
}

/** Later lines of a long one are set in. */
function hang(text: string, width: number): string[] {
  return wrap(text, width - 4).map((line, n) => (n === 0 ? line : `    ${line}`));
}

function renderMemory(pieces: readonly MemoryPiece[], output: Output): string[] {
  return pieces.flatMap(({ title, address, words }) => {
    const nameColumns = Math.max(...words.map(({ name }) => name.length));
    const lines = words.flatMap((word) => renderWord(word, nameColumns, output));
    return [...hang(`${title}, at ${hex(address)}`, output.width), ...lines];
  });
}

/** `  +0x08  fwd  0x00007f2500000070 → 0x00007f25000000b0  b → c`; one value where nothing changed. */
function renderWord(word: MemoryWord, nameColumns: number, output: Output): string[] {
  const { glyphs, palette, width } = output;
  const { before, after } = word;
  const isSame = before === after;
  const left = `  +${hex(word.offset, 2)}  ${word.name.padEnd(nameColumns)}  `;
  const arrow = ` ${glyphs.arrowRight} `;
  const tail = meaning(word, arrow);
  const first = wordText(before);
  const second = wordText(after);
  const bare = isSame ? first : first + arrow + second;
  const painted = isSame ? first : palette.dim(first) + arrow + palette.good(second);
  // Meanings stand in one column, whether the word changed or not.
  const pad = ' '.repeat(Math.max(0, 36 + arrow.length - bare.length));
  const room = width - left.length - 2 - tail.length;
  if (bare.length + pad.length <= room)
    return [(left + painted + (tail === '' ? '' : `${pad}  ${tail}`)).trimEnd()];
  if (bare.length <= room) return [`${left}${painted}  ${tail}`.trimEnd()];
  const set = ' '.repeat(Math.min(left.length, 8));
  const fits = left.length + bare.length <= width;
  return [
    left + (fits ? painted : palette.dim(first)),
    ...(fits || isSame ? [] : [`${set}${arrow.trimStart()}${palette.good(second)}`]),
    ...wrap(tail, width - left.length).map((line) => ' '.repeat(left.length) + line),
  ];
}

/** Where nothing could be read there is no number. */
function wordText(value: bigint | null): string {
  return value === null ? 'nothing is there  ' : hex(value, 16);
}

function meaning({ beforeMeans, afterMeans }: MemoryWord, arrow: string): string {
  if (beforeMeans === afterMeans) return afterMeans;
  if (beforeMeans === '') return afterMeans;
  return afterMeans === '' ? '' : beforeMeans + arrow + afterMeans;
}

function renderFigures(figures: readonly Figure[], { width }: Output): string[] {
  return figures.flatMap((figure) => {
    const value = figureText(figure).padStart(10);
    return wrap(figure.what, width - 12).map((line, n) => `${n === 0 ? value : ' '.repeat(10)}  ${line}`);
  });
}

function figureText({ value, unit }: Figure): string {
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'ns') return duration(value);
  if (unit === 'percent') return percent(value / 100);
  return unit === 'times' ? `${times(value)} x` : count(value);
}

function renderChecks({ checks }: LessonStep, { width, palette }: Output): string[] {
  return checks.flatMap(({ what, expected, actual, holds }) => {
    const said = actual === '' ? 'nothing' : actual;
    const text = holds ? `ok   ${what}: ${said}` : `FAIL ${what}: ${said}, expected ${expected}`;
    return hang(text, width).map(holds ? (line) => line : palette.bad);
  });
}
