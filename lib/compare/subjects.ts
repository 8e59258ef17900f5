/** The allocators of this package that a trace can be replayed on, each on fresh pages. */
import { ARENA_HEADER_BYTES, ChunkList, type Placement } from '../chunklist/index.ts';
import {
  type Allocator,
  alignUp,
  GiB,
  MiB,
  type Pointer,
  requireOneOf,
  type WindowSource,
} from '../core/index.ts';
import { type GlibcVersion, Heap, type HeapOptions, type Tunables } from '../heap/index.ts';
import { mmapSource, mmapWindow } from '../pages/index.ts';
import { residentBytes } from '../posix/index.ts';
import { HeapPlaces } from './heap-places.ts';
import type { TimelineSubject } from './timeline.ts';

/** Names as the command line has them. */
export type SubjectName = 'heap' | 'chunklist';

/** All of them. */
export const subjectNames: readonly SubjectName[] = ['heap', 'chunklist'];

/** What a subject can be told. */
export interface SubjectOptions {
  /** Search order of `chunklist`. @defaultValue 'first-fit' */
  placement?: Placement;
  /** C library that `heap` is. @defaultValue '2.36' */
  glibc?: GlibcVersion;
  /** Arena of `heap`. @defaultValue 'main' */
  arena?: 'main' | 'thread';
  /** Threads of `heap`, 2 or more, told apart by `enterThread`; `arena` is then the main thread's. */
  threads?: number;
  /** Cores of the machine that `heap` simulates. */
  cores?: number;
  /** Start-up parameters of `heap`. */
  tunables?: Tunables;
  /** Huge pages for the window of `heap`, as for `mmapWindow`. */
  transparentHugePages?: boolean;
  /** Each growth of a subject's pages is a call of its own, as far as the system's page size lets it. */
  everyCall?: boolean;
  /** One of many heaps of its process: it takes no code of its own (`HeapOptions`). */
  sharedCode?: boolean;
}

/** A fresh allocator, with what the comparison wants to know beyond `Allocator`. */
export interface Subject extends TimelineSubject {
  allocator: Allocator;
  /** The allocator, where it is the glibc heap. */
  heap?: Heap;
  /** System calls of its pages so far, by name. */
  systemCalls: Readonly<Record<string, number>>;
  /** Most bytes it ever had from the system at one time. */
  peakHeapBytes: () => number;
  /** The placement line of a block, right after the call that gave it. */
  place: (pointer: Pointer | null) => string;
  /** The arena's bytes from its first one to its last, as they are now. */
  image: () => Uint8Array;
  /** Gives the memory back, where that can be done without the address space; only `destroy` may follow. */
  empty?: () => void;
}

const arenaLimitBytes = 2 * GiB;
const label = 'chunkyard replay';

/**
 * Makes an allocator with an empty arena on real pages.
 * @param name which
 * @param options for it
 * @throws ArgumentError; PosixError when there is no room for the arena
 */
export function makeSubject(name: SubjectName, options: SubjectOptions = {}): Subject {
  return requireOneOf('name', name, subjectNames) === 'heap' ? makeHeap(options) : makeChunkList(options);
}

function makeChunkList({ placement = 'first-fit', everyCall }: SubjectOptions): Subject {
  const step = everyCall ? { commitStepBytes: 1 } : {};
  const source = mmapSource({ limitBytes: arenaLimitBytes, name: label, ...step });
  const allocator = ChunkList.create({ source, placement });
  return {
    allocator,
    systemCalls: source.systemCalls,
    heapBytes: () => source.committedBytes,
    topBytes: () => null,
    residentBytes: () => residentBytes(source.baseAddress, source.committedBytes),
    bytes: () => allocator.bytes,
    peakHeapBytes: () => allocator.stats().peakHeapBytes,
    place: (pointer) => (pointer === null ? '0' : String(pointer - ARENA_HEADER_BYTES)),
    image: () => allocator.bytes,
  };
}

function makeHeap({ everyCall, transparentHugePages, ...options }: SubjectOptions): Subject {
  const step = everyCall ? { commitStepBytes: 1 } : {};
  const source = mmapWindow({ name: label, transparentHugePages, ...step });
  const heap = createHeap({ source, ...heapOptions(options) });
  const places = new HeapPlaces(heap);
  return {
    allocator: heap,
    heap,
    systemCalls: source.systemCalls,
    heapBytes: () => heap.space.accessibleBytes,
    topBytes: () => heap.topBytes(),
    residentBytes: () => residentOf(heap),
    bytes: () => heap.b,
    peakHeapBytes: () => heap.space.peakBytes,
    place: (pointer) => places.line(pointer),
    image: () => imageOf(heap),
    empty: () => emptyWindow(heap),
  };
}

/** What was committed is whole units, huge pages too. */
const emptyUnitBytes = 2 * MiB;

function emptyWindow({ space }: Heap): void {
  for (const [start, end] of space.accessibleRanges()) {
    const from = start - (start % emptyUnitBytes);
    const to = Math.min(alignUp(end, emptyUnitBytes), space.source.sizeBytes);
    space.source.discard(from, to - from);
  }
}

/** Pages of break, thread heaps and mappings that were really written to. */
function residentOf({ space }: Heap): number | null {
  let sum = 0;
  for (const [start, end] of space.accessibleRanges()) {
    // The C library's data is no heap.
    if (start < space.lowestHeap) continue;
    const bytes = residentBytes(space.source.baseAddress + BigInt(start), end - start);
    if (bytes === null) return null;
    sum += bytes;
  }
  return sum;
}

/** @returns what of a subject's options is the heap's, absent where it is not told */
export function heapOptions({
  glibc,
  arena,
  threads,
  cores,
  tunables,
  sharedCode,
}: SubjectOptions): HeapOptions {
  return {
    ...(glibc ? { glibc } : {}),
    ...(arena ? { arena } : {}),
    ...(threads ? { threads } : {}),
    ...(cores ? { cores } : {}),
    ...(tunables ? { tunables } : {}),
    ...(sharedCode ? { sharedCode } : {}),
  };
}

/** A window whose heap is refused goes at once. */
function createHeap(options: HeapOptions & { source: WindowSource }): Heap {
  try {
    return Heap.create(options);
  } catch (error) {
    options.source.release();
    throw error;
  }
}

/** The break's area, or the heaps of a thread arena one after the other, oldest first. */
function imageOf(heap: Heap): Uint8Array {
  const newest = heap.snapshot();
  const parts = [newest.bytes];
  if (heap.threaded && newest.bytes.length > 0) {
    const before = (start: number): number => heap.offsetOf(heap.peek(heap.real(start + HEAP_PREV)));
    const hasPrevious = (start: number): boolean => heap.peek(heap.real(start + HEAP_PREV)) !== 0n;
    for (let start = newest.startOffset; hasPrevious(start); ) {
      start = before(start);
      parts.unshift(heap.b.slice(start, start + heap.word(start + HEAP_SIZE)));
    }
  }
  return Buffer.concat(parts);
}

/** Words of a thread heap's header: the heap before it, its accessible bytes. */
const HEAP_PREV = 8;
const HEAP_SIZE = 16;
