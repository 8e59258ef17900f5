/**
 * What Node users do without this package: a Buffer of its own for every block, dropped when it is freed, and
 * collected when the collector thinks so. Not an allocator (no arena, no addresses), only a baseline for time.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Opcode, type Trace } from '../trace/index.ts';
import { clocked, type Measurement, type MeasureOptions, repeat } from './measure.ts';

/** How often the baseline looks at the memory of its buffers, in operations. */
const lookEvery = 256;

/**
 * Replays a trace on Buffers.
 * @param trace what to run; operations other than a c m r f are left out, alignments are not kept
 * @param blocks table of at least `blockCount` entries
 * @param onOperation told after each operation, if given
 */
export function replayOnBuffers(
  trace: Trace,
  blocks: (Buffer | null)[],
  onOperation?: (index: number) => void,
): void {
  const { opcodes, ids, sizes } = trace;
  for (let index = 0; index < opcodes.length; index++) {
    const id = ids[index];
    switch (opcodes[index]) {
      case Opcode.malloc:
      case Opcode.memalign:
        blocks[id] = Buffer.allocUnsafeSlow(sizes[index]);
        break;
      case Opcode.calloc:
        blocks[id] = Buffer.alloc(sizes[index]);
        break;
      case Opcode.realloc: {
        const moved = Buffer.allocUnsafeSlow(sizes[index]);
        blocks[id]?.copy(moved);
        blocks[id] = moved;
        break;
      }
      case Opcode.free:
        if (id >= 0) blocks[id] = null;
        break;
    }
    onOperation?.(index);
  }
}

/**
 * Measures the baseline.
 * @param trace what to run
 * @param options rounds and budget
 * @returns rounds; the peak is that of the process's buffers, garbage not yet collected included
 * @throws RangeError when a block is larger than a Buffer can be
 */
export function measureBuffers(trace: Trace, options: MeasureOptions = {}): Measurement {
  const rounds = repeat(options, () => {
    const blocks: (Buffer | null)[] = new Array(trace.blockCount).fill(null);
    return clocked(() => replayOnBuffers(trace, blocks));
  });
  return { rounds, peakHeapBytes: peakBufferBytes(trace), systemCalls: null };
}

function peakBufferBytes(trace: Trace): number {
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  };
  const blocks: (Buffer | null)[] = new Array(trace.blockCount).fill(null);
  replayOnBuffers(trace, blocks, (index) => {
    if (index % lookEvery === 0) look();
  });
  look();
  // Between two looks the peak may have passed: it was never less than what was live.
  return Math.max(peak, trace.peakLiveBytes);
}

/** Frees the buffers of earlier rounds, so that their end does not hide the growth of the next. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // The first finds them dead; the second waits until the first has swept them.
  gc();
  gc();
}
