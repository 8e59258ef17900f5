/** Plain data about a heap: chunks with their lists, bins, totals, a snapshot. Reads only. */
import type { AllocatorStats, ChunkSnapshot, HeapSnapshot } from '../core/index.ts';
import type { Arenas } from './arenas.ts';
import { MAPPED_MEM, N_MMAPS } from './layout.ts';
import { type FreeList, listName, readLists } from './lists.ts';
import { flagsOf, type Region, regionsOf, type WalkedChunk, walk, walkRegion } from './walk.ts';

/** A chunk for people: where it stands, what it is. */
export interface HeapChunk {
  /** Offset of the header. */
  offset: number;
  /** Offset of the user bytes. */
  pointer: number;
  sizeBytes: number;
  /** Flag letters of the size word: A, M, P; `-` for none. */
  flags: string;
  state: 'in-use' | 'free' | 'cached' | 'top' | 'fence';
  /** The list it stands on, for example `tcache[0x20] 1/7`. */
  label?: string;
  region: Region['kind'];
}

/** All non-empty lists by kind. */
export interface HeapBins {
  tcache: FreeList[];
  fastbins: FreeList[];
  unsorted: FreeList[];
  small: FreeList[];
  large: FreeList[];
}

/** Totals: what every allocator tells, and what mallinfo2 tells. */
export interface HeapStats extends AllocatorStats {
  /** Fields of mallinfo2, by its names. */
  mallinfo: {
    arena: number;
    ordblks: number;
    smblks: number;
    hblks: number;
    hblkhd: number;
    usmblks: number;
    fsmblks: number;
    uordblks: number;
    fordblks: number;
    keepcost: number;
  };
}

/** @returns list labels by chunk offset */
function labelsOf(heap: Arenas): Map<number, string> {
  const labels = new Map<number, string>();
  for (const list of readLists(heap)) {
    const name = listName(list);
    list.chunks.forEach((chunk, k) => {
      if (!labels.has(chunk)) labels.set(chunk, `${name} ${k + 1}/${list.chunks.length}`);
    });
  }
  return labels;
}

function stateOf(chunk: WalkedChunk, label: string | undefined): HeapChunk['state'] {
  if (chunk.kind === 'mapping') return 'in-use';
  if (chunk.kind !== 'in-use') return chunk.kind;
  return label === undefined ? 'in-use' : 'cached';
}

/** @returns every chunk in address order */
export function listChunks(heap: Arenas): HeapChunk[] {
  const labels = labelsOf(heap);
  return [...walk(heap)].map((chunk) => {
    const label = chunk.problem ?? labels.get(chunk.offset);
    return {
      offset: chunk.offset,
      pointer: chunk.pointer,
      sizeBytes: chunk.sizeBytes,
      flags: flagsOf(chunk.raw),
      state: stateOf(chunk, labels.get(chunk.offset)),
      ...(label === undefined ? {} : { label }),
      region: chunk.region.kind,
    };
  });
}

/** @returns every list that is not empty */
export function listBins(heap: Arenas): HeapBins {
  const lists = readLists(heap);
  const of = (kind: FreeList['kind']): FreeList[] => lists.filter((list) => list.kind === kind);
  return {
    tcache: of('tcache'),
    fastbins: of('fastbin'),
    unsorted: of('unsorted'),
    small: of('small'),
    large: of('large'),
  };
}

/** @returns totals, by a walk over all chunks */
export function countBytes(heap: Arenas, chunks: HeapChunk[] = listChunks(heap)): HeapStats {
  const stats = emptyStats(heap);
  const { mallinfo } = stats;
  for (const { state, sizeBytes, label, region } of chunks) {
    if (state === 'fence') continue;
    if (state === 'in-use') {
      stats.inUseChunks++;
      stats.inUseBytes += sizeBytes;
      continue;
    }
    stats.freeChunks++;
    stats.freeBytes += sizeBytes;
    stats.largestFreeBytes = Math.max(stats.largestFreeBytes, sizeBytes);
    if (region === 'mapping' || label?.startsWith('tcache')) continue;
    mallinfo.fordblks += sizeBytes;
    if (state === 'top') mallinfo.keepcost = sizeBytes;
    if (label?.startsWith('fastbin')) {
      mallinfo.smblks++;
      mallinfo.fsmblks += sizeBytes;
    } else {
      mallinfo.ordblks++;
    }
  }
  mallinfo.uordblks = mallinfo.arena - mallinfo.fordblks;
  return stats;
}

function emptyStats(heap: Arenas): HeapStats {
  const heaps = regionsOf(heap).filter((region) => region.kind !== 'mapping');
  return {
    heapBytes: heap.space.accessibleBytes,
    peakHeapBytes: heap.space.peakBytes,
    inUseBytes: 0,
    freeBytes: 0,
    inUseChunks: 0,
    freeChunks: 0,
    largestFreeBytes: 0,
    mallinfo: {
      arena: heaps.reduce((sum, region) => sum + region.end - region.start, 0),
      ordblks: 0,
      smblks: 0,
      hblks: heap.w[N_MMAPS >>> 2],
      hblkhd: heap.word(MAPPED_MEM),
      usmblks: 0,
      fsmblks: 0,
      uordblks: 0,
      fordblks: 0,
      keepcost: 0,
    },
  };
}

/** @returns the region a snapshot shows: the arena's heap that holds top */
function shownRegion(heap: Arenas): Region | undefined {
  const regions = regionsOf(heap).filter((region) => region.arena === heap.arena && region.arena !== 0);
  return regions.at(-1);
}

/** @returns the arena's present heap as plain data, with a copy of its bytes */
export function takeSnapshot(heap: Arenas, allocator: string): HeapSnapshot {
  const region = shownRegion(heap);
  const startOffset = region?.start ?? heap.space.breakStart;
  const endOffset = region?.end ?? startOffset;
  return {
    format: 'chunkyard-snapshot 1',
    allocator,
    baseAddress: heap.space.source.baseAddress,
    startOffset,
    endOffset,
    chunks: region === undefined ? [] : snapshotChunks(heap, region),
    bytes: heap.b.slice(startOffset, endOffset),
  };
}

function snapshotChunks(heap: Arenas, region: Region): ChunkSnapshot[] {
  const labels = labelsOf(heap);
  const chunks: ChunkSnapshot[] = [];
  if (region.firstChunk > region.start) {
    const label = `${region.kind} arena's heap_info and malloc_state`;
    const sizeBytes = region.firstChunk - region.start;
    chunks.push({ offset: region.start, pointer: 0, sizeBytes, state: 'arena', label, fields: [] });
  }
  for (const chunk of walkRegion(heap, region)) {
    const label = chunk.problem ?? labels.get(chunk.offset);
    const state = stateOf(chunk, labels.get(chunk.offset));
    chunks.push({
      offset: chunk.offset,
      pointer: chunk.pointer,
      sizeBytes: chunk.sizeBytes,
      state,
      ...(label === undefined ? {} : { label }),
      fields: fieldsOf(heap, chunk, state),
    });
  }
  return chunks;
}

function fieldsOf(heap: Arenas, chunk: WalkedChunk, state: HeapChunk['state']): ChunkSnapshot['fields'] {
  const names = ['prev_size', 'size'];
  if (state === 'free') names.push('fd', 'bk');
  if (state === 'free' && chunk.sizeBytes >= 1024) names.push('fd_nextsize', 'bk_nextsize');
  if (state === 'cached') names.push('next', 'key');
  return names.map((name, k) => {
    const offset = chunk.offset + 8 * k;
    const value = heap.peek(heap.real(offset));
    const field = { name, offset, value };
    if (k < 2 || name === 'key') return field;
    return { ...field, target: targetOf(heap, offset, value, state === 'cached') };
  });
}

/** @returns the chunk a link leads to; null for none, -1 for one outside the window */
function targetOf(heap: Arenas, offset: number, value: bigint, isMangled: boolean): number | null {
  const plain = isMangled && heap.profile.safeLinking ? value ^ (heap.real(offset) >> 12n) : value;
  if (plain === 0n) return null;
  return Number(plain >> 32n) === heap.hi ? Number(plain & 0xffff_ffffn) : -1;
}
