/** The bare loop for a stopwatch: the allocator's calls, a table of pointers, nothing else. */
import type { Allocator } from '../core/index.ts';
import { Opcode, type Trace } from './trace.ts';

/** The columns of a trace that the loop reads. */
export interface LoopColumns {
  readonly opcodes: Uint8Array;
  readonly ids: Int32Array;
  readonly sizes: Float64Array | Uint32Array;
  readonly extras: Float64Array;
}

/** Where a replay keeps its blocks. 32-bit numbers are enough for offsets in a window, and cost the engine less. */
export type PointerTable = Float64Array | Uint32Array;

/**
 * Gives the columns of a trace in the types that cost a loop least.
 * @param trace what will be replayed
 * @returns its columns, the sizes as 32-bit integers where all of them fit
 */
export function loopColumns(trace: Trace): LoopColumns {
  const { opcodes, ids, sizes, extras } = trace;
  const fits = sizes.every((size) => size >>> 0 === size);
  return { opcodes, ids, sizes: fits ? Uint32Array.from(sizes) : sizes, extras };
}

/**
 * Replays a trace as fast as the allocator goes. Nothing is checked and nothing is reported.
 * @param columns what to run; operations other than a c m r f are left out
 * @param allocator where to run it
 * @param pointers table of at least `blockCount` entries, all 0; holds the blocks left live at the end (0 = none)
 * @param from first operation
 * @param to operation before which it ends
 * @throws HeapError what the allocator throws
 */
export function replayLoop(
  columns: LoopColumns,
  allocator: Allocator,
  pointers: PointerTable,
  from = 0,
  to: number = columns.opcodes.length,
): void {
  const { opcodes, ids, sizes, extras } = columns;
  for (let index = from; index < to; index++) {
    const id = ids[index];
    const opcode = opcodes[index];
    if (opcode === Opcode.malloc) {
      // Written so that a table of integers needs no conversion of what may be null.
      const pointer = allocator.malloc(sizes[index]);
      pointers[id] = pointer === null ? 0 : pointer;
    } else if (opcode === Opcode.free) {
      const pointer = id < 0 ? 0 : pointers[id];
      if (pointer === 0) {
        allocator.free(null);
      } else {
        pointers[id] = 0;
        allocator.free(pointer);
      }
    } else if (opcode === Opcode.realloc) {
      const pointer = pointers[id];
      const moved = allocator.realloc(pointer === 0 ? null : pointer, sizes[index]);
      if (moved !== null) pointers[id] = moved;
    } else if (opcode === Opcode.calloc) {
      pointers[id] = allocator.calloc(1, sizes[index]) ?? 0;
    } else if (opcode === Opcode.memalign) {
      pointers[id] = allocator.memalign(extras[index], sizes[index]) ?? 0;
    }
  }
}

/**
 * Frees what a replay left live, in the order of the block numbers, so that the trace can be run again.
 * @param allocator where it ran
 * @param pointers the table that `replayLoop` filled; all 0 afterwards
 */
export function freeLeftovers(allocator: Allocator, pointers: PointerTable): void {
  for (let id = 0; id < pointers.length; id++) {
    if (pointers[id] === 0) continue;
    allocator.free(pointers[id]);
    pointers[id] = 0;
  }
}
