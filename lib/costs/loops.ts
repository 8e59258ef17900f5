/** The cases that are loops in JavaScript: the way to the addon, and allocators that the caller brings. */
import { KiB, MiB } from '../core/index.ts';
import { mmap } from '../pages/index.ts';
import { constants, crossings, native, pageSize } from '../posix/index.ts';
import { mallocSizes } from './cases-work.ts';
import type { Loop } from './measure.ts';

/** A loop that is set up when its turn comes. */
export interface LoopCase {
  name: string;
  /** Makes what the loop works on; `settle` prepares it when the loop has been compiled, `end` lets it go. */
  make(): { loop: Loop; settle?: () => void; end?: () => void };
}

/** As much of an allocator as is timed. */
export interface TimedAllocator {
  malloc(size: number): number | null;
  free(pointer: number): void;
}

/**
 * Loops of malloc and free on one allocator.
 * @param prefix of the case's name: `heap` gives `heap-malloc-free-32`
 * @param sizes words of the case's names, keys of `mallocSizes`
 * @param open makes the allocator for blocks of so many bytes, and lets it go
 */
export function allocatorLoops(
  prefix: string,
  sizes: readonly string[],
  open: (bytes: number) => { allocator: TimedAllocator; settle?: () => void; end?: () => void },
): LoopCase[] {
  const loopOver = makeLoop(prefix);
  const openFor = (size: string): ReturnType<LoopCase['make']> => {
    const bytes = mallocSizes[size];
    const { allocator, ...more } = open(bytes);
    return { loop: loopOver(allocator, bytes), ...more };
  };
  let isMixed = false;
  // All sizes are used before the first of them is timed, as a program would. An engine that has seen one size only
  // compiles code for that size alone, three times as fast: the cost would hang on which case comes first.
  const make = (size: string): ReturnType<LoopCase['make']> => {
    for (const other of isMixed ? [] : sizes) {
      const { loop, end } = openFor(other);
      loop(mixedOperations);
      end?.();
    }
    isMixed = true;
    return openFor(size);
  };
  return sizes.map((size) => ({ name: `${prefix}-malloc-free-${size}`, make: () => make(size) }));
}

const mixedOperations = 20_000;

/**
 * A loop of code of its own, made from text: functions from one place in a source share what the engine has learnt of
 * their calls, and one allocator's loop would be compiled for all of them. No memory would be a pointer of 0, which every
 * allocator refuses to free.
 */
function makeLoop(name: string): (allocator: TimedAllocator, bytes: number) => Loop {
  const body = `return (operations) => {
    // ${name}
    for (let i = 0; i < operations; i++) allocator.free(allocator.malloc(bytes) ?? 0);
  };`;
  return new Function('allocator', 'bytes', body) as ReturnType<typeof makeLoop>;
}

/** The process's own malloc, through the addon. As in C, blocks come from the top of its heap. */
export function addonMallocLoops(): LoopCase[] {
  return allocatorLoops('addon', ['32', '4k', '64k'], (bytes) => {
    const { nativeMalloc: malloc, nativeFree: free } = native();
    const held: number[] = [];
    return {
      allocator: { malloc, free },
      // What the engine's compilers have freed would be taken first, and cut up.
      settle: () => {
        // The smallest come from a cache of the thread.
        while (bytes > KiB && held.length * bytes < heldBytes) held.push(malloc(bytes));
      },
      end: () => held.forEach(free),
    };
  });
}

/** More than an engine that has just started has freed. */
const heldBytes = 8 * MiB;

/** The ways to the addon, from none at all to a method of `Mapping`. */
export function crossingLoops(): LoopCase[] {
  return [
    { name: 'js-call', make: () => ({ loop: loopOverCall() }) },
    { name: 'js-clock', make: () => ({ loop: repeat(() => process.hrtime.bigint()) }) },
    ...Object.entries(bareLoops).map(([name, loop]) => ({ name, make: () => ({ loop: loop() }) })),
    { name: 'js-mprotect-flip', make: flipThroughAddon },
    { name: 'js-mmap-munmap-4k-fenced', make: mapThroughAddon },
    { name: 'js-mapping-protect', make: protectThroughMapping },
  ];
}

/** Each loop is a closure of its own code, so that no other case's functions pass through it. */
const bareLoops: Readonly<Record<string, () => Loop>> = {
  'napi-call': () => {
    const { bare } = crossings();
    return (operations) => {
      for (let i = 0; i < operations; i++) bare();
    };
  },
  'addon-api-call': () => {
    const { addonApi } = crossings();
    return (operations) => {
      for (let i = 0; i < operations; i++) addonApi();
    };
  },
  'napi-call-number': () => {
    const { number } = crossings();
    return (operations) => {
      for (let i = 0; i < operations; i++) number(i);
    };
  },
  'napi-call-bigint': () => {
    const { bigint } = crossings();
    return (operations) => {
      for (let i = 0; i < operations; i++) bigint(0x7f00_0000_0000n);
    };
  },
  'napi-call-throw': () => {
    const { fail } = crossings();
    return (operations) => {
      for (let i = 0; i < operations; i++) {
        try {
          fail();
        } catch {
          // What is timed is the throw.
        }
      }
    };
  },
  'js-null-call': () => {
    const { parentId } = crossings();
    return (operations) => {
      for (let i = 0; i < operations; i++) parentId();
    };
  },
};

/** A function that the compiler may not put in place of its call, because it is one of three. */
function loopOverCall(): Loop {
  const functions = [() => 1, () => 2, () => 3];
  let sum = 0;
  return (operations) => {
    for (let i = 0; i < operations; i++) sum += functions[i % 3]();
    if (sum < 0) throw new Error('unreachable');
  };
}

function repeat(operation: () => unknown): Loop {
  return (operations) => {
    for (let i = 0; i < operations; i++) operation();
  };
}

function succeed(result: number | object): void {
  if (typeof result === 'number' && result < 0) throw new Error(`a timed call was refused: ${-result}`);
}

/** One touched page between two without access, as in the native mprotect-flip. */
function flipThroughAddon(): { loop: Loop; end: () => void } {
  const { PROT_READ, PROT_WRITE } = constants();
  const page = pageSize();
  const { mapping, end } = fencedPage();
  const { mprotect } = native();
  let turn = 0;
  const loop: Loop = (operations) => {
    for (let i = 0; i < operations; i++) {
      succeed(mprotect(mapping, page, page, turn++ % 2 === 0 ? PROT_READ : PROT_READ | PROT_WRITE));
    }
  };
  return { loop, end };
}

function fencedPage(): { mapping: ReturnType<typeof mapAt>; end: () => void } {
  const { PROT_NONE } = constants();
  const page = pageSize();
  const mapping = mapAt(0n, 3 * page);
  new Uint8Array(native().buffer(mapping, page, page))[0] = 1;
  succeed(native().mprotect(mapping, 0, page, PROT_NONE));
  succeed(native().mprotect(mapping, 2 * page, page, PROT_NONE));
  return { mapping, end: () => void native().munmap(mapping) };
}

/** Between two pages without access, as in the native mmap-munmap-4k-fenced. */
function mapThroughAddon(): { loop: Loop; end: () => void } {
  const page = pageSize();
  const { PROT_NONE, PROT_READ, PROT_WRITE, MAP_ANONYMOUS, MAP_PRIVATE } = constants();
  const side = 128 * page;
  const whole = mapAt(0n, 2 * side + page, PROT_NONE);
  const start = native().address(whole);
  native().munmap(whole);
  const hole = start + BigInt(side);
  const fences = [start, hole + BigInt(page)].map((address) => crowd(mapAt(address, side, PROT_NONE), side));
  const { mmap: map, munmap } = native();
  const loop: Loop = (operations) => {
    for (let i = 0; i < operations; i++) {
      const mapping = map(hole, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (typeof mapping === 'number') throw new Error(`mmap was refused: ${-mapping}`);
      munmap(mapping);
    }
  };
  return { loop, end: () => fences.forEach((fence) => void native().munmap(fence)) };
}

/** As in C, many mappings around the hole: what one more costs depends on how they lie in the kernel's tree. */
function crowd(mapping: ReturnType<typeof mapAt>, lengthBytes: number): ReturnType<typeof mapAt> {
  const page = pageSize();
  for (let at = 2 * page; at < lengthBytes - 2 * page; at += 2 * page) {
    succeed(native().mprotect(mapping, at, page, constants().PROT_READ));
  }
  return mapping;
}

function mapAt(address: bigint, length: number, protection?: number): object & { __nativeMapping: never } {
  const { PROT_READ, PROT_WRITE, MAP_ANONYMOUS, MAP_PRIVATE } = constants();
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const mapping = native().mmap(address, length, protection ?? PROT_READ | PROT_WRITE, flags, -1, 0);
  if (typeof mapping === 'number') throw new Error(`mmap was refused: ${-mapping}`);
  return mapping as never;
}

/** What a user of the library writes. */
function protectThroughMapping(): { loop: Loop; end: () => void } {
  const page = pageSize();
  const mapping = mmap({ length: 3 * page });
  mapping.bytes[page] = 1;
  mapping.protect('none', { offset: 0, length: page });
  mapping.protect('none', { offset: 2 * page, length: page });
  const range = { offset: page, length: page };
  const loop: Loop = (operations) => {
    for (let i = 0; i < operations; i++) mapping.protect('r', range)[Symbol.dispose]();
  };
  return { loop, end: () => mapping.unmap() };
}
