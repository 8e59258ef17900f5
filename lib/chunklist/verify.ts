/**
 * The rules of a sound arena, each with a name that is a promise. `brokenRule` looks at one chunk and the
 * links around it, in constant time and without ever reading outside the arena, whatever the bytes say:
 * malloc and free ask it before they believe a header, check() asks it for every chunk.
 */
import { HeapError, hex } from '../core/index.ts';
import {
  ALIGNMENT,
  ARENA_FIELD,
  type Arena,
  CHUNK_FIELD,
  CHUNK_HEADER_BYTES,
  FIRST_CHUNK,
  IN_USE,
  MAGIC,
  MIN_CHUNK_BYTES,
} from './layout.ts';

/** A rule that does not hold, with what should be and what is. */
export interface BrokenRule {
  rule: string;
  /** Offset of the chunk whose header is wrong; 0 for the arena header. */
  chunk: number;
  expected: number | bigint | string;
  actual: number | bigint;
  message: string;
}

/** @returns true when a chunk header could stand here: aligned, and wholly inside the arena */
export function canHoldChunk(arena: Arena, offset: number): boolean {
  return offset >= FIRST_CHUNK && offset <= arena.committed - MIN_CHUNK_BYTES && offset % ALIGNMENT === 0;
}

/** @returns the first rule the arena header breaks, or null */
export function brokenArenaRule(arena: Arena): BrokenRule | null {
  if (arena.word(ARENA_FIELD.magic) !== MAGIC) return brokenWord(arena, 'magic', MAGIC);
  if (arena.link(ARENA_FIELD.first) !== FIRST_CHUNK)
    return brokenWord(arena, 'first', arena.base + FIRST_CHUNK);
  if (arena.link(ARENA_FIELD.end) !== arena.committed) {
    return brokenWord(arena, 'end', arena.base + arena.committed);
  }
  for (const field of ['last', 'rover'] as const) {
    const chunk = arena.link(ARENA_FIELD[field]);
    if (chunk === null || !canHoldChunk(arena, chunk))
      return brokenWord(arena, field, 'a chunk of this arena');
  }
  const peak = arena.word(ARENA_FIELD.peak);
  if (peak >= arena.committed && peak <= arena.source.limitBytes) return null;
  return brokenWord(arena, 'peak', `${hex(arena.committed)} to ${hex(arena.source.limitBytes)}`);
}

function brokenWord(arena: Arena, field: keyof typeof ARENA_FIELD, expected: number | string): BrokenRule {
  const wanted = typeof expected === 'number' ? BigInt(expected) : expected;
  return broken(`arena-${field}`, 0, wanted, arena.exactWord(ARENA_FIELD[field]));
}

/**
 * @param chunk an offset for which `canHoldChunk` is true
 * @returns the first rule this chunk breaks, or null
 */
export function brokenRule(arena: Arena, chunk: number): BrokenRule | null {
  return brokenHeader(arena, chunk) ?? brokenFwd(arena, chunk) ?? brokenBck(arena, chunk);
}

/** Rules about the chunk's own size, flag and request; they read nothing but its header. */
export function brokenHeader(arena: Arena, chunk: number): BrokenRule | null {
  const flags = arena.flags(chunk);
  if ((flags & ~IN_USE) !== 0) return broken('flags-known', chunk, `0 or ${IN_USE}`, flags);
  const size = arena.size(chunk);
  if (size < MIN_CHUNK_BYTES) return broken('size-minimum', chunk, `${MIN_CHUNK_BYTES} or more`, size);
  const room = arena.committed - chunk;
  if (size > room || (size < room && size > room - MIN_CHUNK_BYTES)) {
    return broken('size-inside', chunk, `${room}, or ${room - MIN_CHUNK_BYTES} at most`, size);
  }
  const most = arena.isInUse(chunk) ? size - CHUNK_HEADER_BYTES : 0;
  const request = arena.request(chunk);
  return request <= most ? null : broken('request-fits', chunk, `${most} at most`, request);
}

/** Rules about the neighbour behind; the chunk's size must be sound already. */
function brokenFwd(arena: Arena, chunk: number): BrokenRule | null {
  const next = chunk + arena.size(chunk);
  if (next === arena.committed) {
    if (arena.fwd(chunk) !== null) return brokenLink(arena, 'last-fwd-null', chunk, 'fwd', null);
    if (arena.link(ARENA_FIELD.last) === chunk) return null;
    return brokenWord(arena, 'last', arena.base + chunk);
  }
  if (arena.fwd(chunk) !== next) return brokenLink(arena, 'fwd-after-size', chunk, 'fwd', next);
  if (arena.bck(next) !== chunk) return brokenLink(arena, 'fwd-bck-agree', next, 'bck', chunk);
  if (arena.isInUse(chunk) || arena.isInUse(next)) return null;
  return broken('free-chunks-merged', next, 'in use, for the chunk before is free', arena.flags(next));
}

/** Rules about the neighbour before. */
function brokenBck(arena: Arena, chunk: number): BrokenRule | null {
  const bck = arena.bck(chunk);
  if (chunk === FIRST_CHUNK) {
    return bck === null ? null : brokenLink(arena, 'first-bck-null', chunk, 'bck', null);
  }
  if (bck === null || bck >= chunk || !canHoldChunk(arena, bck)) {
    return broken('bck-inside', chunk, 'a chunk before this one', word(arena, chunk, 'bck'));
  }
  if (arena.fwd(bck) !== chunk) return brokenLink(arena, 'bck-fwd-agree', bck, 'fwd', chunk);
  if (bck + arena.size(bck) === chunk) return null;
  return broken('bck-size-agrees', bck, chunk - bck, arena.size(bck));
}

function brokenLink(
  arena: Arena,
  rule: string,
  chunk: number,
  field: 'fwd' | 'bck',
  target: number | null,
): BrokenRule {
  const expected = target === null ? 0n : BigInt(arena.base + target);
  return broken(rule, chunk, expected, word(arena, chunk, field));
}

function word(arena: Arena, chunk: number, field: keyof typeof CHUNK_FIELD): bigint {
  return arena.exactWord(chunk + CHUNK_FIELD[field]);
}

/** @returns a broken rule with its sentence */
export function broken(
  rule: string,
  chunk: number,
  expected: BrokenRule['expected'],
  actual: number | bigint,
): BrokenRule {
  const where = chunk === 0 ? 'arena header' : `chunk ${hex(chunk)}`;
  const show = (value: number | bigint | string): string =>
    typeof value === 'bigint' ? hex(value) : String(value);
  return {
    rule,
    chunk,
    expected,
    actual,
    message: `${rule}: ${where} has ${show(actual)}, expected ${show(expected)}`,
  };
}

/** @returns the error for damaged metadata */
export function corrupted(problem: BrokenRule): HeapError {
  const { rule, chunk, expected, actual, message } = problem;
  return new HeapError('ERR_HEAP_CORRUPTED', message, { pointer: chunk, rule, expected, actual });
}

/** @throws HeapError ERR_HEAP_CORRUPTED when the arena header is damaged */
export function requireArena(arena: Arena): void {
  const problem = brokenArenaRule(arena);
  if (problem !== null) throw corrupted(problem);
}

/** @throws HeapError ERR_HEAP_CORRUPTED when this chunk or its links are damaged */
export function requireSound(arena: Arena, chunk: number): void {
  const problem = brokenRule(arena, chunk);
  if (problem !== null) throw corrupted(problem);
}

/**
 * Proves the arena's last chunk before something is put behind it or cut off.
 * @returns the last chunk
 * @throws HeapError ERR_HEAP_CORRUPTED
 */
export function requireLast(arena: Arena): number {
  requireArena(arena);
  const last = arena.link(ARENA_FIELD.last)!;
  requireSound(arena, last);
  if (last + arena.size(last) === arena.committed) return last;
  throw corrupted(brokenWord(arena, 'last', `the chunk that ends at ${hex(arena.base + arena.committed)}`));
}
