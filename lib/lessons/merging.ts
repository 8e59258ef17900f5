/** Lesson 5: free, and the four cases of merging: in the lecture's list by fwd and bck, in the C library by unlink. */
import { ChunkList } from '../chunklist/index.ts';
import { type Allocator, MiB, type Pointer } from '../core/index.ts';
import { Heap } from '../heap/index.ts';
import { mmapSource, mmapWindow } from '../pages/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { type Notes, readWord } from './notes.ts';
import { allocate, glibcChunk, listChunk, Names } from './regions.ts';
import type { Lesson, Question } from './step.ts';

/** Heaps of the steps so far: each step has a fresh one. */
interface State {
  heaps: Allocator[];
}

interface Case {
  name: string;
  title: string;
  claim: string;
  question: Question;
  /** Which neighbours are free already. */
  bckFree: boolean;
  fwdFree: boolean;
}

/** The four cases; `b` is freed between `a` and `c`. */
const listCases: readonly Case[] = [
  {
    name: 'nothing-free',
    title: 'free between two blocks in use',
    claim: 'When neither neighbour is free nothing is merged: the flag of b changes, and no link.',
    question: {
      text: 'free(b), a and c are in use. Which words of the three headers change?',
      choices: ['only in b: size word and request', 'all fwd and bck', 'the size of a'],
      right: 0,
    },
    bckFree: false,
    fwdFree: false,
  },
  {
    name: 'bck-free',
    title: 'The chunk before is free',
    claim:
      'When the bck chunk is free, its size grows to include both; its fwd becomes the fwd of the freed chunk; and the bck of the chunk behind leads to the merged one.',
    question: {
      text: "free(b), a is free already. Where does a's fwd lead then?",
      choices: ['still to b', 'to c', 'to none'],
      right: 1,
    },
    bckFree: true,
    fwdFree: false,
  },
  {
    name: 'fwd-free',
    title: 'The chunk behind is free',
    claim: "When the fwd chunk is free the freed one takes it in: b grows over c, and d's bck leads to b.",
    question: {
      text: 'free(b), c is free already. Which chunk is left?',
      choices: ['b, as large as both', 'c, as large as both', 'both, side by side'],
      right: 0,
    },
    bckFree: false,
    fwdFree: true,
  },
  {
    name: 'both-free',
    title: 'Both neighbours are free',
    claim: "When both are free three chunks become one: a grows over b and c, and d's bck leads to a.",
    question: {
      text: 'free(b), a and c are free. How many free chunks are there afterwards?',
      choices: ['three', 'two', 'one'],
      right: 2,
    },
    bckFree: true,
    fwdFree: true,
  },
];

function listStep(plan: Case): StepPlan<State> {
  const { name, title, claim, question } = plan;
  return { name, title, claim, question, play: (state, notes) => playList(plan, state, notes) };
}

function playList({ bckFree, fwdFree }: Case, state: State, notes: Notes): string {
  const heap = ChunkList.create({ source: mmapSource({ limitBytes: MiB, name: 'lesson list' }) });
  state.heaps.push(heap);
  const names = new Names();
  const [a, b, c, d] = (['a', 'b', 'c', 'd'] as const).map((name, k) =>
    allocate(heap, notes, name, 32 + 16 * k, names),
  );
  if (bckFree) notes.call('free(a)', () => heap.free(a));
  if (fwdFree) notes.call('free(c)', () => heap.free(c));
  const size = (pointer: Pointer): bigint => (readWord(heap.address(pointer) - 32n) ?? 0n) & ~0xfn;
  const sizes = [a, b, c].map(size);
  const at = (pointer: Pointer): bigint => heap.address(pointer) - 32n;
  names.set(readWord(at(d) + 8n) ?? 0n, 'the rest');
  const full = heap.snapshot();
  for (const [name, pointer] of [
    ['a', a],
    ['b', b],
    ['c', c],
    ['d', d],
  ] as const)
    notes.watch(listChunk(heap, name, pointer, names));
  const behind = heap.stats().freeChunks;
  notes.call('free(b)', () => heap.free(b));
  notes.picture('before', full);
  notes.picture('free(b)', heap.snapshot());
  const left = bckFree ? a : b;
  const right = fwdFree ? d : c;
  const merged = sizes.reduce(
    (sum, one, k) => sum + (k === 1 || (k === 0 ? bckFree : fwdFree) ? one : 0n),
    0n,
  );
  notes.check('size of the free chunk: of all that were merged', merged, size(left));
  notes.check('its fwd is the chunk behind', at(right), readWord(at(left) + 8n));
  notes.check('whose bck is the merged chunk', at(left), readWord(at(right) + 16n));
  notes.check('free chunks', behind + 1 - (bckFree ? 1 : 0) - (fwdFree ? 1 : 0), heap.stats().freeChunks);
  notes.check('the heap is sound', 0, heap.check().length);
  const name = bckFree ? 'a' : 'b';
  const parts = [bckFree ? 'a' : '', 'b', fwdFree ? 'c' : ''].filter((part) => part !== '');
  if (parts.length === 1)
    return `Only b's own: the size word loses its use bit, the request is forgotten. No link changes.`;
  return `${name} is one free chunk of ${merged} bytes, made of ${parts.join(' and ')}: its fwd leads to ${fwdFree ? 'd' : 'c'}, whose bck leads back to ${name}. The old header inside it is just bytes.`;
}

const glibcCases: readonly Case[] = [
  {
    name: 'glibc-nothing-free',
    title: 'The C library: a free chunk gets its links',
    claim:
      "In the C library fd and bk are not neighbours in memory but in a list of free chunks, and they stand where the caller's bytes were. The chunk behind learns by its flag P and by prev_size.",
    question: {
      text: 'free(b): where does the library note that b is free?',
      choices: ['in a table', "in b's own flag", 'in the chunk behind: flag P and prev_size'],
      right: 2,
    },
    bckFree: false,
    fwdFree: false,
  },
  {
    name: 'glibc-bck-free',
    title: 'The chunk before is free: unlink',
    claim:
      'Flag P of b says that the chunk before is free, prev_size says how large it is. It is taken out of its list (unlink: its fd and bk are joined), then both are one chunk.',
    question: {
      text: 'How does free(b) find where the free chunk before b begins?',
      choices: ["it walks from the arena's start", "b's address minus its prev_size", "by b's bk"],
      right: 1,
    },
    bckFree: true,
    fwdFree: false,
  },
  {
    name: 'glibc-fwd-free',
    title: 'The chunk behind is free: unlink',
    claim:
      'Whether the chunk behind is free stands one chunk further, in the flag P of the chunk behind that. Then it is unlinked and taken in.',
    question: {
      text: 'free(b): where does the library see that c, behind b, is free?',
      choices: ["in c's size word", 'in the flag P of d, behind c', "in c's fd"],
      right: 1,
    },
    bckFree: false,
    fwdFree: true,
  },
  {
    name: 'glibc-both-free',
    title: 'Both are free: two unlinks',
    claim: 'Both neighbours are unlinked, three chunks become one, and that goes onto the unsorted list.',
    question: {
      text: 'a, c and x are free and on one list. After free(b) the list holds ...',
      choices: ['a, b, c and x', 'the merged chunk and x', 'only x'],
      right: 1,
    },
    bckFree: true,
    fwdFree: true,
  },
];

function glibcStep(plan: Case): StepPlan<State> {
  const { name, title, claim, question } = plan;
  return { name, title, claim, question, play: (state, notes) => playGlibc(plan, state, notes) };
}

function playGlibc({ bckFree, fwdFree }: Case, state: State, notes: Notes): string {
  const heap = Heap.create({
    glibc: '2.36',
    tunables: { tcache_count: 0 },
    source: mmapWindow({ name: 'lesson heap' }),
  });
  state.heaps.push(heap);
  notes.say('with tcache_count=0: no cache in the way');
  const names = new Names();
  const [a, b, c, d, x] = ['a', 'b', 'c', 'd', 'x'].map((name) => allocate(heap, notes, name, 0x1f8, names));
  heap.malloc(24);
  if (bckFree) notes.call('free(a)', () => heap.free(a));
  if (fwdFree) notes.call('free(c)', () => heap.free(c));
  notes.call('free(x)', () => heap.free(x));
  const at = (pointer: Pointer): bigint => heap.address(pointer) - 16n;
  const word = (address: bigint): bigint => readWord(address) ?? 0n;
  // The list ends where the links of no chunk of ours lead: its head, in the arena's struct.
  const head = (heap.landmarks().arena ?? 0n) + 0x60n;
  names.set(head, 'list head');
  const full = heap.snapshot();
  notes.watch({
    title: "head of the unsorted list, in the arena's struct",
    address: head,
    fields: [
      { offset: 16, name: 'fd', means: names.of },
      { offset: 24, name: 'bk', means: names.of },
    ],
  });
  for (const [name, pointer] of [
    ['a', a],
    ['b', b],
    ['c', c],
    ['x', x],
  ] as const)
    notes.watch(glibcChunk(heap, name, pointer, names));
  notes.watch(glibcChunk(heap, 'd', d, names, null));
  const size = (pointer: Pointer): bigint => word(at(pointer) + 8n) & ~7n;
  const merged = size(b) + (bckFree ? size(a) : 0n) + (fwdFree ? size(c) : 0n);
  notes.call('free(b)', () => heap.free(b));
  notes.picture('before', full);
  notes.picture('free(b)', heap.snapshot());
  const left = bckFree ? a : b;
  const next = fwdFree ? d : c;
  notes.check('size of the free chunk: of all that were merged', merged, size(left));
  notes.check('prev_size of the chunk behind says the same', merged, word(at(next)));
  notes.check('its flag P is 0: the one before is free', 0n, word(at(next) + 8n) & 1n);
  notes.check('the list begins with the merged chunk', at(left), word(head + 16n));
  notes.check('and goes on with x', at(x), word(at(left) + 16n));
  notes.check("x's bk leads back to it", at(left), word(at(x) + 24n));
  notes.check('x is the last', head, word(at(x) + 16n));
  const name = bckFree ? 'a' : 'b';
  const gone = [bckFree ? 'a' : '', fwdFree ? 'c' : ''].filter((part) => part !== '');
  const how = gone.length === 0 ? 'Nothing was unlinked.' : `${gone.join(' and ')} left the list by unlink.`;
  return `${how} The list is now head, ${name} (${merged} bytes), x. prev_size of ${fwdFree ? 'd' : 'c'} is ${merged}, its flag P is 0.`;
}

export const merging: Lesson = defineLesson<State>({
  number: 5,
  name: 'merging',
  title: 'free, and the four cases of merging',
  about:
    "To keep the heap from falling to pieces free merges a chunk with free neighbours. Before and behind, each free or not: four cases, in the lecture's list and then in the C library's heap.",
  open: () => ({ heaps: [] }),
  close: ({ heaps }) => {
    for (const heap of heaps) heap.destroy();
  },
  steps: [...listCases.map(listStep), ...glibcCases.map(glibcStep)],
});
