/**
 * Is this pointer a live block? Asked by free, realloc, view and usableSize before anything is believed.
 *
 * A full walk would tell for certain but costs a look at every chunk. The links tell it in constant time: a
 * chunk is real when the chunk before it says "my fwd is you, and my size ends where you begin" and the chunk
 * behind it says "my bck is you". Bytes inside a payload look like that only when a program wrote them so, and
 * wrote two fake neighbours too: a carefully built fake chunk is the limit of this test. `strict` walks.
 * Only after a refusal there is a walk anyway, to say exactly what is wrong.
 */
import { HeapError, hex } from '../core/index.ts';
import { ALIGNMENT, type Arena, CHUNK_HEADER_BYTES, chunkOf, FIRST_CHUNK, pointerOf } from './layout.ts';
import { brokenArenaRule, brokenHeader, brokenRule, canHoldChunk, corrupted } from './verify.ts';

/** What is asked of a pointer, in this order. */
export type Stage = 'arena' | 'pointer' | 'chunk' | 'in-use' | 'neighbours';

/** The questions in words. */
export const STAGES: Readonly<Record<Stage, string>> = {
  arena: 'the arena header is sound',
  pointer: `the pointer is a multiple of ${ALIGNMENT} inside the arena`,
  chunk: `a chunk starts ${CHUNK_HEADER_BYTES} bytes before the pointer`,
  'in-use': 'the chunk is in use',
  neighbours: 'the chunks before and behind are sound',
};

/** Why a pointer is not accepted. */
export interface Refusal {
  stage: Stage;
  error: HeapError;
}

/** How much is proved. `links`: believe the links unseen, as an allocator without safe unlinking does. */
export interface Proof {
  links: boolean;
  walk: boolean;
}

/** @returns why this pointer is no live block, or null when it is one */
export function refusal(arena: Arena, pointer: number, proof: Proof): Refusal | null {
  const damage = brokenArenaRule(arena);
  if (damage !== null) return { stage: 'arena', error: corrupted(damage) };
  const chunk = chunkOf(pointer);
  if (!canHoldChunk(arena, chunk)) return { stage: 'pointer', error: outside(arena, pointer) };
  const doubt = proof.links ? brokenRule(arena, chunk) : brokenHeader(arena, chunk);
  if (doubt !== null || proof.walk) {
    const error = explainByWalk(arena, pointer);
    if (error !== null) return { stage: 'chunk', error };
    if (doubt !== null) return { stage: 'chunk', error: corrupted(doubt) };
  }
  if (!arena.isInUse(chunk)) return { stage: 'in-use', error: doubleFree(pointer, chunk) };
  return proof.links ? unsoundNeighbour(arena, chunk) : null;
}

function unsoundNeighbour(arena: Arena, chunk: number): Refusal | null {
  for (const neighbour of [arena.bck(chunk), arena.fwd(chunk)]) {
    const problem = neighbour === null ? null : brokenRule(arena, neighbour);
    if (problem !== null) return { stage: 'neighbours', error: corrupted(problem) };
  }
  return null;
}

/** Walks to the chunk that covers the pointer. @returns null when the pointer is the start of its payload */
function explainByWalk(arena: Arena, pointer: number): HeapError | null {
  let chunk = FIRST_CHUNK;
  for (;;) {
    const problem = brokenRule(arena, chunk);
    if (problem !== null) return corrupted(problem);
    const next = chunk + arena.size(chunk);
    if (pointer < next) break;
    chunk = next;
  }
  if (pointer === pointerOf(chunk)) return null;
  return wasMergedInto(arena, chunk, pointer) ? doubleFree(pointer, chunk) : inside(arena, chunk, pointer);
}

/** An old header, marked free, inside a free chunk: this block was freed and merged. */
function wasMergedInto(arena: Arena, chunk: number, pointer: number): boolean {
  const old = chunkOf(pointer);
  if (arena.isInUse(chunk) || old <= chunk || brokenHeader(arena, old) !== null) return false;
  return !arena.isInUse(old) && old + arena.size(old) <= chunk + arena.size(chunk);
}

function doubleFree(pointer: number, chunk: number): HeapError {
  const where = chunk === chunkOf(pointer) ? 'its chunk' : `the chunk ${hex(chunk)} it was merged into`;
  return new HeapError(
    'ERR_HEAP_DOUBLE_FREE',
    `double free: ${hex(pointer)} was freed before, ${where} is free`,
    {
      pointer,
      rule: 'in-use',
      expected: 1,
      actual: 0,
    },
  );
}

function inside(arena: Arena, chunk: number, pointer: number): HeapError {
  const start = pointerOf(chunk);
  const what = arena.isInUse(chunk) ? 'block' : 'free chunk';
  const message =
    pointer < start
      ? `invalid pointer: ${hex(pointer)} points into the header of chunk ${hex(chunk)}`
      : `invalid pointer: ${hex(pointer)} points ${pointer - start} bytes into the ${what} at ${hex(start)}`;
  return new HeapError('ERR_HEAP_INVALID_POINTER', message, {
    pointer,
    rule: 'pointer-is-chunk',
    expected: start,
    actual: pointer,
  });
}

function outside(arena: Arena, pointer: number): HeapError {
  const low = pointerOf(FIRST_CHUNK);
  const expected = `a multiple of ${ALIGNMENT} from ${hex(low)} to ${hex(arena.committed - ALIGNMENT)}`;
  return new HeapError('ERR_HEAP_INVALID_POINTER', `invalid pointer: ${hex(pointer)} is not ${expected}`, {
    pointer,
    rule: 'pointer-inside',
    expected,
    actual: pointer,
  });
}
