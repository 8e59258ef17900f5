/**
 * More pages at the end of the arena, and fewer: the only file that asks the page source for anything.
 * Asking is a system call, so it is done in steps: a little more than needed is taken, and pages are given
 * back only when much lies free at the end. The distance between the two keeps a program that allocates and
 * frees one block over and over from calling the system each time.
 */
import { alignDown, alignUp } from '../core/index.ts';
import { ARENA_FIELD, type Arena, MIN_CHUNK_BYTES } from './layout.ts';
import { absorb } from './merge.ts';
import { requireLast } from './verify.ts';

/** The arena grows by at least this much, if the source's limit allows it. */
export const GROW_STEP_BYTES: number = 64 * 1024;
/** free() gives pages back when the free chunk at the end has at least this size ... */
export const TRIM_THRESHOLD_BYTES: number = 256 * 1024;
/** ... and leaves this much of it for the next requests. */
export const TRIM_KEEP_BYTES: number = GROW_STEP_BYTES;

/**
 * Grows the arena by whole pages until its last chunk is free and large enough.
 * @param neededBytes size of the chunk wanted at the end, header included
 * @returns that chunk, or null, and nothing changed, when the source refuses
 * @throws HeapError ERR_HEAP_CORRUPTED when the last chunk is damaged
 */
export function growForChunk(arena: Arena, neededBytes: number): number | null {
  const last = requireLast(arena);
  const haveBytes = arena.isInUse(last) ? 0 : arena.size(last);
  if (haveBytes >= neededBytes) return last;
  if (!growSource(arena, neededBytes - haveBytes)) return null;
  const oldEnd = last + arena.size(last);
  arena.setLink(ARENA_FIELD.end, arena.committed);
  arena.setWord(ARENA_FIELD.peak, Math.max(arena.committed, arena.word(ARENA_FIELD.peak)));
  arena.writeHeader(oldEnd, arena.committed - oldEnd, last);
  arena.join(last, oldEnd);
  arena.join(oldEnd, null);
  if (haveBytes === 0) return oldEnd;
  absorb(arena, last, oldEnd);
  return last;
}

function growSource(arena: Arena, missingBytes: number): boolean {
  const { pageSizeBytes, limitBytes, committedBytes } = arena.source;
  const leastBytes = alignUp(missingBytes, pageSizeBytes);
  const niceBytes = alignUp(Math.max(missingBytes, GROW_STEP_BYTES), pageSizeBytes);
  const room = limitBytes - committedBytes;
  const grown =
    (niceBytes <= room && arena.source.grow(niceBytes)) ||
    (leastBytes <= room && arena.source.grow(leastBytes));
  if (grown) arena.refresh();
  return grown;
}

/**
 * Gives whole pages back when they lie in a free chunk at the end.
 * @param last the arena's last chunk, proved sound
 * @param keepBytes how much of it to keep at least
 * @returns bytes given back
 */
export function shrinkTo(arena: Arena, last: number, keepBytes: number): number {
  const size = arena.size(last);
  const keep = Math.max(keepBytes, MIN_CHUNK_BYTES);
  const giveBytes = size > keep ? alignDown(size - keep, arena.source.pageSizeBytes) : 0;
  if (arena.isInUse(last) || giveBytes === 0 || !arena.source.shrink(giveBytes)) return 0;
  arena.refresh();
  arena.setSize(last, size - giveBytes);
  arena.setLink(ARENA_FIELD.end, arena.committed);
  return giveBytes;
}

/** What free() does at the end: gives pages back if the free chunk there is larger than the threshold. */
export function trimAfterFree(arena: Arena, chunk: number): void {
  if (arena.fwd(chunk) !== null || arena.size(chunk) < TRIM_THRESHOLD_BYTES) return;
  shrinkTo(arena, chunk, TRIM_KEEP_BYTES);
}
