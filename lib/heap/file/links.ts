/**
 * All that is linked in a heap with one arena, taken out of memory as plain data and written again: for another base
 * address, or after chunks were walked anew.
 */
import type { CountedCache } from '../counted-cache.ts';
import {
  IS_MAPPED,
  MAIN_ARENA,
  MAPPED_MEM,
  N_MMAPS,
  NARENAS,
  NEXT_ARENA,
  ROOT,
  SBRK_BASE,
  THREAD_WORDS,
} from '../layout.ts';
import { type FreeList, readLists } from '../lists.ts';

/** Everything that is an address in memory. */
export interface Links {
  lists: FreeList[];
  /** 0: no memory yet. */
  top: number;
  /** 0: none. */
  lastRemainder: number;
  /** The cache's struct, 0: none. */
  cache: number;
  sbrkBase: number;
  root: number;
}

/** @returns what is linked in a sound heap */
export function readLinks(heap: CountedCache): Links {
  const top = heap.w[(MAIN_ARENA + heap.topAt) >>> 2];
  return {
    lists: readLists(heap),
    top: top === MAIN_ARENA + heap.unsortedAt ? 0 : top,
    lastRemainder: heap.w[(MAIN_ARENA + heap.lastRemainderAt) >>> 2],
    cache: heap.tcache,
    sbrkBase: heap.w[SBRK_BASE >>> 2],
    root: heap.w[ROOT >>> 2],
  };
}

/** Takes over what the memory of an opened heap says about its one thread. */
export function adoptThread(heap: CountedCache): void {
  const t = THREAD_WORDS >>> 2;
  heap.tcache = heap.w[t];
  heap.keyLo = heap.w[t + 4] | 0;
  heap.keyHi = heap.w[t + 5] | 0;
  useAddressKey(heap);
}

/** Where the key is the struct's address, that. */
function useAddressKey(heap: CountedCache): void {
  if (heap.profile.cacheKey !== 'address' || heap.tcache === 0) return;
  heap.keyLo = heap.tcache | 0;
  heap.keyHi = heap.hi;
}

/** Writes every link, for the heap's own base. Chunk headers are left as they are. */
export function writeLinks(heap: CountedCache, links: Links): void {
  const { w } = heap;
  writeArena(heap, links);
  heap.setPointer(THREAD_WORDS + 8, MAIN_ARENA);
  heap.setPointer(SBRK_BASE, links.sbrkBase);
  heap.setPointer(ROOT, links.root);
  heap.setWord(NARENAS, 1);
  heap.setPointer(NEXT_ARENA, MAIN_ARENA);
  writeCache(heap, links);
  for (const list of links.lists) {
    if (list.kind === 'tcache') continue;
    if (list.kind === 'fastbin') writeFast(heap, list);
    else writeBin(heap, list);
  }
  w[THREAD_WORDS >>> 2] = links.cache;
}

function writeArena(heap: CountedCache, links: Links): void {
  const { w, profile } = heap;
  heap.initArena(MAIN_ARENA);
  if (heap.fastbinsAt >= 0) {
    w.fill(0, (MAIN_ARENA + heap.fastbinsAt) >>> 2, (MAIN_ARENA + heap.fastbinsAt + 80) >>> 2);
    const haveFast = (MAIN_ARENA + heap.haveFastAt) >>> 2;
    w[haveFast] = (w[haveFast] & ~heap.fastMask) | heap.noFast;
  }
  w.fill(0, (MAIN_ARENA + heap.binmapAt) >>> 2, (MAIN_ARENA + heap.binmapAt + 16) >>> 2);
  heap.setPointer(MAIN_ARENA + profile.state.next, MAIN_ARENA);
  heap.setPointer(MAIN_ARENA + heap.lastRemainderAt, links.lastRemainder);
  if (links.top !== 0) heap.setPointer(MAIN_ARENA + heap.topAt, links.top);
}

function writeCache(heap: CountedCache, links: Links): void {
  const { cache } = links;
  heap.setPointer(THREAD_WORDS, cache);
  heap.tcache = cache;
  useAddressKey(heap);
  if (cache === 0) return;
  heap.b.fill(0, cache, cache + heap.profile.cacheStructBytes);
  heap.prepareCache(cache);
  for (const { kind, index, chunks } of links.lists) {
    if (kind !== 'tcache') continue;
    for (const chunk of chunks.toReversed()) heap.cachePut(index, chunk + 16);
  }
}

/** Pushes the entries of a fastbin, the last first. */
function writeFast(heap: CountedCache, list: FreeList): void {
  const { w } = heap;
  const slot = (MAIN_ARENA + heap.fastbinsAt + 8 * list.index) >>> 2;
  for (const chunk of list.chunks.toReversed()) {
    const i = chunk >>> 2;
    const place = (chunk + 16) >>> 12;
    w[i + 4] = w[slot] ^ ((place | heap.mangleLo) & heap.linkMask);
    w[i + 5] = w[slot + 1] ^ heap.mangleHi;
    w[slot] = chunk;
    w[slot + 1] = heap.hi;
  }
  const haveFast = (MAIN_ARENA + heap.haveFastAt) >>> 2;
  if (list.chunks.length > 0) w[haveFast] = (w[haveFast] & ~heap.fastMask) | (heap.noFast ^ 1);
}

/** Joins the chunks of a bin in their order, and in a large bin the ring over their sizes. */
function writeBin(heap: CountedCache, list: FreeList): void {
  const { w } = heap;
  const { index } = list;
  const head = MAIN_ARENA + heap.headsAt + 16 * index;
  const circle = [head, ...list.chunks, head];
  for (let k = 1; k < circle.length; k++) {
    heap.setPointer(circle[k - 1] + 16, circle[k]);
    heap.setPointer(circle[k] + 24, circle[k - 1]);
  }
  if (index > 1) w[(MAIN_ARENA + heap.binmapAt + ((index >>> 5) << 2)) >>> 2] |= 1 << (index & 31);
  const sizeOf = (chunk: number): number => (w[(chunk >>> 2) + 2] & ~7) >>> 0;
  const isFirst = (k: number): boolean =>
    list.kind === 'large' && (k === 0 || sizeOf(list.chunks[k - 1]) !== sizeOf(list.chunks[k]));
  const firsts = list.chunks.filter((_, k) => isFirst(k));
  for (const chunk of list.chunks)
    if (sizeOf(chunk) >= 1024) w.fill(0, (chunk >>> 2) + 8, (chunk >>> 2) + 12);
  firsts.forEach((chunk, k) => {
    const next = firsts[(k + 1) % firsts.length];
    heap.setPointer(chunk + 32, next);
    heap.setPointer(next + 40, chunk);
  });
}

/** @returns by how many the own mappings that are written down differ from those that are counted */
export function uncountedMappings(heap: CountedCache): number {
  return heap.space.mappings.size - heap.w[N_MMAPS >>> 2];
}

/** Counts own mappings again. */
export function countMappings(heap: CountedCache): void {
  let bytes = 0;
  for (const length of heap.space.mappings.values()) bytes += length;
  heap.w[N_MMAPS >>> 2] = heap.space.mappings.size;
  heap.setWord(MAPPED_MEM, bytes);
}

/** @returns true when a word pair at the start of a mapping is a header; what a mapping's flags are */
export function isMappedHeader(raw: number): boolean {
  return (raw & 7) === IS_MAPPED;
}
