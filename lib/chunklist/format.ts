/** Makes an arena: the header at offset 0 and one free chunk that covers everything behind it. */
import { ArgumentError, alignUp, type PageSource } from '../core/index.ts';
import { GROW_STEP_BYTES } from './growth.ts';
import { ALIGNMENT, ARENA_FIELD, Arena, FIRST_CHUNK, MAGIC } from './layout.ts';

/**
 * Writes a fresh, empty arena over a source; whatever stood there is forgotten.
 * @param source pages; committed here when it has none yet
 * @returns the arena
 * @throws ArgumentError when the source cannot hold an arena
 */
export function formatArena(source: PageSource): Arena {
  const { baseAddress, limitBytes, pageSizeBytes } = source;
  if (baseAddress % BigInt(ALIGNMENT) !== 0n || baseAddress + BigInt(limitBytes) > 2n ** 53n) {
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'source', 'an aligned base below 2^53', baseAddress);
  }
  if (source.committedBytes === 0) {
    const step = alignUp(GROW_STEP_BYTES, pageSizeBytes);
    if (!source.grow(Math.min(step, limitBytes)) && !source.grow(pageSizeBytes)) {
      throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'source', 'pages for at least one chunk', limitBytes);
    }
  }
  const arena = new Arena(source);
  const end = arena.committed;
  arena.setWord(ARENA_FIELD.magic, MAGIC);
  arena.setLink(ARENA_FIELD.first, FIRST_CHUNK);
  arena.setLink(ARENA_FIELD.rover, FIRST_CHUNK);
  arena.setLink(ARENA_FIELD.end, end);
  arena.setWord(ARENA_FIELD.peak, end);
  arena.writeHeader(FIRST_CHUNK, end - FIRST_CHUNK, null);
  arena.join(FIRST_CHUNK, null);
  return arena;
}
