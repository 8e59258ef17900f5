/** Reads the free lists of an arena and the cache, bounded, whatever damage they have. */
import type { Arenas } from './arenas.ts';
import { largeBinIndex } from './large-bin.ts';

/** A list of free chunks. */
export interface FreeList {
  kind: 'tcache' | 'fastbin' | 'unsorted' | 'small' | 'large';
  /** Number of the bin, slot or class. */
  index: number;
  /** Chunk size of the list; smallest size of a large bin; 0 for unsorted. */
  sizeBytes: number;
  /** Offset of the head. */
  head: number;
  /** Chunk headers in the list's order (bins: from the front). */
  chunks: number[];
  /** Entries the cache counts; undefined elsewhere. */
  count?: number;
  /** Why reading stopped early, if it did. */
  problem?: string;
}

/** Entries of a list: what a Set can hold. */
const most = 2 ** 24 - 2;

/** @returns every list of the cache and of this thread's arena that is not empty */
export function readLists(heap: Arenas): FreeList[] {
  const lists = [...cacheLists(heap)];
  const av = heap.arena;
  if (av === 0 || !heap.space.isAccessible(av, heap.profile.state.sizeBytes)) return lists;
  if (heap.fastbinsAt >= 0) {
    for (let slot = 0; slot < 10; slot++) {
      const list = readSingle(heap, av + heap.fastbinsAt + 8 * slot, 16);
      lists.push({ kind: 'fastbin', index: slot, sizeBytes: 32 + 16 * slot, ...list });
    }
  }
  for (let index = 1; index < 127; index++) lists.push(readBin(heap, av, index));
  return lists.filter(
    (list) => list.chunks.length > 0 || list.problem !== undefined || (list.count ?? 0) > 0,
  );
}

function* cacheLists(heap: Arenas): Generator<FreeList> {
  const t = heap.tcache;
  if (t === 0) return;
  const { cacheClasses } = heap.profile;
  for (let index = 0; index < Math.min(64, cacheClasses); index++) {
    const list = readSingle(heap, heap.cacheHeadAt(index), 0);
    const count = heap.cacheLength - heap.cacheRoom(index);
    yield { kind: 'tcache', index, sizeBytes: 32 + 16 * index, ...list, count };
  }
}

/**
 * Reads a singly linked list whose links are mangled where the version does so.
 * @param linkAt offset of the link inside an entry, from the address that the list holds
 */
function readSingle(
  heap: Arenas,
  head: number,
  linkAt: number,
): { head: number; chunks: number[]; problem?: string } {
  const chunks: number[] = [];
  const seen = new Set<number>();
  let low = heap.w[head >>> 2];
  let high = heap.w[(head >>> 2) + 1];
  while ((low | high) !== 0) {
    const chunk = linkAt === 0 ? low - 16 : low;
    if (high !== heap.hi || !heap.space.isAccessible(chunk, 32)) {
      return { head, chunks, problem: 'a link leads out of accessible memory' };
    }
    if (seen.has(low) || chunks.length > most) return { head, chunks, problem: 'the list runs in a circle' };
    if ((low & 15) !== 0) return { head, chunks, problem: 'a link is not 16-aligned' };
    seen.add(low);
    chunks.push(chunk);
    const place = low + linkAt;
    const nextLow = (heap.w[place >>> 2] ^ (((place >>> 12) | heap.mangleLo) & heap.linkMask)) >>> 0;
    high = (heap.w[(place >>> 2) + 1] ^ heap.mangleHi) >>> 0;
    low = nextLow;
  }
  return { head, chunks };
}

function readBin(heap: Arenas, av: number, index: number): FreeList {
  const head = av + heap.headsAt + 16 * index;
  const kind = index === 1 ? 'unsorted' : index < 64 ? 'small' : 'large';
  const list: FreeList = { kind, index, sizeBytes: smallestOf(index), head, chunks: [] };
  const seen = new Set<number>([head]);
  for (let at = head; list.chunks.length < most; ) {
    const i = (at >>> 2) + 4;
    const next = heap.w[i];
    if (next === head && heap.w[i + 1] === heap.hi) return list;
    if (heap.w[i + 1] !== heap.hi || !heap.space.isAccessible(next, 48) || (next & 15) !== 0) {
      list.problem = 'an fd link leads out of accessible memory, or is not 16-aligned';
      return list;
    }
    if (seen.has(next)) {
      list.problem = 'the fd links run in a circle';
      return list;
    }
    seen.add(next);
    list.chunks.push(next);
    at = next;
  }
  list.problem = 'the list is longer than can be read';
  return list;
}

/** @returns the smallest chunk size of a bin, 0 for unsorted */
export function smallestOf(index: number): number {
  if (index < 2) return 0;
  if (index < 64) return index * 16;
  let size = 1024;
  while (largeBinIndex(size) < index) size += 64;
  return size;
}

/** @returns a list's name, for example `tcache[0x20]` or `unsorted` */
export function listName(list: FreeList): string {
  return list.kind === 'unsorted' ? 'unsorted' : `${list.kind}[0x${list.sizeBytes.toString(16)}]`;
}
