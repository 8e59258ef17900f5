/** The second half of lesson 9: forged links in the C library's heap, refused, and then accepted. */
import { hex } from '../core/index.ts';
import { freshHeap, type State, writeWords } from './forging.ts';
import type { StepPlan } from './lesson.ts';
import { readWord } from './notes.ts';
import { allocate, asWord, glibcChunk, Names } from './regions.ts';

export const glibcRefuses: StepPlan<State> = {
  name: 'glibc-refuses',
  title: 'The C library asks back as well',
  claim:
    'unlink of the C library tests that fd->bk and bk->fd lead back to the chunk. Links that an overflow forged blindly do not pass.',
  question: {
    text: 'fd and bk of free chunk b point at a victim. free(c) would merge c with b. What happens?',
    choices: ['the victim is overwritten', 'abort: corrupted double-linked list', 'nothing'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = freshHeap(state, notes);
    const names = new Names();
    const [a, b, c, victim] = ['a', 'b', 'c', 'victim'].map((name) =>
      allocate(heap, notes, name, 0x1f8, names),
    );
    notes.call('free(b)', () => heap.free(b));
    const place = heap.address(victim);
    names.set(place, 'block victim');
    notes.watch(glibcChunk(heap, 'b', b, names), {
      title: 'block victim',
      address: place,
      fields: [0, 8, 16, 24].map((offset) => ({ offset, name: `byte ${hex(offset)}` })),
    });
    const size = readWord(heap.address(b) - 8n) ?? 0n;
    notes.call('a[0x1f8..]: overflow, fd and bk of b lead to the victim', () =>
      writeWords(heap, a + 0x1f8, size, place, place),
    );
    const refused = notes.attempt('free(c)', () => heap.free(c));
    notes.check('free(c) ends with', 'corrupted double-linked list', refused?.message);
    notes.check('the victim is as it was', asWord('vvvvvvvv'), readWord(place + 16n));
    return 'abort, with the library\'s own message: "corrupted double-linked list". The victim was read, not written.';
  },
};

export const glibcFooled: StepPlan<State> = {
  name: 'glibc-agreeing-links',
  title: 'Links that agree',
  claim:
    'The test asks whether the links agree, not whether they are true. Where a pointer to the forged chunk is stored, at a known place, the test passes, and free writes to that place.',
  question: {
    text: 'A table entry holds the address of block a, in which a free chunk is forged. After free(b), where does the entry lead?',
    choices: ['still to a', 'to 24 bytes before itself', 'to the arena'],
    right: 1,
  },
  play: (state, notes) => {
    const heap = freshHeap(state, notes);
    const names = new Names();
    const [table, a, b] = ['table', 'a', 'b'].map((name) => allocate(heap, notes, name, 0x1f8, names));
    allocate(heap, notes, 'fence', 24, names);
    const entry = heap.address(table) + 0x40n;
    writeWords(heap, table + 0x40, heap.address(a));
    names.set(heap.address(a), 'block a');
    names.set(entry - 0x18n, 'entry - 24');
    names.set(entry - 0x10n, 'entry - 16');
    const fake = { ...glibcChunk(heap, 'forged inside block a', a + 16, names) };
    notes.watch(
      { title: 'the table', address: entry, fields: [{ offset: 0, name: 'entry', means: names.of }] },
      fake,
      glibcChunk(heap, 'b', b, names, null),
    );
    notes.call('in a: a free chunk of 0x1f0 bytes, fd = entry - 24, bk = entry - 16', () =>
      writeWords(heap, a, 0n, 0x1f1n, entry - 0x18n, entry - 0x10n),
    );
    notes.call('a[0x1f0..]: overflow, prev_size of b = 0x1f0, its flag P = 0', () =>
      writeWords(heap, a + 0x1f0, 0x1f0n, 0x200n),
    );
    notes.call('free(b)', () => heap.free(b));
    notes.check('the entry leads to 24 bytes before itself', entry - 0x18n, readWord(entry));
    // What the program does next with its table: it writes to what it takes for block a.
    const through = Number((readWord(entry) ?? 0n) - heap.address(table)) + table;
    const victim = heap.address(b) + 0x100n;
    notes.call('*entry: three words, then the address of a victim', () =>
      writeWords(heap, through, 0n, 0n, 0n, victim),
    );
    notes.check('now the entry leads wherever one wants', victim, readWord(entry));
    return 'To 24 bytes before itself: writing "to block a" now overwrites the entry, and the next write goes wherever that says. A write to anywhere, in two steps, in a C library that tests its links.';
  },
};
