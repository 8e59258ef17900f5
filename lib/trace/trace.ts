/**
 * A decoded trace: a struct of arrays, one entry per operation, so that a replay loop touches numbers only.
 * What the text means is written in docs/trace-format.md; the names here are that format's.
 *
 *   operation     opcodes  ids    sizes        extras                 secondIds
 *   a c r         letter   block  bytes        -                      -
 *   m             letter   block  bytes        alignment              -
 *   f D u         letter   block  -            -                      -       (f: -1 = free(NULL))
 *   s             letter   -1     pad          -                      -
 *   o             letter   -1     param        value                  -
 *   w             letter   block  offset       index into `values`    -
 *   p q           letter   block  offset       second offset          second block
 *   P Q           letter   block  offset       second offset          -
 *   l             letter   block  offset       -                      -
 *   n             letter   block  -            second offset          second block
 */

/** The letters of the format as character codes. */
export const Opcode = {
  malloc: 0x61, // a
  calloc: 0x63, // c
  memalign: 0x6d, // m
  realloc: 0x72, // r, always of a live block: the reader turns realloc(NULL, n) into `a`, realloc(p, 0) into `f`
  free: 0x66, // f
  usableSize: 0x75, // u
  trim: 0x73, // s
  mallopt: 0x6f, // o
  freeAgain: 0x44, // D
  write: 0x77, // w
  writeAddress: 0x70, // p
  writeMangled: 0x71, // q
  writeFirstChunk: 0x50, // P
  writeFirstChunkMangled: 0x51, // Q
  read: 0x6c, // l
  alias: 0x6e, // n
} as const;

/** One of the letters. */
export type OpcodeValue = (typeof Opcode)[keyof typeof Opcode];

/** Where the operations of another thread begin; the order of the trace is one in which a replay is valid. */
export interface ThreadSwitch {
  /** Index of the first operation of this thread's run. */
  operation: number;
  thread: number;
}

/** A trace, ready to be replayed. */
export interface Trace {
  /** From the header, or else the file's name. */
  readonly name: string;
  /** One line about the program, from the header; may be empty. */
  readonly what: string;
  /** What it was read from. */
  readonly format: 'heap-trace' | 'malloc-lab' | 'cytrace' | 'mtrace' | 'heaptrack';
  readonly operationCount: number;
  /** One more than the highest block number. */
  readonly blockCount: number;
  readonly threadCount: number;
  readonly opcodes: Uint8Array;
  readonly ids: Int32Array;
  readonly sizes: Float64Array;
  readonly extras: Float64Array;
  /** As long as `opcodes` in a trace with damage, else empty. */
  readonly secondIds: Int32Array;
  /** The 64-bit values of `w`. */
  readonly values: BigUint64Array;
  readonly threadSwitches: readonly ThreadSwitch[];
  /** True when there are operations other than a c m r f: a replay runs those only when told to. */
  readonly hasDamage: boolean;
  /** Most bytes asked for and not freed at one time, counted while reading. */
  readonly peakLiveBytes: number;
  /** Most blocks live at one time. */
  readonly peakLiveBlocks: number;
  /** Blocks never freed. */
  readonly liveAtEnd: number;
  /** Of a recording with times: ns since its beginning, one per operation. */
  readonly timesNs?: Float64Array;
  /** Of a recording with call sites: index into `siteNames`, one per operation. */
  readonly sites?: Uint32Array;
  /** `libc.so.6+0x1234`, or a bare address. */
  readonly siteNames?: readonly string[];
  /** What a recording tells of itself. */
  readonly recording?: Readonly<Record<string, unknown>>;
}

/**
 * @param opcode letter of an operation as a character code
 * @returns true for a c m r, which give a block
 */
export function allocates(opcode: number): boolean {
  return (
    opcode === Opcode.malloc ||
    opcode === Opcode.calloc ||
    opcode === Opcode.realloc ||
    opcode === Opcode.memalign
  );
}
