/** Reads a file as a heap file, and refuses what is none: nothing is written, nothing mapped. */
import { type HeapFile, HeapFileError, type HeapFileErrorCode } from '../../core/index.ts';
import { FIRST_SLOT, LIBRARY_DATA, LIBRARY_DATA_BYTES } from '../layout.ts';
import { profiles } from '../profiles.ts';
import { checksum } from './checksum.ts';
import {
  CLEAN,
  type Description,
  type FileState,
  FORMAT_VERSION,
  HEAD_BYTES,
  hasMagic,
  RELOCATING,
  readDescription,
  readState,
} from './format.ts';
import type { Links } from './links.ts';

/** A file that says it is a heap, and is long enough. */
export interface OpenedFile {
  path: string;
  description: Description;
  state: FileState;
  /** Position in the file behind everything that is committed. */
  endsAt: number;
  /** What the process that died was writing, if it left a note. */
  links?: Links | undefined;
}

/**
 * Reads description and state.
 * @param gap window bytes that the file leaves out
 * @throws HeapFileError
 */
export function readHeapFile(file: HeapFile, gap: readonly [number, number]): OpenedFile {
  const { path } = file;
  const refuse = (code: HeapFileErrorCode, message: string): never => {
    throw new HeapFileError(code, path, message);
  };
  const bytes = file.read(0, HEAD_BYTES);
  const head = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
  if (!hasMagic(head)) refuse('ERR_HEAP_FILE_FOREIGN', 'no heap of ours: it begins with something else');
  if (head[2] > FORMAT_VERSION)
    refuse(
      'ERR_HEAP_FILE_VERSION',
      `version ${head[2]} is newer than ${FORMAT_VERSION}, which this package reads`,
    );
  if (bytes.length < HEAD_BYTES) refuse('ERR_HEAP_FILE_TRUNCATED', `only ${bytes.length} bytes long`);
  const description = readDescription(head);
  if (!description || !isPossible(description))
    return refuse('ERR_HEAP_FILE_CHANGED', 'its description was changed: the checksum disagrees');
  if (description.pageSizeBytes !== file.pageSizeBytes)
    refuse(
      'ERR_HEAP_FILE_VERSION',
      `made with pages of ${description.pageSizeBytes} bytes, here they have ${file.pageSizeBytes}`,
    );
  const state = readState(head);
  if (!state || !areRangesPossible(description, state))
    return refuse('ERR_HEAP_FILE_CHANGED', 'both copies of its state were changed: no checksum agrees');
  const end = Math.max(state.breakEnd, ...state.mappings.map(([start, length]) => start + length));
  const neededBytes = end > gap[1] ? end - gap[1] + gap[0] : LIBRARY_DATA + LIBRARY_DATA_BYTES;
  if (file.sizeBytes < neededBytes)
    refuse('ERR_HEAP_FILE_TRUNCATED', `${file.sizeBytes} bytes long, its heap needs ${neededBytes}`);
  const endsAt = gap[0] + Math.max(0, end - gap[1]);
  return { path, description, state, endsAt, links: readNote(file, endsAt, state) };
}

/** @returns what the note says that a move left behind the heap; undefined when there is none, or it is not whole */
function readNote(file: HeapFile, position: number, state: FileState): Links | undefined {
  const { flags, noteBytes, contents } = state;
  if ((flags & RELOCATING) === 0 || noteBytes === 0 || noteBytes % 4 !== 0) return undefined;
  if (position + noteBytes > file.sizeBytes) return undefined;
  const bytes = file.read(position, noteBytes);
  const [a, b] = checksum(new Uint32Array(bytes.buffer, 0, bytes.length >>> 2));
  if (a !== contents[0] || b !== contents[1]) return undefined;
  return JSON.parse(new TextDecoder().decode(bytes));
}

function isPossible({ version, glibc, sizeBytes, limitBytes }: Description): boolean {
  const isSized = limitBytes > 0 && sizeBytes === FIRST_SLOT + limitBytes && sizeBytes <= 2 ** 32;
  return version === FORMAT_VERSION && Object.hasOwn(profiles, glibc) && isSized;
}

function areRangesPossible({ sizeBytes, pageSizeBytes }: Description, state: FileState): boolean {
  let end = state.breakEnd;
  if (end < FIRST_SLOT || end > sizeBytes || end % pageSizeBytes !== 0) return false;
  for (const [start, bytes] of state.mappings.toSorted(([a], [b]) => a - b)) {
    if (start < end || bytes === 0 || start % pageSizeBytes !== 0 || bytes % pageSizeBytes !== 0)
      return false;
    end = start + bytes;
  }
  return end <= sizeBytes;
}

/**
 * Compares the contents of a heap that was closed with what they were then.
 * @throws HeapFileError ERR_HEAP_FILE_CHANGED
 */
export function requireContents(path: string, state: FileState, contents: readonly [number, number]): void {
  if ((state.flags & CLEAN) === 0) return;
  if (state.contents[0] === contents[0] && state.contents[1] === contents[1]) return;
  throw new HeapFileError('ERR_HEAP_FILE_CHANGED', path, 'its contents were changed since it was closed');
}
