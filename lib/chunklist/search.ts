/**
 * Where a request goes: the walk along `fwd` for a free chunk that is large enough. Each step is checked
 * before it is taken: it must lead exactly to where the size says the chunk ends. So a damaged list ends the
 * walk with an error; it can never lead in a circle or outside.
 */
import { ARENA_FIELD, type Arena, FIRST_CHUNK } from './layout.ts';
import { requireSound } from './verify.ts';

/** How malloc chooses among the free chunks that are large enough. */
export type Placement = 'first-fit' | 'next-fit' | 'best-fit';

export const PLACEMENTS: readonly Placement[] = ['first-fit', 'next-fit', 'best-fit'];

/**
 * Finds a free chunk.
 * @param neededBytes size of the chunk, header included
 * @returns a free chunk of at least that size, or null
 * @throws HeapError ERR_HEAP_CORRUPTED when the walk meets a damaged header
 */
export function findFree(arena: Arena, placement: Placement, neededBytes: number): number | null {
  if (placement === 'best-fit') return bestFit(arena, neededBytes);
  if (placement === 'first-fit') return firstFit(arena, neededBytes, FIRST_CHUNK, arena.committed);
  // Next-fit: first-fit from where the last search ended, then once more from the start up to there.
  const rover = arena.link(ARENA_FIELD.rover) ?? FIRST_CHUNK;
  requireSound(arena, rover);
  return (
    firstFit(arena, neededBytes, rover, arena.committed) ?? firstFit(arena, neededBytes, FIRST_CHUNK, rover)
  );
}

function firstFit(arena: Arena, neededBytes: number, from: number, until: number): number | null {
  for (let chunk = from; chunk < until; chunk = nextChunk(arena, chunk)) {
    if (!arena.isInUse(chunk) && arena.size(chunk) >= neededBytes) return chunk;
  }
  return null;
}

function bestFit(arena: Arena, neededBytes: number): number | null {
  let best: number | null = null;
  let bestSize = Number.POSITIVE_INFINITY;
  for (let chunk = FIRST_CHUNK; chunk < arena.committed; chunk = nextChunk(arena, chunk)) {
    const size = arena.size(chunk);
    if (arena.isInUse(chunk) || size < neededBytes || size >= bestSize) continue;
    if (size === neededBytes) return chunk;
    best = chunk;
    bestSize = size;
  }
  return best;
}

function nextChunk(arena: Arena, chunk: number): number {
  const next = arena.quickNext(chunk);
  if (next > 0) return next;
  requireSound(arena, chunk);
  return chunk + arena.size(chunk);
}
