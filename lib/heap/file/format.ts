/**
 * The first 64 KiB of a heap file: what it is, and its ranges, written down twice. The rest of the file is the window
 * (docs/file-heaps.md). All words are little-endian; pages here are 4096 bytes, whatever the system's are.
 *
 *   0x0000  description, written once
 *           0 magic 8 | 8 version 4 | 12 page size 4 | 16 glibc version 8 | 24 window pages 4 | 28 limit pages 4 |
 *           32 cache length 4 | 36 cache max chunk 4 | 40 cache unsorted limit 4 | 44 zeros | 4092 checksum 4
 *   0x1000  state, one of two copies
 *           0 generation 4 | 4 flags 4 | 8 base's high half 4 | 12 break page 4 | 16 mappings 4 | 20 note's bytes 4 |
 *           24 checksum of the contents, or of the note 8 | 32 zeros 28 | 60 checksum 4 | 64 mappings: first page 4, pages 4, each
 *   0x8800  state, the other copy
 *
 * A change is written to the older copy, its checksum last: whenever the process dies, one copy is whole. Of two whole
 * ones the later generation counts.
 */
import { ArgumentError } from '../../core/index.ts';
import type { GlibcVersion } from '../profile.ts';
import { checksum } from './checksum.ts';

/** Bytes of the file that are not in the window. */
export const HEAD_BYTES = 0x1_0000;
export const FORMAT_VERSION = 1;
/** Unit of what is written down. */
export const UNIT_BYTES = 4096;

const MAGIC = [0x6e756863, 0x7261796b]; // 'chunkyar'
const DESCRIPTION_WORDS = 1024;
const STATE_WORDS = 0x1e00;
const MAPPINGS_AT = 16;
const CHECKSUM_AT = 15;

/** Most mappings a copy has room for. */
export const MAPPING_LIMIT: number = (STATE_WORDS - MAPPINGS_AT) / 2;

/** The heap was closed: contents and their checksum agree. */
export const CLEAN = 1;
/** Links are being rewritten; for another base from a note behind the heap, if there is one (moving.ts). */
export const RELOCATING = 2;

/** What never changes. */
export interface Description {
  version: number;
  pageSizeBytes: number;
  glibc: GlibcVersion;
  sizeBytes: number;
  limitBytes: number;
  cacheLength: number;
  cacheMaxChunk: number;
  cacheUnsortedLimit: number;
}

/** What changes. */
export interface FileState {
  generation: number;
  flags: number;
  /** High half of the base address. */
  baseHigh: number;
  breakEnd: number;
  mappings: [start: number, bytes: number][];
  /** Bytes of a note, when links are being rewritten. */
  noteBytes: number;
  /** Checksum of the accessible bytes, when closed, or of the note. */
  contents: [number, number];
}

/** Writes the description: the magic last, so that a file that was never finished is none of ours. */
export function writeDescription(head: Uint32Array, description: Description): void {
  const words = head.subarray(0, DESCRIPTION_WORDS);
  const name = new TextEncoder().encode(description.glibc.padEnd(8, '\0'));
  if (name.length !== 8) {
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'glibc', 'at most 8 letters', description.glibc);
  }
  words.fill(0);
  words[2] = description.version;
  words[3] = description.pageSizeBytes;
  words.set(new Uint32Array(name.buffer), 4);
  words[6] = description.sizeBytes / UNIT_BYTES;
  words[7] = description.limitBytes / UNIT_BYTES;
  words[8] = description.cacheLength;
  words[9] = description.cacheMaxChunk;
  words[10] = description.cacheUnsortedLimit;
  const sealed = Uint32Array.from(words);
  sealed.set(MAGIC);
  words[DESCRIPTION_WORDS - 1] = checksum(sealed.subarray(0, DESCRIPTION_WORDS - 1))[0];
  [words[1], words[0]] = [MAGIC[1], MAGIC[0]];
}

/** @returns true when the file begins as a heap's */
export function hasMagic(head: Uint32Array): boolean {
  return head.length > 2 && head[0] === MAGIC[0] && head[1] === MAGIC[1];
}

/** @returns the description, undefined when its checksum disagrees; its version may be one we cannot read */
export function readDescription(head: Uint32Array): Description | undefined {
  const words = head.subarray(0, DESCRIPTION_WORDS);
  if (words.length < DESCRIPTION_WORDS) return undefined;
  if (words[DESCRIPTION_WORDS - 1] !== checksum(words.subarray(0, DESCRIPTION_WORDS - 1))[0])
    return undefined;
  const name = new TextDecoder().decode(new Uint8Array(words.slice(4, 6).buffer));
  return {
    version: words[2],
    pageSizeBytes: words[3],
    glibc: name.replace(/\0+$/, '') as GlibcVersion,
    sizeBytes: words[6] * UNIT_BYTES,
    limitBytes: words[7] * UNIT_BYTES,
    cacheLength: words[8],
    cacheMaxChunk: words[9],
    cacheUnsortedLimit: words[10],
  };
}

/** @returns the words of a copy of the state */
function copyOf(head: Uint32Array, generation: number): Uint32Array {
  const start = DESCRIPTION_WORDS + (generation & 1) * STATE_WORDS;
  return head.subarray(start, start + STATE_WORDS);
}

function checksumOf(copy: Uint32Array, mappings: number): number {
  const end = MAPPINGS_AT + 2 * mappings;
  return (
    checksum(copy.subarray(0, CHECKSUM_AT))[0] ^
    Math.imul(checksum(copy.subarray(MAPPINGS_AT, end))[0], 0x9e3779b1)
  );
}

/** Writes a state over the older copy. */
export function writeState(head: Uint32Array, state: FileState): void {
  const copy = copyOf(head, state.generation);
  // Not whole from here on, until its checksum is written.
  copy[CHECKSUM_AT] = ~copy[CHECKSUM_AT];
  copy[0] = state.generation;
  copy[1] = state.flags;
  copy[2] = state.baseHigh;
  copy[3] = state.breakEnd / UNIT_BYTES;
  copy[4] = state.mappings.length;
  copy[5] = state.noteBytes;
  copy[6] = state.contents[0];
  copy[7] = state.contents[1];
  state.mappings.forEach(([start, bytes], k) => {
    copy[MAPPINGS_AT + 2 * k] = start / UNIT_BYTES;
    copy[MAPPINGS_AT + 2 * k + 1] = bytes / UNIT_BYTES;
  });
  copy[CHECKSUM_AT] = checksumOf(copy, state.mappings.length);
}

/** @returns the latest whole state, undefined when there is none */
export function readState(head: Uint32Array): FileState | undefined {
  const states = [0, 1].map((k) => readCopy(head, k)).filter((state) => state !== undefined);
  return states.sort((a, b) => b.generation - a.generation)[0];
}

function readCopy(head: Uint32Array, which: number): FileState | undefined {
  const copy = copyOf(head, which);
  const count = copy[4];
  if (copy.length < STATE_WORDS || count > MAPPING_LIMIT || (copy[0] & 1) !== which) return undefined;
  if (copy[0] === 0 || copy[CHECKSUM_AT] !== checksumOf(copy, count) >>> 0) return undefined;
  const mappings = Array.from({ length: count }, (_, k): [number, number] => [
    copy[MAPPINGS_AT + 2 * k] * UNIT_BYTES,
    copy[MAPPINGS_AT + 2 * k + 1] * UNIT_BYTES,
  ]);
  return {
    generation: copy[0],
    flags: copy[1],
    baseHigh: copy[2],
    breakEnd: copy[3] * UNIT_BYTES,
    mappings,
    noteBytes: copy[5],
    contents: [copy[6], copy[7]],
  };
}
