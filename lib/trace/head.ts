/** The beginning of a trace as a trace of its own: for looking at a heap in the middle of a run. */
import { requireInteger } from '../core/index.ts';
import { allocates, Opcode, type Trace } from './trace.ts';

/**
 * Takes the first operations of a trace.
 * @param trace any trace; its arrays are shared, not copied
 * @param operations how many, 0 to `operationCount`
 * @returns a trace that ends there, its peaks and leftovers counted anew
 * @throws ArgumentError ERR_OUT_OF_RANGE
 */
export function traceHead(trace: Trace, operations: number): Trace {
  const count = requireInteger('operations', operations, { maximum: trace.operationCount });
  return {
    ...trace,
    operationCount: count,
    opcodes: trace.opcodes.subarray(0, count),
    ids: trace.ids.subarray(0, count),
    sizes: trace.sizes.subarray(0, count),
    extras: trace.extras.subarray(0, count),
    secondIds: trace.secondIds.subarray(0, count),
    ...(trace.timesNs ? { timesNs: trace.timesNs.subarray(0, count) } : {}),
    ...(trace.sites ? { sites: trace.sites.subarray(0, count) } : {}),
    threadSwitches: trace.threadSwitches.filter((one) => one.operation < count),
    ...countLive(trace, count),
  };
}

/** Peaks and leftovers of the first operations, as the reader counts them. */
function countLive(
  { opcodes, ids, sizes, blockCount }: Trace,
  operations: number,
): Pick<Trace, 'peakLiveBytes' | 'peakLiveBlocks' | 'liveAtEnd'> {
  const bytesOf = new Float64Array(blockCount).fill(-1);
  let [bytes, blocks, peakLiveBytes, peakLiveBlocks] = [0, 0, 0, 0];
  for (let index = 0; index < operations; index++) {
    const id = ids[index];
    const frees = opcodes[index] === Opcode.free || opcodes[index] === Opcode.freeAgain;
    if (id < 0 || !(frees || allocates(opcodes[index]))) continue;
    if (bytesOf[id] >= 0) {
      bytes -= bytesOf[id];
      blocks--;
    }
    bytesOf[id] = frees ? -1 : sizes[index];
    if (!frees) {
      bytes += sizes[index];
      blocks++;
    }
    peakLiveBytes = Math.max(peakLiveBytes, bytes);
    peakLiveBlocks = Math.max(peakLiveBlocks, blocks);
  }
  return { peakLiveBytes, peakLiveBlocks, liveAtEnd: blocks };
}
