/** Collects operations while a text is read, in arrays of the size that the text can need at most. */
import type { Blocks } from './blocks.ts';
import { Opcode, type ThreadSwitch, type Trace } from './trace.ts';

/** The growing struct of arrays. */
export class OperationList {
  readonly opcodes: Uint8Array;
  readonly ids: Int32Array;
  readonly sizes: Float64Array;
  readonly extras: Float64Array;
  secondIds: Int32Array = new Int32Array(0);
  readonly values: bigint[] = [];
  readonly threadSwitches: ThreadSwitch[] = [];
  count = 0;
  threadCount = 1;
  hasDamage = false;

  /** @param capacity most operations that can come */
  constructor(capacity: number) {
    this.opcodes = new Uint8Array(capacity);
    this.ids = new Int32Array(capacity);
    this.sizes = new Float64Array(capacity);
    this.extras = new Float64Array(capacity);
  }

  push(opcode: number, id: number, size: number): void {
    const index = this.count++;
    this.opcodes[index] = opcode;
    this.ids[index] = id;
    this.sizes[index] = size;
  }

  /** An operation only damage traces have. */
  pushDamage(opcode: number, id: number, size: number, extra = 0, secondId = 0): void {
    if (!this.hasDamage) {
      this.hasDamage = true;
      this.secondIds = new Int32Array(this.opcodes.length);
    }
    this.extras[this.count] = extra;
    this.secondIds[this.count] = secondId;
    this.push(opcode, id, size);
  }

  pushAligned(id: number, alignment: number, size: number): void {
    this.extras[this.count] = alignment;
    this.push(Opcode.memalign, id, size);
  }

  switchThread(thread: number): void {
    this.threadSwitches.push({ operation: this.count, thread });
    this.threadCount = Math.max(this.threadCount, thread + 1);
  }

  /**
   * Ends the list.
   * @param head what else is known of the trace
   * @param blocks the account of its blocks
   */
  finish(head: Pick<Trace, 'name' | 'what' | 'format'>, blocks: Blocks): Trace {
    const { count, hasDamage } = this;
    return {
      ...head,
      operationCount: count,
      blockCount: blocks.count,
      threadCount: this.threadCount,
      opcodes: this.opcodes.subarray(0, count),
      ids: this.ids.subarray(0, count),
      sizes: this.sizes.subarray(0, count),
      extras: this.extras.subarray(0, count),
      secondIds: hasDamage ? this.secondIds.subarray(0, count) : this.secondIds,
      values: BigUint64Array.from(this.values),
      threadSwitches: this.threadSwitches,
      hasDamage,
      peakLiveBytes: blocks.peakBytes,
      peakLiveBlocks: blocks.peakBlocks,
      liveAtEnd: blocks.liveBlocks,
    };
  }
}
