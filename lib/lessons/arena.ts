/** Lesson 3: the arena that threads share, the heaps that belong to it, the chunks they are cut into, their headers. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ChunkList } from '../chunklist/index.ts';
import { type Allocator, hex, MiB, type Pointer } from '../core/index.ts';
import { Heap } from '../heap/index.ts';
import { mmapSource, mmapWindow } from '../pages/index.ts';
import { pageSize } from '../posix/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { readWord } from './notes.ts';
import { allocate, asText, asWord, glibcChunk, listChunk, Names, textFields } from './regions.ts';
import type { Lesson } from './step.ts';

interface State {
  /** The C library's, for two threads. */
  heap: Heap;
  /** The same, but no more than one arena is allowed. */
  shared: Heap;
  list: ChunkList;
  a: Pointer;
}

/** A heap of a thread begins at a multiple of this. */
const heapSpacing = 64n * BigInt(MiB);

function makeHeap(name: string): Heap {
  return Heap.create({
    glibc: '2.36',
    threads: 2,
    source: mmapWindow({ commitStepBytes: pageSize(), name }),
  });
}

const region: StepPlan<State> = {
  name: 'region',
  title: 'One big region',
  claim:
    "Memory starts out as one big region for the program's heap. The first malloc makes it usable: a small part is handed out, the rest waits in one piece, the top.",
  question: {
    text: 'malloc(100) is the first call of a program. How much does malloc take from the system?',
    choices: ['100 bytes', 'one page', 'much more, for the calls to come'],
    right: 2,
  },
  play: (state, notes) => {
    const { heap } = state;
    const before = heap.stats().mallinfo.arena;
    notes.watchMap();
    state.a = allocate(heap, notes, 'a', 100);
    const { arena } = heap.stats().mallinfo;
    const top = heap.chunks().find((chunk) => chunk.state === 'top');
    notes.mapAround(heap.address(state.a), 100);
    notes.picture('malloc(100)', heap.snapshot());
    notes.watch({ title: 'block a', address: heap.address(state.a), fields: textFields(16) });
    notes.figure('arena before', before, 'bytes');
    notes.figure('arena after', arena, 'bytes');
    notes.figure('of it in one piece, the top', top?.sizeBytes ?? 0, 'bytes');
    notes.check('the arena is larger than what was asked for, in whole pages', 0, arena % pageSize());
    notes.check('most of it is top', true, (top?.sizeBytes ?? 0) > arena / 2);
    return `${arena.toLocaleString('en')} bytes. The next few hundred calls will not need the system.`;
  },
};

const threadWrites: StepPlan<State> = {
  name: 'threads-see-it',
  title: 'All threads see the same bytes',
  claim:
    'Threads of a process share its memory. A real second thread, given nothing but the address of a block, reads it and writes it.',
  question: {
    text: 'Another thread writes to the address of block a. Does this thread see it?',
    choices: ['yes, they are the same bytes', 'no, each thread has its own copy'],
    right: 0,
  },
  play: async ({ heap, a }, notes) => {
    const address = heap.address(a);
    notes.watch({ title: 'block a', address, fields: textFields(16) });
    const worker = new Worker(new URL(import.meta.url.replace(/arena(\.\w+)$/, 'thread-child$1')), {
      workerData: { chunkyardLesson: true, address },
    });
    const [seen] = await once(worker, 'message');
    await once(worker, 'exit');
    notes.say(`thread two: load from ${hex(address)} = ${asText(seen)}`);
    notes.say(`thread two: store "thread 2" to ${hex(address)}`);
    notes.check('the other thread saw our bytes', asWord('aaaaaaaa'), seen);
    notes.check('we see its bytes', asWord('thread 2'), readWord(address));
    return 'Yes. That is why an allocator for threads needs a lock, or an arena for each of them.';
  },
};

const sharedArena: StepPlan<State> = {
  name: 'shared-arena',
  title: 'An arena shared among threads',
  claim:
    'Where only one arena is allowed, every thread allocates from it: blocks of different threads lie side by side.',
  question: {
    text: 'Threads 0 and 1 allocate in turn from one shared arena. Where do the blocks of thread 1 lie?',
    choices: ['far from those of thread 0', 'between those of thread 0', "in thread 1's own pages"],
    right: 1,
  },
  play: ({ shared }, notes) => {
    notes.call('mallopt(M_ARENA_MAX, 1)', () => shared.mallopt('arena_max', 1));
    const names = new Names();
    const first = allocate(shared, notes, 'a0', 5000, names, '0');
    shared.enterThread(1);
    notes.say('thread 1 runs');
    const second = allocate(shared, notes, 'b1', 5000, names, '1');
    shared.enterThread(0);
    notes.say('thread 0 runs');
    const third = allocate(shared, notes, 'c0', 5000, names, '0');
    for (const [name, pointer] of [
      ['a0', first],
      ['b1', second],
      ['c0', third],
    ] as const)
      notes.watch(glibcChunk(shared, name, pointer, names, null));
    notes.picture('a0 b1 c0', shared.snapshot());
    notes.check('b1 lies behind a0', true, second > first);
    notes.check('and before c0', true, second < third);
    return "Between them: one arena, one order of addresses, whichever thread asks. (A thread's cache of small freed blocks is its own.)";
  },
};

const oneArenaPerHeap: StepPlan<State> = {
  name: 'heap-of-an-arena',
  title: 'Each heap belongs to one arena',
  claim:
    'A second thread may get an arena of its own. Its memory comes in heaps; the first bytes of each heap say which arena it belongs to.',
  question: {
    text: 'How does free find the arena of a block that another thread allocated?',
    choices: [
      'it asks every arena',
      'the address, rounded down to 64 MiB, is the heap, and its first word names the arena',
      'a table of all blocks',
    ],
    right: 1,
  },
  play: ({ heap }, notes) => {
    heap.enterThread(1);
    notes.say('thread 1 runs');
    const block = allocate(heap, notes, 'b', 100);
    const address = heap.address(block);
    const start = address - (address % heapSpacing);
    const arena = heap.landmarks().arena;
    const names = new Names();
    if (arena !== null) names.set(arena, 'the arena of thread 1');
    heap.enterThread(0);
    notes.watch({
      title: 'heap_info, at the start of the heap',
      address: start,
      fields: [
        { offset: 0, name: 'arena', means: names.of },
        { offset: 8, name: 'prev heap', means: names.of },
        { offset: 16, name: 'size' },
        { offset: 24, name: 'accessible' },
      ],
    });
    notes.watch(glibcChunk(heap, 'b', block, names, null));
    notes.check("the first word of the heap is the arena's address", arena, readWord(start));
    notes.check('flag A (0x4) of the chunk: not the main arena', 4n, (readWord(address - 8n) ?? 0n) & 4n);
    notes.check(
      'the heap is another than that of thread 0',
      true,
      heap.address(block) > start && start !== 0n,
    );
    return `${hex(address)} rounded down to 64 MiB is ${hex(start)}: there stands ${hex(readWord(start) ?? 0n)}, the arena.`;
  },
};

const chunks: StepPlan<State> = {
  name: 'chunks',
  title: 'Divided into chunks',
  claim:
    'A heap is divided into chunks, one behind the other without a gap: the size of each says where the next begins, up to the end.',
  question: {
    text: 'From the first chunk one adds size after size. Where does one arrive?',
    choices: [
      'at the last block in use',
      'exactly at the end of the arena',
      'it depends on the order of the calls',
    ],
    right: 1,
  },
  play: ({ list }, notes) => {
    const names = new Names();
    const a = allocate(list, notes, 'a', 40, names);
    const b = allocate(list, notes, 'b', 100, names);
    const c = allocate(list, notes, 'c', 24, names);
    notes.call('free(b)', () => list.free(b));
    for (const [name, pointer] of [
      ['a', a],
      ['b', b],
      ['c', c],
    ] as const)
      notes.watch(listChunk(list, name, pointer, names));
    notes.picture('a, (b), c', list.snapshot());
    const { baseAddress, endOffset } = list.snapshot();
    let address = list.address(a) - 32n;
    let steps = 0;
    for (; address < baseAddress + BigInt(endOffset); steps++) address += (readWord(address) ?? 0n) & ~0xfn;
    notes.check('size after size leads to the end of the arena', baseAddress + BigInt(endOffset), address);
    notes.check('steps, one for each chunk', list.chunks().length, steps);
    return `Exactly at the end, ${hex(address)}, after ${steps} chunks: every byte behind the arena's own header belongs to some chunk.`;
  },
};

const headers: StepPlan<State> = {
  name: 'headers',
  title: 'What stands before a block',
  claim:
    "A block has a header before it, in the same memory: in the lecture's list 32 bytes with size, fwd and bck; in the C library 16 bytes, of which the last three bits are flags.",
  question: {
    text: 'malloc(24) of the C library on 64 bits. How large is the chunk?',
    choices: ['24 bytes', '32 bytes', '40 bytes'],
    right: 1,
  },
  play: ({ list, heap }, notes) => {
    const names = new Names();
    const l = allocate(list, notes, 'l', 24, names);
    const g = allocate(heap, notes, 'g', 24, names);
    notes.watch(listChunk(list, "l, in the lecture's list", l, names, 16));
    notes.watch({ ...glibcChunk(heap, 'g', g, names, null), title: "chunk g, in the C library's heap" });
    notes.watch({ title: 'block g', address: heap.address(g), fields: textFields(24) });
    notes.check('size of chunk g', 32n, (readWord(heap.address(g) - 8n) ?? 0n) & ~7n);
    notes.check('bytes that may be used', 24, heap.usableSize(g));
    return "32 bytes: 8 for the size, 24 for the caller. The 24 reach into the next chunk, whose first word is nobody's while this one is in use.";
  },
};

const theName: StepPlan<State> = {
  name: 'the-name',
  title: 'Why it is called the heap',
  claim:
    'What malloc manages is called the heap. It is no priority queue, the other thing of that name: what is kept in order here are addresses, by links.',
  question: {
    text: 'One follows fwd from the first chunk. In which order do the chunks come?',
    choices: ['largest first, as from a priority queue', 'by address', 'newest first'],
    right: 1,
  },
  play: ({ list }, notes) => {
    const names = new Names();
    const sizes = [400, 40, 1000, 24].map((bytes, k) => {
      const pointer = allocate(list, notes, 'pqrs'[k], bytes, names);
      notes.watch(listChunk(list, 'pqrs'[k], pointer, names));
      return pointer;
    });
    const order: bigint[] = [];
    for (let at = readWord(list.snapshot().baseAddress + 8n) ?? 0n; at !== 0n; at = readWord(at + 8n) ?? 0n)
      order.push(at);
    const sorted = [...order].sort((x, y) => (x < y ? -1 : 1));
    notes.check('chunks on the way', list.chunks().length, order.length);
    notes.check('they come in the order of their addresses', true, String(sorted) === String(order));
    const words = order.map((at) => (readWord(at) ?? 0n) & ~0xfn);
    const bySize = [...words].sort((x, y) => (x > y ? -1 : 1));
    notes.check('and not in the order of their sizes', false, String(bySize) === String(words));
    return `By address: ${words.map(Number).join(', ')} bytes. The list holds ${sizes.length} new chunks and those of the step before.`;
  },
};

export const arena: Lesson = defineLesson<State>({
  number: 3,
  name: 'arena',
  title: 'The arena, heaps, chunks, headers',
  about:
    'Where malloc keeps its memory, and how it is divided: an arena for threads to share, heaps that belong to it, chunks one behind the other, and a header before each block.',
  open: () => ({
    heap: makeHeap('lesson heap'),
    shared: makeHeap('lesson shared heap'),
    list: ChunkList.create({ source: mmapSource({ limitBytes: MiB, name: 'lesson list' }) }),
    a: 0,
  }),
  close: ({ heap, shared, list }) => {
    for (const allocator of [heap, shared, list] satisfies Allocator[]) allocator.destroy();
  },
  steps: [region, threadWrites, sharedArena, oneArenaPerHeap, chunks, headers, theName],
});
