/**
 * Lesson 8: a buffer before a pointer to a function. Each step is a process of its own, in which the call really goes
 * where the pointer leads; its arena is a shared file, read here before and after.
 */
import { hex } from '../core/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import type { Field, Notes, Region } from './notes.ts';
import { asText, textFields } from './regions.ts';
import type { Lesson, Question } from './step.ts';
import { bufferBytes, type Defence } from './visitor-plan.ts';
import { runVisitor, type VisitorRun } from './visitor-run.ts';

interface RunStep {
  name: string;
  title: string;
  claim: string;
  question: Question;
  defence: Defence;
  /** The name that is copied: one that fits, or one that does not. */
  sent: 'short' | 'long';
  /** Holds the claim against the run. @returns the answer */
  judge(run: VisitorRun, notes: Notes): string;
}

const textAt = (run: VisitorRun): string => {
  const said = run.after.toString('latin1', run.plan.voice + 8, run.plan.voice + 32);
  return said.slice(0, said.indexOf('\0'));
};

const greetOf = ({ plan }: VisitorRun, bytes: Buffer): bigint => bytes.readBigUInt64LE(plan.visitor);

/** Where the pointer leads, in words. */
function functionName({ plan }: VisitorRun): (value: bigint) => string {
  const names = new Map(Object.entries(plan.functions).map(([name, address]) => [BigInt(address), name]));
  return (value) => names.get(value) ?? asText(value);
}

function recall(run: VisitorRun, notes: Notes, title: string, offset: number, fields: Field[]): void {
  const region: Region = { title, address: BigInt(run.plan.base) + BigInt(offset), fields };
  const words = (bytes: Buffer): bigint[] =>
    fields.map((field) => bytes.readBigUInt64LE(offset + field.offset));
  notes.recall(region, words(run.before), words(run.after));
}

/** Runs by step. They need nothing of each other, so all are begun at once. */
type State = Map<RunStep, Promise<VisitorRun>>;

function beginRuns(): State {
  const runs = new Map(steps.map((step) => [step, runVisitor(step.defence, step.sent)]));
  // What goes wrong is told by the step that waits for it, if it is reached.
  for (const run of runs.values()) run.catch(() => {});
  return runs;
}

function playRun(plan: RunStep): StepPlan<State>['play'] {
  return async (runs, notes) => {
    const run = await (runs.get(plan) ?? runVisitor(plan.defence, plan.sent));
    notes.child(run.ending);
    notes.say(`process ${run.ending.pid}:`, ...run.said);
    if (run.stopped !== null) notes.say(run.stopped);
    if (run.ending.signal !== null) notes.say(`died of ${run.ending.signal}`);
    const { buffer, visitor, voice, defenceAt } = run.plan;
    recall(run, notes, 'the buffer', buffer, textFields(bufferBytes));
    if (plan.defence === 'canary')
      recall(run, notes, 'the canary', defenceAt!, [{ offset: 0, name: 'canary' }]);
    const names = functionName(run);
    recall(run, notes, 'the visitor', visitor, [{ offset: 0, name: 'greet', means: names }]);
    recall(run, notes, 'its voice', voice, [
      { offset: 0, name: 'calls' },
      ...textFields(16, 8).map((field) => ({ ...field, name: 'said' })),
    ]);
    notes.check('at first greet leads to', run.plan.functions.welcome, hex(greetOf(run, run.before)));
    return plan.judge(run, notes);
  };
}

/** What every defence has to show: the other function did not run. */
function checkStopped(run: VisitorRun, notes: Notes): void {
  notes.check('nothing was called', null, run.called);
  notes.check('nobody spoke', '', textAt(run));
}

const steps: readonly RunStep[] = [
  {
    name: 'as-meant',
    title: 'As it is meant',
    claim:
      'A record on the heap holds a pointer to a function; a buffer for a name lies before it. With a name that fits, the call goes where it should.',
    question: {
      text: 'strcpy(buffer, "Ada"), then visitor.greet() is called. What is said?',
      choices: ['welcome', 'vault is open', 'nothing'],
      right: 0,
    },
    defence: 'none',
    sent: 'short',
    judge: (run, notes) => {
      notes.check('greet still leads to welcome', run.plan.functions.welcome, hex(greetOf(run, run.after)));
      notes.check('said', 'welcome', textAt(run));
      notes.check('calls that came back', 1, run.called);
      return `"${textAt(run)}". The buffer has ${bufferBytes} bytes; the pointer stands ${run.plan.visitor - run.plan.buffer} bytes behind its beginning.`;
    },
  },
  {
    name: 'overwritten',
    title: 'strcpy of a long name',
    claim:
      'strcpy copies until a zero byte comes. A long name runs over the buffer, over the next header, into the pointer: its last bytes are the address of another function. The call goes there.',
    question: {
      text: 'The name ends with the address of openVault. Which function does visitor.greet() run?',
      choices: ['welcome', 'openVault', 'none: the processor refuses'],
      right: 1,
    },
    defence: 'none',
    sent: 'long',
    judge: (run, notes) => {
      notes.check('greet now leads to openVault', run.plan.functions.openVault, hex(greetOf(run, run.after)));
      notes.check('said, by the function that really ran', 'vault is open', textAt(run));
      notes.check('calls that came back', 1, run.called);
      notes.check('the process noticed nothing: exit code', 0, run.ending.exitCode);
      return `openVault, at ${run.plan.functions.openVault}: it left "${textAt(run)}" in the arena. No line of the program calls it.`;
    },
  },
  {
    name: 'guard-page',
    title: 'Stopped by a guard page',
    claim:
      'With a page without access behind the buffer the copy cannot get past it: the store is stopped, the process dies.',
    question: {
      text: 'The buffer ends where a page without access begins. How far does strcpy get?',
      choices: ['to the pointer', 'to the end of the buffer', 'nowhere'],
      right: 1,
    },
    defence: 'guard-page',
    sent: 'long',
    judge: (run, notes) => {
      checkStopped(run, notes);
      const guard = hex(BigInt(run.plan.base) + BigInt(run.plan.defenceAt ?? 0));
      notes.check('the first byte that could not be written', guard, run.fault);
      notes.check('died of a signal', true, isFault(run));
      notes.check('greet still leads to welcome', run.plan.functions.welcome, hex(greetOf(run, run.after)));
      return `To the end of the buffer: byte ${bufferBytes} would be ${run.fault}, the first of the guard page. ${run.ending.signal}.`;
    },
  },
  {
    name: 'canary',
    title: 'Stopped by a canary',
    claim:
      'With a secret word behind the buffer the copy goes through, and is found out: the word is looked at before the pointer is used.',
    question: {
      text: "The canary's first byte is zero. Why?",
      choices: ['it is counted from zero', 'no copied string can have it inside and go on', 'by chance'],
      right: 1,
    },
    defence: 'canary',
    sent: 'long',
    judge: (run, notes) => {
      checkStopped(run, notes);
      notes.check('the pointer was overwritten', run.plan.functions.openVault, hex(greetOf(run, run.after)));
      const canaryAt = run.plan.defenceAt ?? 0;
      const same = run.before.readBigUInt64LE(canaryAt) === run.after.readBigUInt64LE(canaryAt);
      notes.check('the canary is as it was', false, same);
      notes.check('the process ended itself', 'SIGABRT', run.ending.signal);
      return 'A string ends at its first zero byte: whoever copies over the canary cannot write the zero and go on. The damage was done, and seen in time.';
    },
  },
  {
    name: 'read-only',
    title: 'Stopped by a read-only page',
    claim:
      'With the pointer on a page that may only be read, it can be called but not changed: the copy is stopped right before it.',
    question: {
      text: 'The visitor lies at the start of a read-only page. What does the long name overwrite?',
      choices: ['the pointer', 'the header before the visitor, not the pointer', 'nothing'],
      right: 1,
    },
    defence: 'read-only',
    sent: 'long',
    judge: (run, notes) => {
      checkStopped(run, notes);
      const visitor = hex(BigInt(run.plan.base) + BigInt(run.plan.visitor));
      notes.check('the first byte that could not be written', visitor, run.fault);
      const header = run.after.toString('latin1', run.plan.visitor - 32, run.plan.visitor);
      notes.check('the header before the visitor', 'A'.repeat(32), header);
      notes.check('died of a signal', true, isFault(run));
      notes.check('greet still leads to welcome', run.plan.functions.welcome, hex(greetOf(run, run.after)));
      return `The header, 32 letters; then byte ${visitor}, the pointer's first, is refused. ${run.ending.signal}. So do linkers protect their tables of functions.`;
    },
  },
  {
    name: 'table-check',
    title: 'Stopped by a look into a table',
    claim:
      'With a list of the functions that may be called, the overwritten pointer is compared before the call, and not followed.',
    question: {
      text: 'The pointer is overwritten, the check finds it in no table. What happens to the process?',
      choices: ['it dies', 'it goes on, without the call', 'openVault runs'],
      right: 1,
    },
    defence: 'table-check',
    sent: 'long',
    judge: (run, notes) => {
      checkStopped(run, notes);
      notes.check('the pointer was overwritten', run.plan.functions.openVault, hex(greetOf(run, run.after)));
      notes.check('exit code', 0, run.ending.exitCode);
      notes.check('refused, and said so', true, run.stopped !== null);
      return `It goes on: ${run.stopped}. Compilers build such checks in (control flow integrity).`;
    },
  },
];

const isFault = ({ ending }: VisitorRun): boolean =>
  ending.signal === 'SIGSEGV' || ending.signal === 'SIGBUS';

export const functionPointer: Lesson = defineLesson<State>({
  number: 8,
  name: 'function-pointer',
  title: 'A function pointer behind a buffer',
  about:
    "A native record in an arena holds a pointer to a native function, and strcpy can overwrite it with the address of another. Each step runs in a process of its own; everything it overwrites lies in that process's own arena.",
  open: beginRuns,
  close: () => {},
  steps: steps.map((plan) => ({
    ...{ name: plan.name, title: plan.title, claim: plan.claim, question: plan.question },
    play: playRun(plan),
  })),
});
