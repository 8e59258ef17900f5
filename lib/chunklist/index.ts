/** The lecture's allocator. Read layout.ts, chunk-list.ts and merge.ts, in this order. */
export { ChunkList, type ChunkListOptions } from './chunk-list.ts';
export { GROW_STEP_BYTES, TRIM_KEEP_BYTES, TRIM_THRESHOLD_BYTES } from './growth.ts';
export {
  ARENA_FIELD,
  ARENA_HEADER_BYTES,
  CHUNK_FIELD,
  CHUNK_HEADER_BYTES,
  MIN_CHUNK_BYTES,
} from './layout.ts';
export type { Placement } from './search.ts';
