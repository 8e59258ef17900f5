/**
 * Changing a block where it stands, and blocks at large alignments. Both work by cutting and merging; neither
 * moves a byte of payload. The caller has proved the chunk and its neighbours.
 */
import { alignUp } from '../core/index.ts';
import { growForChunk, trimAfterFree } from './growth.ts';
import { type Arena, MIN_CHUNK_BYTES, pointerOf } from './layout.ts';
import { absorb, chunkBytesFor, release, split } from './merge.ts';

/**
 * Makes a chunk in use larger or smaller in place: into the free chunk behind it, and at the arena's end
 * into new pages.
 * @returns false, and nothing changed, when the block has to move
 */
export function resizeInPlace(arena: Arena, chunk: number, requestBytes: number): boolean {
  const needed = chunkBytesFor(requestBytes);
  if (arena.size(chunk) < needed) {
    if (!makeRoomBehind(arena, chunk, needed - arena.size(chunk))) return false;
    absorb(arena, chunk, arena.fwd(chunk)!);
  }
  arena.markInUse(chunk, requestBytes);
  cutTail(arena, chunk, needed);
  return true;
}

/** @returns true when the chunk behind is free and has at least `missingBytes` */
function makeRoomBehind(arena: Arena, chunk: number, missingBytes: number): boolean {
  const fwd = arena.fwd(chunk);
  const fwdIsFree = fwd !== null && !arena.isInUse(fwd);
  if (fwdIsFree && arena.size(fwd) >= missingBytes) return true;
  const atEnd = fwd === null || (fwdIsFree && arena.fwd(fwd) === null);
  return atEnd && growForChunk(arena, missingBytes) !== null;
}

/** Cuts a chunk in use down to `keepBytes`; the rest becomes free. */
function cutTail(arena: Arena, chunk: number, keepBytes: number): void {
  const rest = split(arena, chunk, keepBytes);
  if (rest !== null) trimAfterFree(arena, release(arena, rest));
}

/** @returns size of a chunk in which a block of this alignment fits, wherever the chunk lies */
export function chunkBytesForAligned(alignmentBytes: number, requestBytes: number): number {
  return chunkBytesFor(requestBytes) + alignmentBytes + MIN_CHUNK_BYTES;
}

/**
 * Cuts an aligned block out of a chunk in use; what lies before and behind it becomes free.
 *
 *   |  chunk                                        |
 *   |  lead, free     | header | aligned ... | rest, free |
 *
 * @param chunk a chunk of at least `chunkBytesForAligned` bytes
 * @returns the chunk of the aligned block
 */
export function cutAligned(
  arena: Arena,
  chunk: number,
  alignmentBytes: number,
  requestBytes: number,
): number {
  const address = arena.base + pointerOf(chunk);
  let lead = alignUp(address, alignmentBytes) - address;
  // The lead has to be a chunk of its own, or nothing.
  while (lead !== 0 && lead < MIN_CHUNK_BYTES) lead += alignmentBytes;
  const aligned = lead === 0 ? chunk : split(arena, chunk, lead)!;
  arena.markInUse(aligned, requestBytes);
  if (lead !== 0) release(arena, chunk);
  cutTail(arena, aligned, chunkBytesFor(requestBytes));
  return aligned;
}
