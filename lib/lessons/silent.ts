/** Lesson 10: an overflow that nobody notices, and what would have. */
import { ChunkList } from '../chunklist/index.ts';
import { type Allocator, MiB } from '../core/index.ts';
import { GuardedHeap } from '../guarded/index.ts';
import { Heap } from '../heap/index.ts';
import { mmapSource, mmapWindow } from '../pages/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { readWord } from './notes.ts';
import { allocate, asText, asWord, blockText, glibcChunk, listChunk, Names, textFields } from './regions.ts';
import type { Lesson } from './step.ts';

interface State {
  heaps: Allocator[];
}

function freshHeap(state: State): Heap {
  const heap = Heap.create({ glibc: '2.36', source: mmapWindow({ name: 'lesson heap' }) });
  state.heaps.push(heap);
  return heap;
}

const slack: StepPlan<State> = {
  name: 'slack',
  title: 'Into the rounding',
  claim:
    'Sizes are rounded up, so a few bytes behind a block often belong to nobody. An overflow into them changes nothing else: the program is wrong, and works.',
  question: {
    text: 'malloc(20), then 24 bytes are written. Who notices?',
    choices: ['free', 'the heap check', 'nobody'],
    right: 2,
  },
  play: (state, notes) => {
    const heap = freshHeap(state);
    const names = new Names();
    const a = allocate(heap, notes, 'a', 20, names);
    const b = allocate(heap, notes, 'b', 20, names);
    notes.watch(blockText(heap, 'a', a, 24), glibcChunk(heap, 'b', b, names, null));
    const next = readWord(heap.address(b) - 8n);
    notes.call('write 24 letters X into a', () => heap.bytes.fill(0x58, a, a + 24));
    notes.check('usable bytes of a', 24, heap.usableSize(a));
    notes.check('the size word behind is as it was', next, readWord(heap.address(b) - 8n));
    notes.check('broken rules in the heap', 0, heap.check().length);
    notes.check('free(a) ends with', undefined, notes.attempt('free(a)', () => heap.free(a))?.code);
    return 'Nobody. 20 was rounded to 24; with malloc(24) the same program would have damaged the next chunk. Such bugs wait for another size, or another system.';
  },
};

const intoData: StepPlan<State> = {
  name: 'into-data',
  title: "Into somebody's data",
  claim:
    'A write that jumps over the header and lands in another block leaves every header sound. The heap has nothing to notice: only the data is wrong.',
  question: {
    text: "a[48] = '9' on a block of 24 bytes hits a digit in block b. What do free and the heap check say?",
    choices: ['corrupted', 'nothing', 'double free'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = freshHeap(state);
    const names = new Names();
    const a = allocate(heap, notes, 'a', 24, names);
    const b = allocate(heap, notes, 'b', 24, names, null);
    heap.buffer(b).write('EUR 0000100.00');
    notes.watch(glibcChunk(heap, 'b', b, names, null), blockText(heap, 'b', b, 16));
    const at = b + 4 - a;
    notes.call(`a[${at}] = '9'`, () => {
      heap.bytes[a + at] = 0x39;
    });
    notes.check('b now says', 'EUR 9000100.00', heap.buffer(b).toString('latin1', 0, 14));
    notes.check('broken rules in the heap', 0, heap.check().length);
    for (const [name, pointer] of [
      ['a', a],
      ['b', b],
    ] as const)
      notes.check(
        `free(${name}) ends with`,
        undefined,
        notes.attempt(`free(${name})`, () => heap.free(pointer))?.code,
      );
    return 'Nothing. No header was touched, so no check of any allocator can see it. A guard page between the blocks would not either: the write jumped over it.';
  },
};

const intoFree: StepPlan<State> = {
  name: 'into-free',
  title: 'Into free memory',
  claim:
    "Bytes in the middle of a free chunk are nobody's: an overflow there is overwritten by the next owner, unseen.",
  question: {
    text: 'The overflow of a ends in the middle of a large free chunk, its header jumped over. When does it show?',
    choices: ['at the next malloc', 'at the next free', 'never'],
    right: 2,
  },
  play: (state, notes) => {
    const heap = ChunkList.create({ source: mmapSource({ limitBytes: MiB, name: 'lesson list' }) });
    state.heaps.push(heap);
    const names = new Names();
    const a = allocate(heap, notes, 'a', 32, names);
    const rest = a + 32 + 32;
    notes.watch(listChunk(heap, 'rest, free', rest, names), {
      title: 'in the middle of it',
      address: heap.address(rest + 64),
      fields: textFields(16),
    });
    notes.call('write 16 letters X at a + 128', () => heap.bytes.fill(0x58, a + 128, a + 144));
    notes.check('the bytes are there', asWord('XXXXXXXX'), readWord(heap.address(a + 128)));
    notes.check('broken rules in the heap', 0, heap.check().length);
    const b = allocate(heap, notes, 'b', 200, names);
    notes.check('the next owner has overwritten them', asWord('bbbbbbbb'), readWord(heap.address(a + 128)));
    notes.check('free(b) ends with', undefined, notes.attempt('free(b)', () => heap.free(b))?.code);
    return `Never: the next owner wrote ${asText(readWord(heap.address(a + 128)) ?? 0n)} over it. Most overflows of most programs end like this, until one does not.`;
  },
};

const pattern: StepPlan<State> = {
  name: 'filled-slack',
  title: 'Noticed late: a pattern in the slack',
  claim:
    'A guarded heap fills the bytes between the end of a block and the guard page with a pattern, and looks at them when the block is freed.',
  question: {
    text: 'malloc(61) on a guarded heap, then 62 bytes are written. When is it noticed?',
    choices: ['at the write', 'at free', 'never'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = GuardedHeap.create({ policy: 'record', name: 'lesson guarded' });
    state.heaps.push(heap);
    const a = allocate(heap, notes, 'a', 61);
    notes.watch({ title: 'the last word of block a', address: heap.address(a) + 56n, fields: textFields(8) });
    notes.call('write 62 letters X into a', () => heap.bytes.fill(0x58, a, a + 62));
    notes.check('faults after the write', 0, heap.faults().length);
    notes.check('the byte behind the block is', 0x58, heap.bytes[a + 61]);
    notes.call('free(a)', () => heap.free(a));
    const [fault] = heap.faults();
    notes.check('faults after free', 1, heap.faults().length);
    notes.check('distance from the end of the block', 0, fault?.distanceBytes);
    return 'At free: the pattern 0xfd behind the block was gone. (The words read nothing now: free closed the page.) Late, but with the place where the block was allocated.';
  },
};

const atOnce: StepPlan<State> = {
  name: 'at-once',
  title: 'Noticed at once: no slack at all',
  claim: 'Where a block ends exactly at the guard page the first wrong byte is stopped by the processor.',
  question: {
    text: "The same with alignment 1: 61 bytes that end at the page's end. When is byte 61 noticed?",
    choices: ['at the write', 'at free', 'never'],
    right: 0,
  },
  play: (state, notes) => {
    const heap = GuardedHeap.create({ policy: 'record', alignment: 1, name: 'lesson guarded' });
    state.heaps.push(heap);
    const a = allocate(heap, notes, 'a', 61);
    notes.watch({
      title: 'the last 8 bytes of block a',
      address: heap.address(a) + 53n,
      fields: textFields(8),
    });
    const { bytes } = heap;
    notes.call("for (i = 0; i < 62; i++) a[i] = 'X'", () => {
      for (let i = 0; i < 62; i++) bytes[a + i] = 0x58;
    });
    const [fault] = heap.faults();
    notes.check('faults after the write', 1, heap.faults().length);
    notes.check('access', 'write', fault?.access);
    notes.check('distance from the end of the block', 0, fault?.distanceBytes);
    notes.check('block and its size', 61, fault?.block?.sizeBytes);
    return 'At the write, at the very byte. Each block then takes a page or more, which is why one guards samples of a program in use.';
  },
};

export const silent: Lesson = defineLesson<State>({
  number: 10,
  name: 'silent',
  title: 'An overflow that nobody notices',
  about:
    'Sometimes one hits something useful. More often one hits nothing, and the program goes on as if it were right. Then what would have noticed.',
  open: () => ({ heaps: [] }),
  close: ({ heaps }) => {
    for (const heap of heaps) heap.destroy();
  },
  steps: [slack, intoData, intoFree, pattern, atOnce],
});
