/**
 * A shared heap as a whole: chunks, totals and invariants of every arena. Call with every lock held. The caches of
 * other threads go on meanwhile: what lies in them counts as in use.
 */
import type { Violation } from '../../core/index.ts';
import type { Arenas } from '../arenas.ts';
import { checkHeap } from '../check.ts';
import { MAIN_ARENA } from '../layout.ts';
import { countBytes, type HeapChunk, type HeapStats, listChunks } from '../report.ts';
import { arenaLock, SYSTEM_LOCK } from './control.ts';
import type { LockedHeap } from './locked.ts';
import type { LockCounts } from './locks.ts';

/** One arena of a shared heap. */
export interface ArenaStats extends LockCounts {
  /** Offset of its state struct. */
  arena: number;
  kind: 'main' | 'thread';
  /** Bytes taken from the system, now and at most. */
  systemBytes: number;
  peakSystemBytes: number;
  /** Threads that allocate from it. */
  threads: number;
  /** A thread ended while it changed this arena, and check() has not passed since. */
  isDamaged: boolean;
}

/** Totals of a shared heap, and what each arena has of them. */
export interface SharedHeapStats extends HeapStats {
  arenas: ArenaStats[];
  /** The lock of mappings, break and list of arenas. */
  system: LockCounts;
  /** Threads attached now. */
  threads: number;
}

type Heap = Arenas & LockedHeap;

/** Runs with each arena in turn as if it were this thread's. */
function eachArena<T>(heap: Heap, look: (av: number) => T): T[] {
  const { arena, threaded } = heap;
  try {
    return heap.arenas().map((av) => {
      heap.arena = av;
      heap.threaded = av !== MAIN_ARENA;
      return look(av);
    });
  } finally {
    heap.arena = arena;
    heap.threaded = threaded;
  }
}

/** @returns every chunk in address order */
export function chunksOfAll(heap: Heap): HeapChunk[] {
  const chunks = eachArena(heap, (av) => {
    const belongs =
      av === MAIN_ARENA ? (kind: string) => kind !== 'thread' : (kind: string) => kind === 'thread';
    return listChunks(heap).filter(({ region }) => belongs(region));
  }).flat();
  return chunks.sort((a, b) => a.offset - b.offset);
}

/** @returns every broken invariant of every arena, each once */
export function checkAll(heap: Heap): Violation[] {
  dropUnfinishedMappings(heap);
  const { tcache } = heap;
  const all = eachArena(heap, () => {
    const found = checkHeap(heap);
    heap.tcache = 0;
    return found;
  }).flat();
  heap.tcache = tcache;
  const byText = new Map(all.map((violation) => [JSON.stringify(violation), violation]));
  return [...byText.values()];
}

/**
 * Unmaps mappings that have no header: their thread ended between the system's call and the header, or between the
 * end of the header and the system's call. Nobody has a pointer to them.
 */
function dropUnfinishedMappings(heap: Heap): void {
  if (!heap.locks.isDamaged(SYSTEM_LOCK)) return;
  for (const [start, bytes] of [...heap.space.mappings]) {
    if (heap.word(start) === 0 && heap.word(start + 8) === 0) heap.space.unmap(start, bytes);
  }
}

/** @returns totals and the numbers of each arena */
export function statsOfAll(heap: Heap, threads: number): SharedHeapStats {
  const stats = countBytes(heap, chunksOfAll(heap));
  const arenas = heap.arenas().map((av) => arenaStats(heap, av));
  stats.mallinfo.arena = arenas.reduce((sum, { systemBytes }) => sum + systemBytes, 0);
  stats.mallinfo.uordblks = stats.mallinfo.arena - stats.mallinfo.fordblks;
  return { ...stats, arenas, system: heap.locks.counts(SYSTEM_LOCK), threads };
}

function arenaStats(heap: Heap, av: number): ArenaStats {
  const { attachedThreads } = heap.profile.state;
  return {
    arena: av,
    kind: av === MAIN_ARENA ? 'main' : 'thread',
    systemBytes: heap.word(av + heap.systemMemAt),
    peakSystemBytes: heap.word(av + heap.systemMemAt + 8),
    threads: heap.word(av + attachedThreads),
    isDamaged: heap.locks.isDamaged(arenaLock(av)),
    ...heap.locks.counts(arenaLock(av)),
  };
}
