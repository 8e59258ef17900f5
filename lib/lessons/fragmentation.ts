/** Lesson 4: a real program's heap gets chunked up, call by call. */
import { ARENA_FIELD, ChunkList } from '../chunklist/index.ts';
import { type AllocatorStats, MiB, type Pointer } from '../core/index.ts';
import { mmapSource } from '../pages/index.ts';
import { readTrace, runOperation, type Trace } from '../trace/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { type Notes, readWord } from './notes.ts';
import { allocate, listChunk, Names } from './regions.ts';
import type { Lesson } from './step.ts';

const traceName = 'python-json';
/** Moments of the trace: after so many calls. At the third one the holes are many and small. */
const moments = { young: 60, older: 2000, chunkedUp: 6119 };

interface State {
  trace: Trace;
  heap: ChunkList;
  pointers: (Pointer | null)[];
  done: number;
}

/** Goes on with the program's calls, and writes down what became of the heap. */
function runTo(state: State, operation: number, notes: Notes): AllocatorStats {
  const { trace, heap, pointers } = state;
  notes.watch({
    title: "the arena's header",
    address: heap.snapshot().baseAddress,
    fields: Object.entries(ARENA_FIELD)
      .map(([name, offset]) => ({ offset, name }))
      .slice(1),
  });
  notes.say(`calls ${state.done + 1} to ${operation} of ${trace.name}, as the program made them`);
  for (; state.done < operation; state.done++) runOperation(trace, state.done, pointers, heap);
  showHole(heap, notes);
  notes.picture(`${operation} calls`, heap.snapshot());
  const stats = heap.stats();
  notes.figure('chunks in use', stats.inUseChunks, 'count');
  notes.figure('free chunks', stats.freeChunks, 'count');
  notes.figure('free in all', stats.freeBytes, 'bytes');
  notes.figure('largest free chunk', stats.largestFreeBytes, 'bytes');
  notes.figure('free, but not in the largest piece', scattered(stats) * 100, 'percent');
  notes.check('the heap is sound', 0, heap.check().length);
  return stats;
}

/** The first hole between two blocks in use: why it cannot be merged. */
function showHole(heap: ChunkList, notes: Notes): void {
  const chunks = heap.chunks();
  const at = chunks.findIndex(({ state }, k) => state === 'free' && k > 0 && k + 1 < chunks.length);
  if (at < 0) return;
  const names = new Names();
  const parts = ['before a hole', 'the hole', 'behind the hole'].map((name, k) => {
    const { pointer } = chunks[at - 1 + k];
    names.set(heap.address(pointer) - 32n, name);
    return listChunk(heap, name, pointer, names);
  });
  notes.watch(...parts);
  const used = [0, 2].map((k) => ((readWord(parts[k].address) ?? 0n) & 1n) === 1n);
  notes.check('the blocks on both sides of the hole are in use', 'true,true', String(used));
}

const scattered = ({ freeBytes, largestFreeBytes }: AllocatorStats): number =>
  freeBytes === 0 ? 0 : 1 - largestFreeBytes / freeBytes;

const young: StepPlan<State> = {
  name: 'young',
  title: 'A young heap',
  claim: 'At first there is one free chunk, the rest of the arena, and blocks are cut from its front.',
  question: {
    text: `A program has made ${moments.young} calls. How many free chunks are there?`,
    choices: ['one or a few', 'about as many as blocks', 'none'],
    right: 0,
  },
  play: (state, notes) => {
    const [first] = state.heap.chunks();
    notes.watch(listChunk(state.heap, 'the first one', first.pointer, new Names()));
    const start = state.heap.address(first.pointer) - 32n;
    const stats = runTo(state, moments.young, notes);
    notes.check('free chunks are few', true, stats.freeChunks <= 3);
    notes.check('what was one free chunk is in use at its front', 1n, (readWord(start) ?? 0n) & 1n);
    return `${stats.freeChunks}, beside ${stats.inUseChunks} blocks. The large one is the rest of the arena.`;
  },
};

const older: StepPlan<State> = {
  name: 'older',
  title: 'Some of it comes back',
  claim:
    'Blocks are freed in another order than they were allocated: holes appear between blocks that stay. New blocks go into holes that are large enough.',
  question: {
    text: 'Why does a hole between two live blocks not go away?',
    choices: [
      'free forgets it',
      'live blocks cannot be moved: the program holds their addresses',
      'it is too small to be listed',
    ],
    right: 1,
  },
  play: (state, notes) => {
    const stats = runTo(state, moments.older, notes);
    notes.check('there are holes', true, stats.freeChunks > 3);
    return `The program holds plain addresses, so nobody may move a block. ${stats.freeChunks} free chunks by now.`;
  },
};

const chunkedUp: StepPlan<State> = {
  name: 'chunked-up',
  title: 'More and more chunked up',
  claim:
    'As the program goes on the free memory is split into more and smaller pieces, although free merges neighbours.',
  question: {
    text: 'How much of the free memory is in the largest piece, by now?',
    choices: ['nearly all', 'about half', 'a small part'],
    right: 2,
  },
  play: (state, notes) => {
    const before = state.heap.stats();
    const stats = runTo(state, moments.chunkedUp, notes);
    notes.check('free chunks have become more', true, stats.freeChunks > before.freeChunks);
    notes.check('a small part of what is free is in the largest', true, scattered(stats) > 0.8);
    return `${stats.largestFreeBytes.toLocaleString('en')} of ${stats.freeBytes.toLocaleString('en')} bytes: ${Math.round(100 * (1 - scattered(stats)))} %. The rest lies in ${stats.freeChunks - 1} other places.`;
  },
};

const notInOnePiece: StepPlan<State> = {
  name: 'not-in-one-piece',
  title: 'Enough, but not in one piece',
  claim:
    'A request that is smaller than all that is free, but larger than every piece of it, cannot be served: the arena has to grow. That is what fragmentation costs.',
  question: {
    text: 'malloc asks for twice the largest free chunk; several times that is free in all. What does malloc do?',
    choices: ['joins some holes', 'asks the system for more', 'returns NULL'],
    right: 1,
  },
  play: (state, notes) => {
    const { heap } = state;
    const before = heap.stats();
    const bytes = 2 * before.largestFreeBytes;
    const { endOffset, baseAddress } = heap.snapshot();
    notes.watch({
      title: "the arena's header",
      address: baseAddress,
      fields: [
        { offset: 0x10, name: 'last' },
        { offset: 0x20, name: 'end' },
        { offset: 0x28, name: 'peak' },
      ],
    });
    const big = allocate(heap, notes, 'big', bytes, undefined, null);
    const after = heap.stats();
    notes.figure('free in all, before', before.freeBytes, 'bytes');
    notes.figure('asked for', bytes, 'bytes');
    notes.figure('the arena grew by', after.heapBytes - before.heapBytes, 'bytes');
    notes.check('there was enough in all', true, before.freeBytes > bytes);
    notes.check('the arena has grown', true, after.heapBytes > before.heapBytes);
    notes.check(
      'the end moved by as much',
      BigInt(after.heapBytes),
      (readWord(baseAddress + 0x20n) ?? 0n) - baseAddress,
    );
    notes.check('the block reaches behind the old end', true, big + bytes > endOffset);
    notes.call('free(big)', () => heap.free(big));
    return `It asks the system: ${before.freeBytes.toLocaleString('en')} bytes are free, no piece has ${bytes.toLocaleString('en')}. The arena grew by ${(after.heapBytes - before.heapBytes).toLocaleString('en')}.`;
  },
};

const whatStays: StepPlan<State> = {
  name: 'what-stays',
  title: 'After the frees',
  claim:
    "At the end of the program's work most is free again, yet a few blocks that stay keep the free memory apart, and the arena large.",
  question: {
    text: 'The program freed nearly everything. Can the arena be given back?',
    choices: ['yes, all of it', 'only what lies behind the last live block', 'no, never'],
    right: 1,
  },
  play: (state, notes) => {
    const { trace } = state;
    const stats = runTo(state, trace.operationCount, notes);
    notes.figure('the arena', stats.heapBytes, 'bytes');
    notes.figure('its peak', stats.peakHeapBytes, 'bytes');
    notes.figure('live payload of the program at its peak', trace.peakLiveBytes, 'bytes');
    notes.check('blocks that stay, as the trace counts them', trace.liveAtEnd, stats.inUseChunks);
    notes.check('still in many pieces', true, stats.freeChunks > 10);
    const share = Math.round((100 * stats.inUseBytes) / stats.heapBytes);
    return `Only what lies behind the last live block. ${stats.inUseChunks} blocks, ${share} % of the arena, keep ${stats.freeChunks} free chunks apart.`;
  },
};

export const fragmenting: Lesson = defineLesson<State>({
  number: 4,
  name: 'fragmentation',
  title: 'A heap getting chunked up',
  about: `The heap calls of a real program (${traceName}: a Python that reads and writes JSON) run on the lecture's list of chunks, and are stopped at a few moments.`,
  open: async () => ({
    trace: await readTrace(traceName),
    heap: ChunkList.create({ source: mmapSource({ limitBytes: 64 * MiB, name: 'lesson list' }) }),
    pointers: [],
    done: 0,
  }),
  close: ({ heap }) => heap.destroy(),
  steps: [young, older, chunkedUp, notInOnePiece, whatStays],
});
