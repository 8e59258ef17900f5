/**
 * A heap at one moment as plain data: what renderers draw and what tests compare. Knows no allocator.
 */

/** What a chunk is. */
export type ChunkState = 'arena' | 'in-use' | 'free' | 'cached' | 'top' | 'fence';

/** One chunk, in address order. */
export interface ChunkSnapshot {
  /** Offset of the header in the arena. */
  offset: number;
  /** Offset of the first user byte. */
  pointer: number;
  /** Header and user bytes. */
  sizeBytes: number;
  state: ChunkState;
  /** Bytes the caller asked for, where the allocator keeps them. */
  requestBytes?: number;
  /** Which list it stands on, for example `tcache[0x20] 1/7`. */
  label?: string;
  /** Header fields by name, in the order they stand in memory. */
  fields: { name: string; offset: number; value: bigint; target?: number | null }[];
}

/** A heap at one moment. */
export interface HeapSnapshot {
  format: 'chunkyard-snapshot 1';
  allocator: string;
  /** Real address of offset 0. */
  baseAddress: bigint;
  /** First and last+1 offset covered by `chunks`. */
  startOffset: number;
  endOffset: number;
  chunks: ChunkSnapshot[];
  /** Copy of the bytes from startOffset to endOffset. */
  bytes: Uint8Array;
}
