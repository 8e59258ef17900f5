/** Lesson 9: what malloc and free write into the heap, and how free() becomes a write to a place of somebody's choice. */
import type { ChunkList } from '../chunklist/index.ts';
import { hex } from '../core/index.ts';
import { Heap } from '../heap/index.ts';
import { mmapWindow } from '../pages/index.ts';
import { freshHeap, freshList, type State, writeWords } from './forging.ts';
import { glibcFooled, glibcRefuses } from './free-writes-glibc.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { type Notes, type Region, readWord } from './notes.ts';
import { allocate, asWord, blockText, glibcChunk, listChunk, Names } from './regions.ts';
import type { Lesson } from './step.ts';

const extraWords: StepPlan<State> = {
  name: 'extra-words',
  title: 'Extra stuff is written to the heap',
  claim:
    'malloc and free write to the heap themselves: sizes, flags, links, between and inside the blocks of the program.',
  question: {
    text: 'A program allocates a block and frees it, and writes nothing. What has changed in memory?',
    choices: ['nothing', 'headers, and bytes of the block itself', 'only a table elsewhere'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = freshHeap(state, notes);
    const names = new Names();
    const a = allocate(heap, notes, 'a', 0x1f8, names, null);
    allocate(heap, notes, 'b', 24, names, null);
    notes.watch(glibcChunk(heap, 'a', a, names));
    const behind = a + 0x1f0;
    notes.watch({
      title: 'the end of block a and the next size',
      address: heap.address(behind),
      fields: [
        { offset: 0, name: "a's last word" },
        { offset: 8, name: 'size of b' },
      ],
    });
    notes.call('free(a)', () => heap.free(a));
    notes.check('the last word of the block is its size', 0x200n, readWord(heap.address(behind)));
    notes.check('flag P of the next chunk is gone', 0n, (readWord(heap.address(behind) + 8n) ?? 1n) & 1n);
    return 'Four words: fd and bk where the block began, its size where it ended, a flag in the next chunk. All of them lie where programs write, too.';
  },
};

const sizeDecides: StepPlan<State> = {
  name: 'size-decides',
  title: "free writes where the heap's own data says",
  claim:
    'free computes places from words in the heap and writes there. Whoever changes such a word moves the write.',
  question: {
    text: "b's size is forged to reach over c. Where does free(b) write the size of the free chunk?",
    choices: ['at the end of b', 'at the end of c, which is in use', 'nowhere: it notices'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = freshHeap(state, notes);
    const names = new Names();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => allocate(heap, notes, name, 0x1f8, names));
    allocate(heap, notes, 'fence', 24, names);
    notes.watch(glibcChunk(heap, 'b', b, names, null), glibcChunk(heap, 'd', d, names, null));
    notes.call('a[0x1f8..]: overflow, size of b becomes 0x401', () => writeWords(heap, a + 0x1f8, 0x401n));
    notes.call('free(b)', () => heap.free(b));
    notes.check('the last word of c, in use, is now a size', 0x400n, readWord(heap.address(d) - 16n));
    notes.check('d believes that c is free', 0n, (readWord(heap.address(d) - 8n) ?? 1n) & 1n);
    const over = allocate(heap, notes, 'over', 0x3f8, undefined, null);
    notes.check('malloc hands out b and c in one', heap.address(b), heap.address(over));
    notes.call('write 8 letters o at over + 512', () => heap.view(over).fill(0x6f, 512, 520));
    notes.check('block c is overwritten', asWord('oooooooo'), readWord(heap.address(c)));
    return "At the end of c: free added the forged size to b's address and believed what stood there.";
  },
};

const mallocBelieves: StepPlan<State> = {
  name: 'malloc-believes',
  title: 'malloc finds free memory by the same words',
  claim:
    'malloc has no other knowledge of what is free than these words. Overwrite the link in a freed block, and malloc hands out the place that it names.',
  question: {
    text: 'Freed block b links to free block x; an overflow makes it link to live block victim. What do two mallocs return?',
    choices: ['b and x', 'b and victim', 'b, and then an error'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = Heap.create({ glibc: '2.31', source: mmapWindow({ name: 'lesson heap' }) });
    state.heaps.push(heap);
    notes.say('glibc 2.31: links stand as they are');
    const names = new Names();
    const [a, b, x, victim] = ['a', 'b', 'x', 'victim'].map((name) =>
      allocate(heap, notes, name, 40, undefined),
    );
    for (const [name, pointer] of [
      ['b', b],
      ['x', x],
      ['victim', victim],
    ] as const)
      names.set(heap.address(pointer), `block ${name}`);
    notes.call('free(x)', () => heap.free(x));
    notes.call('free(b)', () => heap.free(b));
    notes.watch(glibcChunk(heap, 'b', b, names, ['next', 'key']), blockText(heap, 'victim', victim, 16));
    notes.check('b links to x', heap.address(x), readWord(heap.address(b)));
    const size = readWord(heap.address(b) - 8n) ?? 0n;
    notes.call('a[40..]: overflow, b links to victim', () =>
      writeWords(heap, a + 40, size, heap.address(victim)),
    );
    const first = allocate(heap, notes, 'first', 40, undefined, null);
    const second = allocate(heap, notes, 'second', 40, undefined, 's');
    notes.check('the first malloc gives b', heap.address(b), heap.address(first));
    notes.check('the second gives victim, which is in use', heap.address(victim), heap.address(second));
    notes.check('its first owner reads', asWord('ssssssss'), readWord(heap.address(victim)));
    return `b, and then victim: two owners for one block. The lecture's list would have asked more: it knows what was requested, and by whom it is linked.`;
  },
};

/** A victim, a buffer, the block that is freed: what the forged header of the last one makes of free. */
function forge(heap: ChunkList, notes: Notes): { target: bigint; value: bigint; free: () => void } {
  const names = new Names();
  const victim = allocate(heap, notes, 'victim', 32, names, null);
  const a = allocate(heap, notes, 'a', 32, names, null);
  const b = allocate(heap, notes, 'b', 32, names, null);
  allocate(heap, notes, 'c', 32, names, null);
  heap.buffer(victim).writeBigUInt64LE(0n, 0);
  heap.buffer(victim).write('harmless', 8);
  // Odd, so that what lies there looks like a chunk in use.
  heap.buffer(a).fill(0x41);
  const target = heap.address(victim) + 8n;
  const value = heap.address(a);
  names.set(value, 'block a');
  names.set(target - 8n, 'target - 8');
  const region: Region = {
    title: 'block victim',
    address: heap.address(victim),
    fields: [
      { offset: 0, name: 'target - 8' },
      { offset: 8, name: 'target', means: names.of },
    ],
  };
  notes.watch(region, listChunk(heap, 'b', b, names));
  const size = readWord(heap.address(b) - 32n) ?? 0n;
  notes.call('a[32..]: overflow into the header of b: fwd = value, bck = target - 8', () =>
    writeWords(heap, b - 32, size, value, target - 8n),
  );
  notes.say(`value = ${hex(value)}, target = ${hex(target)}`);
  return { target, value, free: () => heap.free(b) };
}

const forgedLinks: StepPlan<State> = {
  name: 'forged-links',
  title: 'free as a write to anywhere',
  claim:
    'Merging writes a link of the freed chunk into the chunk before it, and where that is says another link. With both forged by an overflow, free puts eight chosen bytes at a chosen address.',
  question: {
    text: 'fwd and bck of b are forged. Which write of free(b) lands at the chosen place?',
    choices: ['bck->fwd = fwd', 'the use bit of b', 'none'],
    right: 0,
  },
  play: (state, notes) => {
    const heap = freshList(state, false);
    notes.say('safe unlinking is off, as in the allocators of the nineties');
    const { target, value, free } = forge(heap, notes);
    notes.check('before, the target holds', asWord('harmless'), readWord(target));
    notes.call('free(b)', free);
    notes.check('now it holds the chosen value', value, readWord(target));
    return `bck->fwd = fwd: eight bytes, ${hex(value)}, at ${hex(target)}. Nobody but free wrote there. Were the target a function pointer, the next call would go to block a.`;
  },
};

const safeUnlink: StepPlan<State> = {
  name: 'safe-unlink',
  title: 'Safe unlinking refuses',
  claim:
    'Before a link is used it is asked back: does the chunk that my bck names have me as its fwd? A forged one does not, and free stops before it writes.',
  question: {
    text: 'The same forgery, with safe unlinking. What is at the target afterwards?',
    choices: ['the chosen value', 'zero', 'what was there'],
    right: 2,
  },
  play: (state, notes) => {
    const heap = freshList(state, true);
    const { target, free } = forge(heap, notes);
    const refused = notes.attempt('free(b)', free);
    notes.check('free(b) ends with', 'ERR_HEAP_CORRUPTED', refused?.code);
    notes.check('the target still holds', asWord('harmless'), readWord(target));
    return `What was there: free said "${refused?.message}", and wrote nothing.`;
  },
};

export const freeWrites: Lesson = defineLesson<State>({
  number: 9,
  name: 'free-writes',
  title: 'free() as a write to anywhere',
  about:
    "Allocating and freeing writes extra words into the heap, and reads them back later to decide where to write. They lie next to buffers. All targets here lie in the lesson's own arena.",
  open: () => ({ heaps: [] }),
  close: ({ heaps }) => {
    for (const heap of heaps) heap.destroy();
  },
  steps: [extraWords, sizeDecides, mallocBelieves, forgedLinks, safeUnlink, glibcRefuses, glibcFooled],
});
