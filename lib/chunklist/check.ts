/**
 * The walk that survives damage, and the full check built on it. Neither throws on a damaged arena: pictures
 * and reports are wanted most when something is wrong.
 */
import type { Violation } from '../core/index.ts';
import { ARENA_FIELD, type Arena, FIRST_CHUNK } from './layout.ts';
import { type BrokenRule, broken, brokenArenaRule, brokenRule, canHoldChunk } from './verify.ts';

/** One chunk met on the walk. */
export interface WalkStep {
  chunk: number;
  /** Bytes up to where the walk goes on; equals the header's size in a sound chunk. */
  sizeBytes: number;
  /** What is wrong with this chunk, or null. */
  problem: BrokenRule | null;
}

/** Visits all chunks in address order, without gaps; goes on behind a damaged one where that can be told. */
export function* walk(arena: Arena): Generator<WalkStep> {
  let chunk = FIRST_CHUNK;
  while (chunk < arena.committed) {
    const problem = brokenRule(arena, chunk);
    const next = problem === null ? chunk + arena.size(chunk) : plausibleNext(arena, chunk);
    yield { chunk, sizeBytes: next - chunk, problem };
    chunk = next;
  }
}

/** Size and fwd may disagree: the one that leads to a chunk which points back is the one to believe. */
function plausibleNext(arena: Arena, chunk: number): number {
  const candidates = [chunk + arena.size(chunk), arena.fwd(chunk) ?? arena.committed].filter(
    (next) => next > chunk && (next === arena.committed || canHoldChunk(arena, next)),
  );
  const pointsBack = (next: number): boolean => next !== arena.committed && arena.bck(next) === chunk;
  return candidates.find(pointsBack) ?? candidates[0] ?? arena.committed;
}

/**
 * Looks at every rule.
 * @returns every broken one, in address order; empty for a sound arena
 */
export function checkArena(arena: Arena): Violation[] {
  const problems: (BrokenRule | null)[] = [brokenArenaRule(arena)];
  const rover = arena.link(ARENA_FIELD.rover);
  let total = 0;
  let roverMet = false;
  for (const { chunk, problem } of walk(arena)) {
    problems.push(problem);
    total += arena.size(chunk);
    roverMet ||= chunk === rover;
  }
  const all = arena.committed - FIRST_CHUNK;
  if (total !== all) problems.push(broken('sizes-add-up', 0, all, total));
  if (!roverMet) problems.push(broken('rover-is-chunk', 0, 'a chunk', arena.exactWord(ARENA_FIELD.rover)));
  return problems
    .filter((problem) => problem !== null)
    .map(({ rule, chunk, message }) => ({ rule, chunk, message }));
}
