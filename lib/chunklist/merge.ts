/**
 * Cutting a chunk in two, and the lecture's free(): a chunk that becomes free is merged with the free chunk
 * before it and with the free chunk behind it, so two free chunks never lie side by side.
 * The caller has proved the headers that are read here (verify.ts).
 */

import { alignUp } from '../core/index.ts';
import { ALIGNMENT, ARENA_FIELD, type Arena, CHUNK_HEADER_BYTES, MIN_CHUNK_BYTES } from './layout.ts';

/** @returns bytes of the chunk that a request needs: header, payload, rounded up to 16 */
export function chunkBytesFor(requestBytes: number): number {
  return Math.max(MIN_CHUNK_BYTES, alignUp(CHUNK_HEADER_BYTES + requestBytes, ALIGNMENT));
}

/**
 * Cuts a chunk down to `keepBytes`; what is left over becomes a free chunk behind it, unless it is too small
 * for a header and a payload: then the chunk stays whole (internal fragmentation).
 *
 *   |  chunk                          | -> |  chunk        | rest, free     |
 *   |<------------ size ------------->|    |<- keepBytes ->|
 *
 * @returns the new chunk, not yet merged with a free neighbour, or null when nothing was cut off
 */
export function split(arena: Arena, chunk: number, keepBytes: number): number | null {
  const restBytes = arena.size(chunk) - keepBytes;
  if (restBytes < MIN_CHUNK_BYTES) return null;
  const rest = chunk + keepBytes;
  const behind = arena.fwd(chunk);
  arena.writeHeader(rest, restBytes, chunk);
  arena.setSize(chunk, keepBytes);
  arena.join(rest, behind);
  arena.join(chunk, rest);
  return rest;
}

/**
 * Makes a chunk free and merges it with its free neighbours.
 * @returns the free chunk that now holds the bytes: this one, or the one before it
 */
export function release(arena: Arena, chunk: number): number {
  arena.markFree(chunk);
  const bck = arena.bck(chunk);
  if (bck !== null && !arena.isInUse(bck)) {
    absorb(arena, bck, chunk);
    return absorbFreeFwd(arena, bck);
  }
  return absorbFreeFwd(arena, chunk);
}

function absorbFreeFwd(arena: Arena, chunk: number): number {
  const fwd = arena.fwd(chunk);
  if (fwd !== null && !arena.isInUse(fwd)) absorb(arena, chunk, fwd);
  return chunk;
}

/**
 * The merge itself, as the lecture tells it: `left` gets a size that includes both, its fwd becomes the fwd
 * of `right`, and the chunk behind gets `left` as its bck. The header of `right` stays as old bytes in the
 * payload of `left`, marked free: that is how a second free of it can be told.
 */
export function absorb(arena: Arena, left: number, right: number): void {
  arena.setSize(left, arena.size(left) + arena.size(right));
  arena.join(left, arena.fwd(right));
  if (arena.link(ARENA_FIELD.rover) === right) arena.setLink(ARENA_FIELD.rover, left);
}
