/**
 * The bytes of a `.cytrace` file, version 1. docs/trace-format.md draws the same picture; both must change together.
 *
 *   0   8   89 'C' 'Y' 'T' 0d 0a 1a 01     the last byte is the version
 *   8  ..   sections, the end section last
 *
 *   section   0   1   kind: 'H' head, 'O' operations, 'S' call sites, 'E' end
 *             1   3   0
 *             4   4   packed bytes, little-endian as all numbers here
 *             8   4   unpacked bytes
 *            12   4   operations in it; 0 in the other kinds
 *            16  ..   a gzip member, whose checksum is the section's
 *
 * Head, call sites and end are JSON. Operations are columns, one after the other, behind their lengths:
 *
 *   0  32   lengths of the 8 columns in bytes
 *  32  ..   0 calls       one byte per operation: kind, or kind + 8 when an allocation's block number is given
 *           1 blocks      which block: of a free or realloc, and of an allocation where it is given
 *           2 sizes       bytes asked for: of a c m r
 *           3 alignments  of m
 *           4 threads     pairs: operations since the last switch in this section, thread
 *           5 damage      letter, then block + 1, size, extra, second block, each behind a byte that is 1 for
 *                         a negative number; of `w` no extra but its value in 8 bytes
 *           6 times       ns since the operation before, when the head says so
 *           7 sites       index of the call site, when the head says so
 *
 * Numbers in columns are varints: 7 bits to a byte, lowest first, 0x80 set on all but the last, below 2^53.
 */

/** What every file starts with; the version is the byte after it. */
export const cytraceMagic: Uint8Array = Uint8Array.of(0x89, 0x43, 0x59, 0x54, 0x0d, 0x0a, 0x1a);
/** The version written and read. */
export const cytraceVersion = 1;

export const fileHeaderBytes = 8;
export const sectionHeaderBytes = 16;

/** Kinds of sections. */
export const Section = { head: 0x48, operations: 0x4f, sites: 0x53, end: 0x45 } as const;

/** Most operations of a section, and most bytes: a reader never holds more than one. */
export const sectionOperations = 65_536;
export const sectionBytes: number = 8 * 1024 * 1024;

export const columnCount = 8;
export const columnLengthsBytes: number = 4 * columnCount;

/** Places of the columns. */
export const Column = {
  calls: 0,
  blocks: 1,
  sizes: 2,
  alignments: 3,
  threads: 4,
  damage: 5,
  times: 6,
  sites: 7,
} as const;

/** What stands in the column of calls. */
export const Call = {
  malloc: 0,
  calloc: 1,
  memalign: 2,
  realloc: 3,
  free: 4,
  freeNull: 5,
  damage: 6,
  /** Added to the first three. */
  given: 8,
} as const;

/**
 * How block numbers go. `counting`: an allocation gets one more than the largest so far, and a column names a block
 * by its distance from the largest. `recycled`: an allocation gets the number freed last, or else a new one, and a
 * column names a block by its number; there are as many numbers as blocks live at one time.
 */
export type Numbering = 'counting' | 'recycled';

/** The JSON of the head section. */
export interface CytraceHead {
  name: string;
  what: string;
  numbering: Numbering;
  /** Operations carry the time since the beginning. */
  times: boolean;
  /** Operations carry the place they were called from. */
  sites: boolean;
  /** Where the operations come from: `record`, or the format that was converted. */
  source: string;
  /** Of a recording: its command line and so on. */
  recording?: Readonly<Record<string, unknown>>;
}

/** The JSON of the end section; a reader counts the same and compares. */
export interface CytraceTotals {
  operations: number;
  blocks: number;
  threads: number;
  peakLiveBytes: number;
  peakLiveBlocks: number;
  liveAtEnd: number;
  /** Of a recording: what was seen and is not among the operations. */
  recording?: Readonly<Record<string, unknown>>;
}
