/**
 * Looking at the slots without touching a closed page: sizes, and the heap as plain data. Guards are fences, closed
 * pages read as zero.
 */
import type { AllocatorStats, ChunkSnapshot, HeapSnapshot } from '../core/index.ts';
import type { GuardedBlocks } from './blocks.ts';
import {
  BLOCK_START,
  EMPTY,
  LIVE,
  NUMBER,
  SIZE_BYTES,
  SLOT_STATE,
  USABLE_BYTES,
  USABLE_START,
} from './slot-table.ts';

/** Pages between two guards, or a hole, in address order. */
interface Piece {
  start: number;
  bytes: number;
  /** -1: a hole. */
  slot: number;
}

function pieces(blocks: GuardedBlocks): Piece[] {
  const { table, pool } = blocks;
  const found: Piece[] = pool.extents.holes.map(({ start, bytes }) => ({ start, bytes, slot: -1 }));
  for (let slot = 0; slot < pool.numbersEnd; slot++) {
    const start = table.get(slot, USABLE_START);
    // The number of a dissolved slot keeps its words until it is used again.
    if (table.slotAt(start) === slot) found.push({ start, bytes: table.get(slot, USABLE_BYTES), slot });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Totals over the slots; guards are in `heapBytes` only. */
export function countSlots(blocks: GuardedBlocks): AllocatorStats {
  const { extents } = blocks.pool;
  const stats: AllocatorStats = {
    heapBytes: extents.end - extents.start,
    peakHeapBytes: extents.peakBytes,
    inUseBytes: 0,
    freeBytes: 0,
    inUseChunks: 0,
    freeChunks: 0,
    largestFreeBytes: 0,
  };
  for (const { bytes, slot } of pieces(blocks)) {
    if (slot >= 0 && blocks.table.get(slot, SLOT_STATE) === LIVE) {
      stats.inUseBytes += bytes;
      stats.inUseChunks++;
    } else {
      stats.freeBytes += bytes;
      stats.freeChunks++;
      stats.largestFreeBytes = Math.max(stats.largestFreeBytes, bytes);
    }
  }
  return stats;
}

/** The slots as plain data; bytes of open pages only, the others are zero. */
export function takeSnapshot(blocks: GuardedBlocks, allocator: string): HeapSnapshot {
  const { start: startOffset, end: endOffset } = blocks.pool.extents;
  const bytes = new Uint8Array(endOffset - startOffset);
  const chunks: ChunkSnapshot[] = [];
  let at = startOffset;
  const fence = (end: number): void => {
    if (end > at) {
      const chunk = { offset: at, pointer: at, sizeBytes: end - at };
      chunks.push({ ...chunk, state: 'fence', label: 'guard', fields: [] });
    }
    at = end;
  };
  for (const piece of pieces(blocks)) {
    fence(piece.start);
    const chunk = describe(blocks, piece);
    if (chunk.state === 'in-use') {
      bytes.set(blocks.bytes.subarray(at, at + piece.bytes), at - startOffset);
    }
    chunks.push(chunk);
    at += piece.bytes;
  }
  fence(endOffset);
  const baseAddress = blocks.pages.address;
  return { format: 'chunkyard-snapshot 1', allocator, baseAddress, startOffset, endOffset, chunks, bytes };
}

function describe(blocks: GuardedBlocks, { start, bytes, slot }: Piece): ChunkSnapshot {
  const chunk = { offset: start, pointer: start, sizeBytes: bytes, fields: [] };
  if (slot < 0) return { ...chunk, state: 'free', label: 'hole' };
  const { table } = blocks;
  const state = table.get(slot, SLOT_STATE);
  if (state === EMPTY) return { ...chunk, state: 'free', label: 'closed' };
  const label = `${state === LIVE ? '' : 'freed '}#${table.get(slot, NUMBER)}`;
  return {
    ...chunk,
    pointer: table.get(slot, BLOCK_START),
    state: state === LIVE ? 'in-use' : 'free',
    requestBytes: table.get(slot, SIZE_BYTES),
    label,
  };
}
