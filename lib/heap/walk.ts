/** Walks the chunks of an arena in address order. Reads only, and never trusts a size it reads. */

import { heapSpanBytes } from './address-space.ts';
import type { Arenas } from './arenas.ts';
import { HEAP_PREV, HEAP_SIZE, MAIN_ARENA, NON_MAIN_ARENA, PREV_INUSE } from './layout.ts';

/** A stretch of memory that is filled with chunks without gaps. */
export interface Region {
  kind: 'main' | 'thread' | 'mapping';
  /** Arena it belongs to; 0 for own mappings. */
  arena: number;
  /** First byte: of the heap, heap_info included. */
  start: number;
  /** First chunk. */
  firstChunk: number;
  end: number;
}

/** What the walk says about a chunk. */
export interface WalkedChunk {
  /** Offset of the header. */
  offset: number;
  /** Offset of the user bytes. */
  pointer: number;
  sizeBytes: number;
  /** Size word as it stands, flags included (low half). */
  raw: number;
  kind: 'in-use' | 'free' | 'top' | 'fence' | 'mapping';
  region: Region;
  /** Why the walk of this region stops here, if it does. */
  problem?: string;
}

/** @returns the regions that hold chunks, in address order */
export function regionsOf(heap: Arenas): Region[] {
  const { space } = heap;
  const regions: Region[] = [];
  if (space.breakEnd > space.breakStart) {
    const { breakStart: start, breakEnd: end } = space;
    regions.push({ kind: 'main', arena: MAIN_ARENA, start, firstChunk: start, end });
  }
  regions.push(...threadHeaps(heap));
  for (const [start, bytes] of space.mappings) {
    if (space.isAccessible(start, bytes)) regions.push(mappedRegion(heap, start, start + bytes));
  }
  return regions.sort((a, b) => a.start - b.start);
}

/** @returns an own mapping, or the region that the main arena got when its break was refused */
function mappedRegion(heap: Arenas, start: number, end: number): Region {
  const top = heap.w[(MAIN_ARENA + heap.topAt) >>> 2];
  const isMain = top >= start && top < end;
  return { kind: isMain ? 'main' : 'mapping', arena: isMain ? MAIN_ARENA : 0, start, firstChunk: start, end };
}

/** @returns the one chunk of an own mapping; memalign may have put it behind a lead */
function mappedChunk(heap: Arenas, region: Region): WalkedChunk {
  const { start, end } = region;
  const spare = heap.profile.mappingSpareBytes;
  for (let offset = start; offset + 32 <= end; offset += 16) {
    const raw = heap.word(offset + 8);
    if (heap.word(offset) !== offset - start || raw !== end - offset - spare + 2) continue;
    return { offset: start, pointer: offset + 16, sizeBytes: end - start, raw, kind: 'mapping', region };
  }
  const problem = 'no header in this mapping tells its length';
  return {
    offset: start,
    pointer: start + 16,
    sizeBytes: end - start,
    raw: heap.w[(start >>> 2) + 2],
    kind: 'mapping',
    region,
    problem,
  };
}

function threadHeaps(heap: Arenas): Region[] {
  const av = heap.arena;
  if (av === 0 || av === MAIN_ARENA) return [];
  const { heapInfoBytes, state } = heap.profile;
  const top = heap.w[(av + heap.topAt) >>> 2];
  const regions: Region[] = [];
  let start = top - (top % heapSpanBytes);
  for (let count = 0; count < 64 && start !== 0 && heap.space.isAccessible(start, heapInfoBytes); count++) {
    const isFirst = start === av - (av % heapSpanBytes);
    const before = heapInfoBytes + (isFirst ? state.sizeBytes : 0);
    const firstChunk = start + before + ((16 - (before % 16)) % 16);
    const end = start + Math.min(heap.word(start + HEAP_SIZE), heapSpanBytes);
    regions.push({ kind: 'thread', arena: av, start, firstChunk, end });
    if (isFirst) break;
    start = heap.w[(start + HEAP_PREV) >>> 2];
  }
  return regions;
}

/** Walks one region; the last chunk yielded carries the problem when a size leads astray. */
export function* walkRegion(heap: Arenas, region: Region): Generator<WalkedChunk> {
  if (region.kind === 'mapping') {
    yield mappedChunk(heap, region);
    return;
  }
  const { w } = heap;
  const top = w[(region.arena + heap.topAt) >>> 2];
  let offset = region.firstChunk;
  while (offset + 16 <= region.end) {
    const i = offset >>> 2;
    const raw = w[i + 2];
    const sizeBytes = (raw & ~7) >>> 0;
    const end = offset + sizeBytes;
    const base = { offset, pointer: offset + 16, raw, region };
    const isFence = region.kind === 'thread' && raw === PREV_INUSE && end + 16 >= region.end;
    if (isFence) {
      yield { ...base, sizeBytes: region.end - offset, kind: 'fence' };
      return;
    }
    if (w[i + 3] !== 0 || sizeBytes < 16 || sizeBytes % 16 !== 0 || end > region.end) {
      const problem = `size word 0x${heap.word(offset + 8).toString(16)} leads out of the heap or nowhere`;
      yield { ...base, sizeBytes: region.end - offset, kind: 'in-use', problem };
      return;
    }
    yield { ...base, sizeBytes, kind: kindOf(heap, region, offset, sizeBytes, top) };
    offset = end;
  }
}

function kindOf(
  heap: Arenas,
  region: Region,
  offset: number,
  sizeBytes: number,
  top: number,
): WalkedChunk['kind'] {
  if (offset === top) return 'top';
  if (sizeBytes === 16) return 'fence';
  if (offset + sizeBytes >= region.end) return 'in-use';
  return (heap.w[(offset + sizeBytes + 8) >>> 2] & PREV_INUSE) === 0 ? 'free' : 'in-use';
}

/** Walks every region. */
export function* walk(heap: Arenas): Generator<WalkedChunk> {
  for (const region of regionsOf(heap)) yield* walkRegion(heap, region);
}

/** @returns the flags of a size word by name */
export function flagsOf(raw: number): string {
  const names = [raw & NON_MAIN_ARENA ? 'A' : '', raw & 2 ? 'M' : '', raw & PREV_INUSE ? 'P' : ''];
  return names.join('') || '-';
}
