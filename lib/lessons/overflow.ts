/** Lesson 7: buffers on the heap, written over their end and before their beginning: what lies next to a block? */
import { ChunkList } from '../chunklist/index.ts';
import { type Allocator, hex, MiB } from '../core/index.ts';
import { Heap } from '../heap/index.ts';
import { mmapSource, mmapWindow } from '../pages/index.ts';
import { strcpy } from '../posix/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { readWord } from './notes.ts';
import { allocate, asText, asWord, blockText, glibcChunk, listChunk, Names } from './regions.ts';
import type { Lesson } from './step.ts';

interface State {
  heaps: Allocator[];
}

function freshList(state: State): ChunkList {
  const heap = ChunkList.create({ source: mmapSource({ limitBytes: MiB, name: 'lesson list' }) });
  state.heaps.push(heap);
  return heap;
}

const nextDoor: StepPlan<State> = {
  name: 'next-door',
  title: 'What lies next to a block',
  claim:
    "Buffers are blocks on the heap. Right behind a block begins the header of the next chunk, then that chunk's bytes; right before it lies its own header.",
  question: {
    text: 'Blocks a and b were allocated one after the other. What is the first thing behind the last byte of a?',
    choices: ['the first byte of b', "the header of b's chunk", 'a page without access'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = freshList(state);
    const names = new Names();
    const a = allocate(heap, notes, 'a', 32, names);
    const b = allocate(heap, notes, 'b', 32, names);
    notes.watch(listChunk(heap, 'a', a, names, 32), listChunk(heap, 'b', b, names, 32));
    notes.picture('a, b', heap.snapshot());
    notes.check('behind a stands the size word of b', 0x41n, readWord(heap.address(a) + 32n));
    notes.check('from the end of a to block b', 32, b - (a + 32));
    return `The header of b: 32 bytes at ${hex(heap.address(a) + 32n)}, on which malloc and free rely.`;
  },
};

const over: StepPlan<State> = {
  name: 'over',
  title: 'Over: past the end',
  claim:
    'A copy that does not look where the buffer ends goes on into the next chunk. It is an ordinary buffer overflow, only that the buffer lies on the heap instead of the stack.',
  question: {
    text: '40 letters A are copied into a block of 32. What is overwritten?',
    choices: [
      'nothing: malloc stops it',
      'the size word of the next chunk',
      'the first bytes of the next block',
    ],
    right: 1,
  },
  play: (state, notes) => {
    const heap = freshList(state);
    const names = new Names();
    const a = allocate(heap, notes, 'a', 32, names);
    const b = allocate(heap, notes, 'b', 32, names);
    const text = allocate(heap, notes, 'text', 64, names, null);
    heap.buffer(text).fill(0).fill('A', 0, 40);
    notes.watch(blockText(heap, 'a', a, 32), listChunk(heap, 'b', b, names, 16));
    notes.call('strcpy(a, 40 letters A)', () => strcpy(heap.address(a), heap.address(text)));
    notes.check('the size word of b is letters', asWord('AAAAAAAA'), readWord(heap.address(b) - 32n));
    const refused = notes.attempt('free(b)', () => heap.free(b));
    notes.check('free(b) ends with', 'ERR_HEAP_CORRUPTED', refused?.code);
    return `The size word of b, now ${hex(readWord(heap.address(b) - 32n) ?? 0n)}, and the zero at the end of the text fell into its fwd. This list notices when it reads that header; not when it was written.`;
  },
};

const under: StepPlan<State> = {
  name: 'under',
  title: 'Under: before the beginning',
  claim:
    'A loop that runs backwards too far writes before the block: into its own header, then into the block before.',
  question: {
    text: 'The 8 bytes right before block b are overwritten. Whose are they?',
    choices: ['the last bytes of block a', "b's own header", "nobody's"],
    right: 1,
  },
  play: (state, notes) => {
    const heap = freshList(state);
    const names = new Names();
    allocate(heap, notes, 'a', 32, names);
    const b = allocate(heap, notes, 'b', 32, names);
    notes.watch(listChunk(heap, 'b', b, names, 16));
    notes.call("for (i = 31; i >= -16; i--) b[i] = 'B'", () => heap.bytes.fill(0x42, b - 16, b + 32));
    notes.check('request is overwritten', asWord('BBBBBBBB'), readWord(heap.address(b) - 8n));
    notes.check('and bck', asWord('BBBBBBBB'), readWord(heap.address(b) - 16n));
    const refused = notes.attempt('free(b)', () => heap.free(b));
    notes.check('free(b) ends with', 'ERR_HEAP_CORRUPTED', refused?.code);
    return 'Its own header: request, then bck. free follows bck to the chunk before, so it would have gone wherever "BBBBBBBB" leads.';
  },
};

const boundedView: StepPlan<State> = {
  name: 'views-end',
  title: 'JavaScript looks, C does not',
  claim:
    'A typed array knows its length: an index past the end does nothing. A C string knows no length, and a C pointer no end: the same bytes, no limit.',
  question: {
    text: 'view(a)[32] = 0x41 on a block of 32 bytes, in JavaScript. What happens?',
    choices: ['nothing', 'an exception', 'the next chunk is damaged'],
    right: 0,
  },
  play: (state, notes) => {
    const heap = freshList(state);
    const names = new Names();
    const a = allocate(heap, notes, 'a', 32, names);
    const b = allocate(heap, notes, 'b', 32, names);
    notes.watch(listChunk(heap, 'b', b, names));
    notes.call('view(a)[32] = 0x41', () => {
      heap.view(a)[32] = 0x41;
    });
    notes.check('the header behind is as it was', 0x41n, readWord(heap.address(b) - 32n));
    notes.call('bytes[a + 32] = 0x42', () => {
      heap.bytes[a + 32] = 0x42;
    });
    notes.check('through the arena it is not', 0x42n, readWord(heap.address(b) - 32n));
    return 'Nothing: the view ends with the block. Only the view of the whole arena (heap.bytes), which stands for a C pointer, reaches the next header.';
  },
};

const something: StepPlan<State> = {
  name: 'something-useful',
  title: 'Sometimes you hit something useful',
  claim:
    "One byte too many can be enough. In the C library's heap it is the low byte of the next size: a chunk that claims to be larger is handed out later, over a block that others use.",
  question: {
    text: 'The size of b is forged from 0x20 to 0x40 and b is freed. What does malloc(56) give?',
    choices: ['a fresh block', 'b, 56 bytes long, over c', 'NULL'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = Heap.create({ glibc: '2.36', source: mmapWindow({ name: 'lesson heap' }) });
    state.heaps.push(heap);
    const names = new Names();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => allocate(heap, notes, name, 24, names));
    notes.watch(glibcChunk(heap, 'b', b, names, null), blockText(heap, 'c', c, 24));
    notes.call('a[24] = 0x41, one byte too many', () => {
      heap.bytes[a + 24] = 0x41;
    });
    notes.check('the size of b is now', 0x41n, readWord(heap.address(b) - 8n));
    notes.call('free(b)', () => heap.free(b));
    const wide = allocate(heap, notes, 'wide', 56, undefined, null);
    notes.check('malloc(56) gives b', heap.address(b), heap.address(wide));
    notes.call('write 56 letters W into it', () => heap.view(wide).fill(0x57, 0, 56));
    notes.check('block c now holds', asWord('WWWWWWWW'), readWord(heap.address(c)));
    return `b again, but 56 bytes long: it covers block c, which holds ${asText(readWord(heap.address(c)) ?? 0n)} now although nobody wrote to c.`;
  },
};

export const overflow: Lesson = defineLesson<State>({
  number: 7,
  name: 'overflow',
  title: 'Overflow and underflow',
  about:
    'Buffers exist on the heap, and programs write over their ends and before their beginnings. What they hit there decides what comes of it.',
  open: () => ({ heaps: [] }),
  close: ({ heaps }) => {
    for (const heap of heaps) heap.destroy();
  },
  steps: [nextDoor, over, under, boundedView, something],
});
