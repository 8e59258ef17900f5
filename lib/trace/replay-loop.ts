/**
 * The bare loop for a stopwatch: the allocator's calls, a table of pointers, nothing else.
 *
 * Program and table are one array of numbers, because V8 looks at the shape and length of each array anew after each
 * call that it does not inline: with one array for each column, the loop took 5 to 10 % of a fast allocator's replay.
 *
 *   words   | slot << 3 | call, bytes |  ...  | alignment, bytes |  ...  | pointer | pointer |  ...  | 0 |
 *             an operation                      of a memalign              firstSlot: of a block         of free(NULL)
 */
import type { Allocator } from '../core/index.ts';
import { Opcode, type Trace } from './trace.ts';

/** A trace made ready for the loop. */
export interface LoopProgram {
  /** 32-bit integers where sizes fit; they cost the engine less. Pointers must fit too: offsets in a window do. */
  readonly words: Uint32Array | Float64Array;
  readonly operationCount: number;
  /** Index of block 0's pointer; 0 = none. */
  readonly firstSlot: number;
  readonly blockCount: number;
}

const callBits = 3;
const MALLOC = 0;
const FREE = 1;
const REALLOC = 2;
const CALLOC = 3;
const MEMALIGN = 4;
/** Operations other than a c m r f are left out. */
const NOTHING = 7;

const calls = new Map<number, number>([
  [Opcode.malloc, MALLOC],
  [Opcode.free, FREE],
  [Opcode.realloc, REALLOC],
  [Opcode.calloc, CALLOC],
  [Opcode.memalign, MEMALIGN],
]);

/**
 * Makes a trace ready.
 * @param trace what will be replayed
 * @returns its operations, and a table without pointers
 */
export function loopProgram({ opcodes, ids, sizes, extras, operationCount, blockCount }: Trace): LoopProgram {
  const memaligns = opcodes.filter((opcode) => opcode === Opcode.memalign).length;
  const firstSlot = 2 * (operationCount + memaligns);
  const fits = sizes.every((size) => size >>> 0 === size) && extras.every((extra) => extra >>> 0 === extra);
  const words = new (fits ? Uint32Array : Float64Array)(firstSlot + blockCount + 1);
  let pair = 2 * operationCount;
  for (let index = 0; index < operationCount; index++) {
    const call = calls.get(opcodes[index]) ?? NOTHING;
    const block = ids[index] < 0 ? blockCount : ids[index];
    words[2 * index] = (firstSlot + block) * 2 ** callBits + call;
    words[2 * index + 1] = sizes[index];
    if (call !== MEMALIGN) continue;
    words[2 * index + 1] = pair;
    words[pair++] = extras[index];
    words[pair++] = sizes[index];
  }
  return { words, operationCount, firstSlot, blockCount };
}

/**
 * Replays a trace as fast as the allocator goes. Nothing is checked and nothing is reported.
 * @param program what to run; its table holds the blocks that are live
 * @param allocator where to run it
 * @param from first operation
 * @param to operation before which it ends
 * @throws HeapError what the allocator throws
 */
export function replayLoop(
  program: LoopProgram,
  allocator: Allocator,
  from = 0,
  to: number = program.operationCount,
): void {
  const { words } = program;
  for (let at = 2 * from; at < 2 * to; at += 2) {
    const code = words[at];
    const slot = code >>> callBits;
    const call = code & 7;
    if (call === MALLOC) {
      // Written so that a table of integers needs no conversion of what may be null.
      const pointer = allocator.malloc(words[at + 1]);
      words[slot] = pointer === null ? 0 : pointer;
    } else if (call === FREE) {
      const pointer = words[slot];
      if (pointer === 0) {
        allocator.free(null);
      } else {
        words[slot] = 0;
        allocator.free(pointer);
      }
    } else if (call === REALLOC) {
      const pointer = words[slot];
      const moved = allocator.realloc(pointer === 0 ? null : pointer, words[at + 1]);
      if (moved !== null) words[slot] = moved;
    } else if (call === CALLOC) {
      words[slot] = allocator.calloc(1, words[at + 1]) ?? 0;
    } else if (call === MEMALIGN) {
      const pair = words[at + 1];
      words[slot] = allocator.memalign(words[pair], words[pair + 1]) ?? 0;
    }
  }
}

/** @returns pointers of all blocks by their numbers, 0 for one that is not live; the program's own memory */
export function loopPointers({ words, firstSlot, blockCount }: LoopProgram): Uint32Array | Float64Array {
  return words.subarray(firstSlot, firstSlot + blockCount);
}

/**
 * Frees what a replay left live, in the order of the block numbers, so that the trace can be run again.
 * @param program what ran
 * @param allocator where it ran
 */
export function freeLeftovers(program: LoopProgram, allocator: Allocator): void {
  const pointers = loopPointers(program);
  for (let id = 0; id < pointers.length; id++) {
    if (pointers[id] === 0) continue;
    allocator.free(pointers[id]);
    pointers[id] = 0;
  }
}
