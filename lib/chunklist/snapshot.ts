/** Plain data about an arena: chunks, totals, and the whole of it for pictures. Reads only. */
import { type AllocatorStats, type ChunkSnapshot, type HeapSnapshot, hex } from '../core/index.ts';
import { type WalkStep, walk } from './check.ts';
import { ARENA_FIELD, ARENA_HEADER_BYTES, type Arena, CHUNK_FIELD, pointerOf } from './layout.ts';

type Fields = ChunkSnapshot['fields'];

/** @returns every chunk in address order; a damaged one carries the broken rule as its label */
export function listChunks(arena: Arena): ChunkSnapshot[] {
  return [...walk(arena)].map((step) => describeChunk(arena, step));
}

function describeChunk(arena: Arena, { chunk, sizeBytes, problem }: WalkStep): ChunkSnapshot {
  const inUse = arena.isInUse(chunk);
  const label = problem === null ? placeOf(arena, chunk) : `damaged: ${problem.rule}`;
  return {
    offset: chunk,
    pointer: pointerOf(chunk),
    sizeBytes,
    state: inUse ? 'in-use' : 'free',
    ...(inUse ? { requestBytes: arena.request(chunk) } : {}),
    ...(label === '' ? {} : { label }),
    fields: fieldsOf(arena, chunk, CHUNK_FIELD, ['fwd', 'bck']),
  };
}

function placeOf(arena: Arena, chunk: number): string {
  const names = (['first', 'last', 'rover'] as const).filter(
    (name) => arena.link(ARENA_FIELD[name]) === chunk,
  );
  return names.join(', ');
}

function fieldsOf(arena: Arena, start: number, fields: Record<string, number>, links: string[]): Fields {
  return Object.entries(fields).map(([name, offset]) => {
    const field = { name, offset: start + offset, value: arena.exactWord(start + offset) };
    return links.includes(name) ? { ...field, target: arena.link(start + offset) } : field;
  });
}

/** @returns the whole arena: header, chunks, bytes */
export function takeSnapshot(arena: Arena, allocator: string): HeapSnapshot {
  const header: ChunkSnapshot = {
    offset: 0,
    pointer: 0,
    sizeBytes: ARENA_HEADER_BYTES,
    state: 'arena',
    label: `arena at ${hex(arena.base)}`,
    fields: fieldsOf(arena, 0, ARENA_FIELD, ['first', 'last', 'rover', 'end']),
  };
  return {
    format: 'chunkyard-snapshot 1',
    allocator,
    baseAddress: arena.source.baseAddress,
    startOffset: 0,
    endOffset: arena.committed,
    chunks: [header, ...listChunks(arena)],
    bytes: new Uint8Array(arena.source.buffer, 0, arena.committed).slice(),
  };
}

/** @returns totals, by a walk over all chunks */
export function countBytes(arena: Arena): AllocatorStats {
  const stats: AllocatorStats = {
    heapBytes: arena.committed,
    peakHeapBytes: arena.word(ARENA_FIELD.peak),
    inUseBytes: 0,
    freeBytes: 0,
    inUseChunks: 0,
    freeChunks: 0,
    largestFreeBytes: 0,
  };
  for (const { chunk, sizeBytes } of walk(arena)) {
    if (arena.isInUse(chunk)) {
      stats.inUseBytes += sizeBytes;
      stats.inUseChunks++;
    } else {
      stats.freeBytes += sizeBytes;
      stats.freeChunks++;
      stats.largestFreeBytes = Math.max(stats.largestFreeBytes, sizeBytes);
    }
  }
  return stats;
}
