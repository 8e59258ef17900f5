/** Placement lines of an allocator of ours, in the form that docs/trace-format.md gives. */
import type { Allocator, Pointer } from '../core/index.ts';
import { replay, type Trace } from '../trace/index.ts';

/** How an allocator's blocks are named. */
export interface PlacementNaming {
  /** Offset of the arena's first chunk. @defaultValue 0 */
  firstChunkOffset?: number;
  /** Instead: the whole line of a block, for allocators with several heaps or mappings of their own. */
  describe?: (pointer: Pointer) => string;
}

/**
 * Replays a trace and writes down where each block came to lie.
 * @param trace what to run
 * @param allocator where, fresh
 * @param naming how an offset becomes a line
 * @returns one line per operation
 * @throws ReplayError with the operation's index
 */
export function placementLines(trace: Trace, allocator: Allocator, naming: PlacementNaming = {}): string[] {
  const { firstChunkOffset = 0, describe = (pointer): string => String(pointer - firstChunkOffset) } = naming;
  const lines: string[] = new Array(trace.operationCount).fill('-');
  replay(trace, allocator, {
    onPlacement: (operation, pointer) => {
      lines[operation] = pointer === null ? '0' : describe(pointer);
    },
  });
  return lines;
}
