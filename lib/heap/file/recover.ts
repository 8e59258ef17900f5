/**
 * Makes a heap sound again whose process died inside a call: boundaries from the survey, free chunks on the unsorted
 * list, cached blocks as far as their lists can be followed. Nothing is written before everything is decided.
 */
import type { Violation } from '../../core/index.ts';
import type { CountedCache } from '../counted-cache.ts';
import { MAIN_ARENA, PREV_INUSE, ROOT, SBRK_BASE } from '../layout.ts';
import { type FreeList, listName, readLists } from '../lists.ts';
import { regionsOf, walkRegion } from '../walk.ts';
import { countMappings, isMappedHeader, type Links, uncountedMappings } from './links.ts';
import type { RecoveryReport } from './report.ts';
import { type SurveyedChunk, survey } from './survey.ts';

/** What will be written. */
export interface RecoveryPlan {
  chunks: SurveyedChunk[];
  links: Links;
  /** New size words of own mappings, by the offset of their header. */
  mappedSizes: Map<number, number>;
  /** Mappings that hold no block. */
  emptyMappings: number[];
  report: RecoveryReport;
}

/** @returns what `check()` finds, and whether the mappings written down are those the heap has made */
export function inspect(heap: CountedCache): Violation[] {
  const uncounted = uncountedMappings(heap);
  // A heap whose break was refused has mappings that it does not count.
  if (uncounted === 0 || !isContiguous(heap)) return heap.check();
  const message = `${uncounted} more mappings than are counted`;
  return [...heap.check(), { rule: 'mappings-counted', chunk: 0, message }];
}

function isContiguous(heap: CountedCache): boolean {
  return (heap.w[(MAIN_ARENA >>> 2) + 1] & 2) === 0;
}

/**
 * Decides how to recover.
 * @param heap as its process left it, at the base its links are for
 * @param isTorn its links were being rewritten
 * @returns the plan, or why there is none
 */
export function planRecovery(heap: CountedCache, isTorn: boolean): RecoveryPlan | string {
  if (!isContiguous(heap)) return 'the main heap is not in one piece';
  const uncounted = uncountedMappings(heap);
  if (Math.abs(uncounted) > 1) return `${uncounted} more mappings than are counted`;
  const violations = inspect(heap);
  const found = survey(heap);
  if (found.failure !== undefined) return found.failure;
  const repairs = [...found.repairs];
  if (isTorn)
    repairs.push('links were being rewritten: a cached block that is on no list any more stays in use');
  const chunks = joinFree(found.chunks);
  const inUse = new Map<number, number>();
  for (const { offset, sizeBytes, state } of chunks) if (state === 'in-use') inUse.set(offset, sizeBytes);
  const cache = inUse.has(heap.tcache - 16) ? heap.tcache : 0;
  if (cache === 0 && heap.tcache !== 0) repairs.push('the cache is no block: begun anew');
  const lists = soundEntries(heap, inUse, repairs).filter(({ kind }) => cache !== 0 || kind !== 'tcache');
  const free = chunks.filter(({ state }) => state === 'free').map(({ offset }) => offset);
  lists.push({ kind: 'unsorted', index: 1, sizeBytes: 0, head: 0, chunks: free });
  const mappings = surveyMappings(heap);
  if (typeof mappings === 'string') return mappings;
  repairs.push(...mappings.repairs);
  const cached = lists.reduce((sum, { chunks: entries }) => sum + entries.length, -free.length);
  const top = chunks.at(-1)?.offset ?? 0;
  const { w } = heap;
  return {
    chunks,
    links: { lists, top, lastRemainder: 0, cache, sbrkBase: w[SBRK_BASE >>> 2], root: w[ROOT >>> 2] },
    mappedSizes: mappings.sizes,
    emptyMappings: mappings.empty,
    report: {
      violations,
      liveBlocks: inUse.size - cached + heap.space.mappings.size - mappings.empty.length,
      freeChunks: free.length,
      repairs,
      lostBytes: found.lostBytes,
    },
  };
}

/** Joins neighbours that are both free, and a free one with top. */
function joinFree(chunks: readonly SurveyedChunk[]): SurveyedChunk[] {
  const joined: SurveyedChunk[] = [];
  for (const chunk of chunks) {
    const last = joined.at(-1);
    if (last?.state === 'free' && chunk.state !== 'in-use') {
      joined[joined.length - 1] = {
        ...last,
        sizeBytes: last.sizeBytes + chunk.sizeBytes,
        state: chunk.state,
      };
    } else joined.push({ ...chunk });
  }
  return joined;
}

/** @returns the entries of cache and fastbins that are what they should be; a list ends at the first that is not */
function soundEntries(heap: CountedCache, inUse: Map<number, number>, repairs: string[]): FreeList[] {
  const taken = new Set<number>();
  const lists = readLists(heap).filter(({ kind }) => kind === 'tcache' || kind === 'fastbin');
  return lists.map((list) => {
    const bad = list.chunks.findIndex((chunk) => inUse.get(chunk) !== list.sizeBytes || taken.has(chunk));
    const chunks = bad < 0 ? list.chunks : list.chunks.slice(0, bad);
    for (const chunk of chunks) taken.add(chunk);
    if (bad >= 0 || list.problem !== undefined) repairs.push(`${listName(list)} cut after ${chunks.length}`);
    return { ...list, chunks };
  });
}

/** Looks for the header of each own mapping. */
function surveyMappings(
  heap: CountedCache,
): { sizes: Map<number, number>; empty: number[]; repairs: string[] } | string {
  const sizes = new Map<number, number>();
  const empty: number[] = [];
  const repairs: string[] = [];
  for (const region of regionsOf(heap).filter(({ kind }) => kind === 'mapping')) {
    const { start } = region;
    const bytes = region.end - start;
    if ([...walkRegion(heap, region)].every(({ problem }) => problem === undefined)) continue;
    if (heap.word(start) !== 0) return `the mapping at ${start} has no header`;
    if (heap.word(start + 8) === 0) {
      empty.push(start);
      repairs.push(`the mapping at ${start}, ${bytes} bytes, holds no block: given back`);
    } else if (isMappedHeader(heap.word(start + 8))) {
      sizes.set(start, bytes - heap.profile.mappingSpareBytes + 2);
      repairs.push(`the mapping at ${start} is ${bytes} bytes, not what its header says`);
    } else return `the mapping at ${start} has no header`;
  }
  return { sizes, empty, repairs };
}

/** Writes what was decided, but for the links. @param heap the same memory, at the base it has now */
export function applyRecovery(heap: CountedCache, plan: RecoveryPlan): void {
  const { space } = heap;
  let isBeforeFree = false;
  for (const { offset, sizeBytes, state } of plan.chunks) {
    heap.setWord(offset + 8, sizeBytes + (isBeforeFree ? 0 : PREV_INUSE));
    if (state === 'free') heap.setWord(offset + sizeBytes, sizeBytes);
    isBeforeFree = state === 'free';
  }
  for (const [chunk, raw] of plan.mappedSizes) heap.setWord(chunk + 8, raw);
  for (const start of plan.emptyMappings) space.unmap(start, space.mappings.get(start) ?? 0);
  const held = space.breakEnd - space.breakStart;
  const systemMem = MAIN_ARENA + heap.systemMemAt;
  heap.setWord(systemMem, held);
  heap.setWord(systemMem + 8, Math.max(held, heap.word(systemMem + 8)));
  countMappings(heap);
}
