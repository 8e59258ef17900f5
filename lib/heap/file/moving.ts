/**
 * Links rewritten for another base. They are written down first, as a note behind the heap, so that an opening after a
 * kill at any moment can write them all again: it needs nothing of what was half done.
 *
 *     file   |-- head --|- data -|---- heap ----|-- note: the links as JSON, blanks up to a word --|
 */
import type { FileWindow } from '../../core/index.ts';
import type { CountedCache } from '../counted-cache.ts';
import { checksum } from './checksum.ts';
import { type FileState, RELOCATING } from './format.ts';
import { type FileKeeper, IN_USE, type Mark } from './keeper.ts';
import { adoptThread, type Links, writeLinks } from './links.ts';

/** Links are being written anew, and there is no note. */
export const REPAIRING: Mark = { flags: RELOCATING, contents: [0, 0], noteBytes: 0 };

/**
 * Writes the note.
 * @param position in the file, behind everything that is committed
 * @returns what the state has to say; on a full disk that links are being rewritten, and no note
 */
export function noteLinks(window: FileWindow, position: number, links: Links): Mark {
  const text = JSON.stringify(links);
  const bytes = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 4) * 4));
  if (!window.note(position, bytes)) return REPAIRING;
  const contents = checksum(new Uint32Array(bytes.buffer, 0, bytes.length / 4));
  return { flags: RELOCATING, contents, noteBytes: bytes.length };
}

/**
 * Writes the links, then that they are written.
 * @returns the state of the file
 */
export function finishLinks(
  heap: CountedCache,
  window: FileWindow,
  keeper: FileKeeper,
  links: Links,
): FileState {
  writeLinks(heap, links);
  adoptThread(heap);
  window.synchronize();
  return keeper.write(IN_USE);
}
