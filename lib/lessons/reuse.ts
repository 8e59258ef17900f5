/** Lesson 6: freed memory comes back, with its old bytes in it. */
import { ChunkList } from '../chunklist/index.ts';
import { MiB, type Pointer } from '../core/index.ts';
import { Heap } from '../heap/index.ts';
import { mmapSource, mmapWindow } from '../pages/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { readWord } from './notes.ts';
import { allocate, asText, asWord, glibcChunk, listChunk, Names, textFields } from './regions.ts';
import type { Lesson } from './step.ts';

interface State {
  list: ChunkList;
  heap: Heap;
  names: Names;
  secret: Pointer;
}

const password = 'password hunter2 is in this block';

const released: StepPlan<State> = {
  name: 'released',
  title: 'free: back into the pool',
  claim:
    'free puts a chunk back into the pool of free ones. Only the header changes; the bytes of the block stay.',
  question: {
    text: 'A block holds a password. What does free do with it?',
    choices: ['it is overwritten with zeros', 'it stays where it is', 'the page is given back'],
    right: 1,
  },
  play: (state, notes) => {
    const { list, names } = state;
    const a = allocate(list, notes, 'secret', 40, names, null);
    allocate(list, notes, 'b', 24, names);
    state.secret = a;
    list.buffer(a).write(password);
    notes.watch(listChunk(list, 'secret', a, names, 32));
    const free = list.stats().freeChunks;
    notes.call('free(secret)', () => list.free(a));
    notes.check('free chunks', free + 1, list.stats().freeChunks);
    notes.check('the first word of the block is still there', asWord('password'), readWord(list.address(a)));
    return `It stays: ${asText(readWord(list.address(a)) ?? 0n)} ... Clearing would cost time, so nobody does it unasked.`;
  },
};

const comesBack: StepPlan<State> = {
  name: 'comes-back',
  title: 'malloc: the same memory again',
  claim: 'A later request of a size that fits gets the same chunk, at the same address, old bytes and all.',
  question: {
    text: 'After free(secret), malloc(40) is called by another part of the program. What does it get?',
    choices: ['fresh zeroed memory', 'the same block with the old bytes', 'a block behind all others'],
    right: 1,
  },
  play: ({ list, secret, names }, notes) => {
    notes.watch(listChunk(list, 'secret', secret, names, 40));
    const other = allocate(list, notes, 'other', 40, undefined, null);
    notes.check('the same address', list.address(secret), list.address(other));
    const seen = Buffer.from(list.view(other)).toString('latin1', 0, password.length);
    notes.check('the new owner reads', password, seen);
    return `The same block. Its new owner reads: "${seen}".`;
  },
};

const cache: StepPlan<State> = {
  name: 'cache',
  title: 'The C library: last in, first out',
  claim:
    'The C library keeps freed small blocks in a cache for the thread, newest first. Two words of the block become a link and a mark; all others stay.',
  question: {
    text: 'a is freed, then b, then c, all of one size. Which block does the next malloc give?',
    choices: ['a', 'b', 'c'],
    right: 2,
  },
  play: ({ heap }, notes) => {
    const names = new Names();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => allocate(heap, notes, name, 40, names));
    for (const [name, pointer] of [
      ['a', a],
      ['c', c],
    ] as const) {
      const region = glibcChunk(heap, name, pointer, names, ['next', 'key']);
      notes.watch({ ...region, fields: [...region.fields, ...textFields(24, 32).map(behindLinks)] });
    }
    for (const [name, pointer] of [
      ['a', a],
      ['b', b],
      ['c', c],
    ] as const)
      notes.call(`free(${name})`, () => heap.free(pointer));
    const [first, second, third] = ['first', 'second', 'third'].map((name) =>
      allocate(heap, notes, name, 40, undefined, null),
    );
    notes.check('first is c', heap.address(c), heap.address(first));
    notes.check('second is b', heap.address(b), heap.address(second));
    notes.check('third is a', heap.address(a), heap.address(third));
    notes.check('the third word of a is as it was', asWord('aaaaaaaa'), readWord(heap.address(a) + 16n));
    return "c: the cache is a stack. Its last bytes are likely still in the processor's cache, too.";
  },
};

const behindLinks = <F extends { name: string; offset: number }>(field: F): F => ({
  ...field,
  name: `byte 0x${(field.offset - 16).toString(16)}`,
});

const tellsTooMuch: StepPlan<State> = {
  name: 'tells-too-much',
  title: 'Old bytes tell addresses',
  claim:
    'What free wrote into a block is left in it as well: whoever gets the block and reads before writing may learn where the heap lies.',
  question: {
    text: 'A block of 0x200 bytes was on a free list and is handed out again, unwritten. What is in its first word?',
    choices: ['zero', 'an address: the old link', 'its size'],
    right: 1,
  },
  play: ({ heap }, notes) => {
    const names = new Names();
    const big = allocate(heap, notes, 'big', 0x800, names);
    allocate(heap, notes, 'fence', 24, names);
    notes.watch(glibcChunk(heap, 'big', big, names));
    notes.call('free(big)', () => heap.free(big));
    const link = readWord(heap.address(big));
    const again = allocate(heap, notes, 'again', 0x800, undefined, null);
    const head = (heap.landmarks().arena ?? 0n) + 0x60n;
    notes.check('the same block', heap.address(big), heap.address(again));
    notes.check("free wrote the address of the arena's list head", head, link);
    notes.check('it is still there for the new owner', head, readWord(heap.address(again)));
    return `An address in the arena's own struct, 0x${head.toString(16)}: in a real program, inside the C library. Attacks begin with such a leak.`;
  },
};

const zeroed: StepPlan<State> = {
  name: 'calloc',
  title: 'calloc: without the past',
  claim: 'calloc clears what it hands out. It is the call for memory that must not tell what was there.',
  question: {
    text: 'The block with the password is freed once more; calloc(1, 40) gets it. What is in it?',
    choices: ['the password', 'zeros', 'it depends'],
    right: 1,
  },
  play: ({ list, secret, names }, notes) => {
    notes.watch(listChunk(list, 'secret', secret, names, 40));
    notes.call('free(other)', () => list.free(secret));
    const clean = notes.call(
      'clean = calloc(1, 40)',
      () => list.calloc(1, 40),
      (p) => list.address(p ?? 0),
    );
    notes.check('the same address', list.address(secret), list.address(clean ?? 0));
    notes.check(
      'all bytes are zero',
      true,
      list
        .view(secret)
        .subarray(0, 40)
        .every((byte) => byte === 0),
    );
    return 'Zeros: calloc writes all of them, which is its price.';
  },
};

export const reuse: Lesson = defineLesson<State>({
  number: 6,
  name: 'reuse',
  title: 'Reuse: freed memory comes back',
  about:
    'A freed chunk goes back to the pool, and a later malloc may get it. Nobody clears it on the way: the new owner finds what the old one left.',
  open: () => ({
    list: ChunkList.create({ source: mmapSource({ limitBytes: MiB, name: 'lesson list' }) }),
    heap: Heap.create({ glibc: '2.36', source: mmapWindow({ name: 'lesson heap' }) }),
    names: new Names(),
    secret: 0,
  }),
  close: ({ list, heap }) => {
    list.destroy();
    heap.destroy();
  },
  steps: [released, comesBack, cache, tellsTooMuch, zeroed],
});
