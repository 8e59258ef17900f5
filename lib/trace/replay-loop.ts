/** The bare loop for a stopwatch: the allocator's calls, a table of pointers, nothing else. */
import type { Allocator } from '../core/index.ts';
import { Opcode, type Trace } from './trace.ts';

/**
 * Replays a trace as fast as the allocator goes. Nothing is checked and nothing is reported.
 * @param trace what to run; operations other than a c m r f are left out
 * @param allocator where to run it
 * @param pointers table of at least `blockCount` entries, all 0; holds the blocks left live at the end (0 = none)
 * @param from first operation
 * @param to operation before which it ends
 * @throws HeapError what the allocator throws
 */
export function replayLoop(
  trace: Trace,
  allocator: Allocator,
  pointers: Float64Array,
  from = 0,
  to: number = trace.operationCount,
): void {
  const { opcodes, ids, sizes, extras } = trace;
  for (let index = from; index < to; index++) {
    const id = ids[index];
    switch (opcodes[index]) {
      case Opcode.malloc:
        pointers[id] = allocator.malloc(sizes[index]) ?? 0;
        break;
      case Opcode.free:
        if (id < 0 || pointers[id] === 0) {
          allocator.free(null);
        } else {
          allocator.free(pointers[id]);
          pointers[id] = 0;
        }
        break;
      case Opcode.realloc: {
        const moved = allocator.realloc(pointers[id] === 0 ? null : pointers[id], sizes[index]);
        if (moved !== null) pointers[id] = moved;
        break;
      }
      case Opcode.calloc:
        pointers[id] = allocator.calloc(1, sizes[index]) ?? 0;
        break;
      case Opcode.memalign:
        pointers[id] = allocator.memalign(extras[index], sizes[index]) ?? 0;
        break;
    }
  }
}

/**
 * Frees what a replay left live, in the order of the block numbers, so that the trace can be run again.
 * @param allocator where it ran
 * @param pointers the table that `replayLoop` filled; all 0 afterwards
 */
export function freeLeftovers(allocator: Allocator, pointers: Float64Array): void {
  for (let id = 0; id < pointers.length; id++) {
    if (pointers[id] === 0) continue;
    allocator.free(pointers[id]);
    pointers[id] = 0;
  }
}
