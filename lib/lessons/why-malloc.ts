/** Lesson 2: the same work by system calls and by an arena: counted, timed; and what malloc still asks the system for. */
import { ChunkList } from '../chunklist/index.ts';
import { type Allocator, hex, MiB, type PageSource, type Pointer, type WindowSource } from '../core/index.ts';
import { measureAll } from '../costs/index.ts';
import { type GlibcVersion, Heap, profiles } from '../heap/index.ts';
import { type Mapping, mmap, mmapSource, mmapWindow } from '../pages/index.ts';
import { pageSize } from '../posix/index.ts';
import { defineLesson, type StepPlan } from './lesson.ts';
import { type Notes, readWord } from './notes.ts';
import { allocate, glibcChunk, Names, textFields } from './regions.ts';
import type { Lesson } from './step.ts';

interface State {
  mappings: Mapping[];
  heaps: Allocator[];
}

const blocks = 200;
const blockBytes = 48;

/** Time on the clock, of one run: for an impression. */
function clocked(run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start);
}

const sum = (calls: Readonly<Record<string, number>>): number =>
  Object.values(calls).reduce((total, made) => total + made, 0);

const bySystemCalls: StepPlan<State> = {
  name: 'by-system-calls',
  title: 'A mapping for every object',
  claim:
    'A program could ask the system for every single object. The system counts in pages: each object takes a call to get, a call to give back, and a page.',
  question: {
    text: `${blocks} objects of ${blockBytes} bytes, a mapping for each. How much memory do they take?`,
    choices: ['about 10 KB', `${blocks} pages`, 'one page'],
    right: 1,
  },
  play: (state, notes) => {
    let calls = 0;
    const ns = clocked(() => {
      for (let k = 0; k < blocks; k++) {
        state.mappings.push(mmap({ length: blockBytes }));
        calls++;
      }
    });
    const [first, second] = state.mappings;
    notes.watch({ title: 'object 0', address: first.address, fields: textFields(16) });
    notes.watch({ title: 'object 1', address: second.address, fields: textFields(16) });
    for (const [k, mapping] of state.mappings.entries()) mapping.bytes.write(`object ${k}`);
    notes.say(`mmap(${blockBytes}) = ${hex(first.address)}`, `mmap(${blockBytes}) = ${hex(second.address)}`);
    notes.say(`... ${calls} times, and as many munmap`);
    const distance =
      first.address > second.address ? first.address - second.address : second.address - first.address;
    notes.check('two objects lie a whole number of pages apart', 0n, distance % BigInt(pageSize()));
    const taken = state.mappings.reduce((total, mapping) => total + mapping.residency().residentBytes, 0);
    notes.check('memory taken is one page for each', blocks * pageSize(), taken);
    notes.figure('asked for', blocks * blockBytes, 'bytes');
    notes.figure('taken', taken, 'bytes');
    notes.figure('system calls, to get and to give back', 2 * calls, 'count');
    notes.figure('time for each mmap, untouched, JavaScript included', ns / blocks, 'ns');
    return `${blocks} pages, ${taken.toLocaleString('en')} bytes for ${(blocks * blockBytes).toLocaleString('en')}: the system has nothing smaller.`;
  },
};

const byArena: StepPlan<State> = {
  name: 'by-arena',
  title: 'One arena, and a malloc on it',
  claim:
    'malloc asks once, for a reasonable piece of address space, and cuts objects out of it; free takes them back. The kernel hears nothing of either.',
  question: {
    text: `The same ${blocks} objects from an arena, and back. How many system calls?`,
    choices: ['none', 'a handful', `${2 * blocks}, as before`],
    right: 1,
  },
  play: (state, notes) => {
    const source: PageSource = mmapSource({ limitBytes: MiB, name: 'lesson arena' });
    const heap = ChunkList.create({ source });
    state.heaps.push(heap);
    const pointers: (Pointer | null)[] = [];
    const ns = clocked(() => {
      for (let k = 0; k < blocks; k++) pointers.push(heap.malloc(blockBytes));
    });
    const [a, b] = pointers.map(Number);
    notes.watch({ title: 'object 0', address: heap.address(a), fields: textFields(16) });
    notes.watch({ title: 'object 1', address: heap.address(b), fields: textFields(16) });
    heap.buffer(a).write('object 0');
    heap.buffer(b).write('object 1');
    notes.say(
      `malloc(${blockBytes}) = ${hex(heap.address(a))}`,
      `malloc(${blockBytes}) = ${hex(heap.address(b))}`,
    );
    notes.say(`... ${blocks} times, and as many free`);
    const calls = sum(source.systemCalls);
    const taken = source.committedBytes;
    for (const pointer of pointers.slice(2)) heap.free(pointer);
    notes.check('two objects lie side by side, a header between them', 32 + blockBytes, b - a);
    notes.check('freeing made no call', calls, sum(source.systemCalls));
    notes.figure('asked for', blocks * blockBytes, 'bytes');
    notes.figure('taken', taken, 'bytes');
    notes.figure('system calls', calls, 'count');
    notes.figure('time for each malloc of a list that is searched, in JavaScript', ns / blocks, 'ns');
    const made = Object.entries(source.systemCalls).map(([name, times]) => `${name} ${times}`);
    return `A handful: ${made.join(', ')}. Then malloc and free only read and write the arena's own bytes.`;
  },
};

const price: StepPlan<State> = {
  name: 'price',
  title: 'What a call costs',
  claim:
    'Going to the kernel is slow: the way there and back, the bookkeeping, and the clearing of a fresh page at its first touch. Timed in C++, so JavaScript is not in it.',
  question: {
    text: 'How many pairs of malloc and free take as long as one mmap, a touch and munmap?',
    choices: ['about as many as system calls: 2', 'about 20', 'hundreds'],
    right: 2,
  },
  play: (_, notes) => {
    const names = {
      'malloc-free-32': "malloc(32) and free, this machine's own",
      'null-call': 'a system call that does nothing',
      'mmap-munmap-4k': 'mmap and munmap of 4 KiB, untouched',
      'mmap-touch-munmap-4k': 'mmap, a write to the page, munmap',
    };
    const { cases, notAvailable } = measureAll(Object.keys(names), { batches: 100 });
    const least = new Map(cases.map(({ name, minNs }) => [name, minNs]));
    for (const [name, what] of Object.entries(names)) {
      const ns = least.get(name);
      if (ns !== undefined) notes.figure(what, ns, 'ns');
    }
    for (const { name, reason } of notAvailable) notes.say(`${name}: ${reason}`);
    notes.check('cases timed', Object.keys(names).length, cases.length + notAvailable.length);
    const ratio = (least.get('mmap-touch-munmap-4k') ?? 0) / (least.get('malloc-free-32') ?? 1);
    notes.figure('mallocs for one touched mapping', ratio, 'times');
    return `Here, now: ${Math.round(ratio).toLocaleString('en')}. That is the issue with asking the system each time, and why malloc exists.`;
  },
};

const asksAgain: StepPlan<State> = {
  name: 'asks-again',
  title: 'malloc calls the system when it must',
  claim:
    'When the arena is used up malloc asks for more, once for many objects; for a very large block it asks for a mapping of its own.',
  question: {
    text: 'malloc(1,000,000) on a fresh heap of the C library: where does the block lie?',
    choices: ['in the arena, which grows', 'in a mapping of its own', 'nowhere: it is too large'],
    right: 1,
  },
  play: (state, notes) => {
    const source: WindowSource = mmapWindow({ commitStepBytes: pageSize(), name: 'lesson heap' });
    const heap = Heap.create({ glibc: '2.36', source });
    state.heaps.push(heap);
    const names = new Names();
    allocate(heap, notes, 'a', 1000, names);
    const oldTop = topOf(heap);
    notes.watch({ ...glibcChunk(heap, 'top', oldTop.pointer, names, null), title: 'where top began' });
    const before = { ...source.systemCalls };
    let mallocs = 0;
    while (heap.stats().heapBytes === heap.stats().peakHeapBytes && sum(source.systemCalls) === sum(before)) {
      heap.malloc(1000);
      mallocs++;
    }
    const calls = sum(source.systemCalls) - sum(before);
    notes.say(`malloc(1000), ${mallocs} times, until the system is asked`);
    notes.figure('mallocs before the next system call', mallocs - 1, 'count');
    notes.figure('system calls then', calls, 'count');
    const mapped = heap.stats().mallinfo.hblks;
    const large = allocate(heap, notes, 'large', 1_000_000, names, null);
    notes.watch(glibcChunk(heap, 'large', large, names, null));
    notes.check('mappings of their own', mapped + 1, heap.stats().mallinfo.hblks);
    notes.check('flag M (0x2) stands in the size word', 2n, (readWord(heap.address(large) - 8n) ?? 0n) & 2n);
    return `In a mapping of its own: 128 KiB is where the C library's malloc draws the line at first. Its size word says so: flag M.`;
  },
};

function topOf(heap: Heap): { offset: number; pointer: number } {
  const top = heap.chunks().find(({ state }) => state === 'top');
  if (top === undefined) throw new Error('the heap has no top chunk');
  return top;
}

const versions = (Object.keys(profiles) as GlibcVersion[]).filter((version) =>
  ['2.31', '2.36', '2.43'].includes(version),
);

const everyOneDiffers: StepPlan<State> = {
  name: 'every-one-differs',
  title: 'Every system has its own',
  claim:
    'malloc and free are the same two calls everywhere; what they write is not. Here three versions of one C library free the same two blocks.',
  question: {
    text: 'b is freed after a. What stands in the first word of b then?',
    choices: ['the address of a, in every version', 'it depends on the version', 'the bytes of b'],
    right: 1,
  },
  play: (state, notes) => {
    const links = versions.map((version) => freeTwo(state, notes, version));
    notes.check('2.31 writes the address of a', links[0].address, links[0].link);
    for (const { version, address, at, link } of links.slice(1))
      notes.check(`${version} mixes it with its own place`, address ^ (at >> 12n), link);
    return 'It depends: 2.31 writes the address as it is; 2.32 and later mix it with the place it stands at (safe-linking). Other systems have other mallocs altogether.';
  },
};

/** Frees a, then b, in one version. @returns the link that stands in b */
function freeTwo(
  state: State,
  notes: Notes,
  version: GlibcVersion,
): { version: GlibcVersion; address: bigint; at: bigint; link: bigint | null } {
  const heap = Heap.create({ glibc: version, source: mmapWindow({ name: `lesson glibc ${version}` }) });
  state.heaps.push(heap);
  const names = new Names();
  const [a, b] = [heap.malloc(24), heap.malloc(24)].map(Number);
  const [address, at] = [heap.address(a), heap.address(b)];
  names.set(address, 'a');
  heap.view(b).fill(0x62);
  const region = glibcChunk(heap, 'b', b, names, ['next', 'key']);
  notes.watch({ ...region, title: `chunk b, glibc ${version}; a is at ${hex(address)}` });
  notes.call(`glibc ${version}: free(a), free(b)`, () => {
    heap.free(a);
    heap.free(b);
  });
  return { version, address, at, link: readWord(at) };
}

export const whyMalloc: Lesson = defineLesson<State>({
  number: 2,
  name: 'why-malloc',
  title: 'Why malloc exists',
  about:
    'A call to the kernel is slow, and the kernel deals in pages. So a library stands between: it takes a reasonable piece of address space and manages it by itself. Here both ways do the same work, counted and timed.',
  open: () => ({ mappings: [], heaps: [] }),
  close: ({ mappings, heaps }) => {
    for (const mapping of mappings) mapping.unmap();
    for (const heap of heaps) heap.destroy();
  },
  steps: [bySystemCalls, byArena, price, asksAgain, everyOneDiffers],
});
