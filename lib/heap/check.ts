/**
 * Every invariant of a sound heap, by name. All violations are returned, not only the first.
 *
 * | rule | every sound heap has |
 * | chunk-sizes | sizes that are multiples of 16 and fill each heap exactly |
 * | top-at-end | a top with flag P that ends where its heap ends |
 * | footer-agrees | prev_size behind each free chunk equal to its size |
 * | free-flag-p | flag P in every free chunk: no two free neighbours |
 * | free-on-list | every free chunk on exactly one bin, every binned chunk free |
 * | arena-flag | flag A in used chunks of thread arenas only, in no free chunk |
 * | list-links | lists that end, inside the heap, with fd and bk that agree |
 * | bin-sizes | in each bin the sizes that belong there, large ones sorted |
 * | size-ring | a ring over the first chunk of each size in a large bin |
 * | binmap | a set bit for every bin that is not empty |
 * | cache-entries | counts that agree, entries of their class with the key |
 * | fast-entries | fastbin chunks of their slot's size, have_fast set |
 * | system-mem | system_mem equal to what the arena's heaps hold |
 */
import type { Violation } from '../core/index.ts';
import type { Arenas } from './arenas.ts';
import { checkBins, checkCache, checkFast } from './check-lists.ts';
import { NON_MAIN_ARENA, PREV_INUSE } from './layout.ts';
import { type FreeList, readLists } from './lists.ts';
import { type Region, regionsOf, type WalkedChunk, walkRegion } from './walk.ts';

/** Collects violations. */
export type Report = (rule: string, chunk: number, message: string) => void;

/** @returns every broken invariant; empty for a sound heap */
export function checkHeap(heap: Arenas): Violation[] {
  const violations: Violation[] = [];
  const report: Report = (rule, chunk, message) => violations.push({ rule, chunk, message });
  const lists = readLists(heap);
  const onBins = chunksOnBins(lists, report);
  const free = new Set<number>();
  const regions = regionsOf(heap);
  for (const region of regions) checkRegion(heap, region, onBins, free, report);
  for (const [chunk, list] of onBins) {
    if (!free.has(chunk)) report('free-on-list', chunk, `stands on bin ${list.index} but is not free`);
  }
  checkSystemMem(heap, regions, report);
  for (const list of lists) {
    if (list.problem !== undefined) report('list-links', list.head, list.problem);
    if (list.kind === 'tcache') checkCache(heap, list, report);
    else if (list.kind === 'fastbin') checkFast(heap, list, report);
    else checkBins(heap, list, report);
  }
  return violations;
}

function chunksOnBins(lists: FreeList[], report: Report): Map<number, FreeList> {
  const found = new Map<number, FreeList>();
  for (const list of lists) {
    if (list.kind === 'tcache' || list.kind === 'fastbin') continue;
    for (const chunk of list.chunks) {
      const other = found.get(chunk);
      if (other) report('free-on-list', chunk, `stands on bin ${other.index} and on bin ${list.index}`);
      found.set(chunk, list);
    }
  }
  return found;
}

function checkRegion(
  heap: Arenas,
  region: Region,
  onBins: Map<number, FreeList>,
  free: Set<number>,
  report: Report,
): void {
  const isListed = region.arena === heap.arena;
  let previous: WalkedChunk | undefined;
  for (const chunk of walkRegion(heap, region)) {
    if (chunk.problem !== undefined) report('chunk-sizes', chunk.offset, chunk.problem);
    if (chunk.kind === 'free') {
      free.add(chunk.offset);
      if (isListed) checkFree(heap, chunk, onBins, report);
    }
    if (chunk.kind === 'in-use' && region.kind !== 'mapping') checkUsed(region, chunk, report);
    if (previous === undefined && region.kind !== 'mapping' && (chunk.raw & PREV_INUSE) === 0) {
      report('free-flag-p', chunk.offset, 'the first chunk says that the one before is free: P is 0');
    }
    previous = chunk;
  }
  if (previous === undefined || region.kind === 'mapping' || previous.problem !== undefined) return;
  checkEnd(heap, region, previous, report);
}

function checkEnd(heap: Arenas, region: Region, last: WalkedChunk, report: Report): void {
  const end = last.offset + last.sizeBytes;
  if (end !== region.end) report('chunk-sizes', last.offset, `ends at ${end}, its heap at ${region.end}`);
  const top = heap.w[(region.arena + heap.topAt) >>> 2];
  const holdsTop = top >= region.start && top < region.end;
  if (holdsTop && last.offset !== top) {
    report('top-at-end', top, `the walk ends at chunk ${last.offset}, top is at ${top}`);
  }
  if (last.kind === 'top' && (last.raw & PREV_INUSE) === 0) {
    report('top-at-end', top, 'top says that the chunk before it is free: P is 0');
  }
}

function checkFree(heap: Arenas, chunk: WalkedChunk, onBins: Map<number, FreeList>, report: Report): void {
  const { offset, sizeBytes, raw } = chunk;
  const footer = heap.word(offset + sizeBytes);
  if (footer !== sizeBytes)
    report('footer-agrees', offset, `size ${sizeBytes}, prev_size behind it ${footer}`);
  if ((raw & PREV_INUSE) === 0) report('free-flag-p', offset, 'free, and so is the chunk before it');
  if ((raw & NON_MAIN_ARENA) !== 0) report('arena-flag', offset, 'free, with flag A set');
  if (!onBins.has(offset)) report('free-on-list', offset, `free, ${sizeBytes} bytes, on no bin`);
}

function checkUsed(region: Region, chunk: WalkedChunk, report: Report): void {
  const hasFlag = (chunk.raw & NON_MAIN_ARENA) !== 0;
  if (region.kind === 'main' && hasFlag) report('arena-flag', chunk.offset, 'flag A in the main arena');
  if ((chunk.raw & 2) !== 0) report('arena-flag', chunk.offset, 'flag M in a heap');
}

function checkSystemMem(heap: Arenas, regions: Region[], report: Report): void {
  const own = regions.filter((region) => region.arena === heap.arena && region.arena !== 0);
  const held = own.reduce((sum, region) => sum + region.end - region.start, 0);
  const systemMem = heap.arena === 0 ? 0 : heap.word(heap.arena + heap.systemMemAt);
  const isContiguous = heap.arena !== 0 && (heap.w[(heap.arena >>> 2) + 1] & 2) === 0;
  if ((isContiguous || heap.threaded) && held !== systemMem) {
    report('system-mem', heap.arena, `system_mem is ${systemMem}, the heaps hold ${held} bytes`);
  }
}
