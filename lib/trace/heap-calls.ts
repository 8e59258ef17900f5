/**
 * Calls with addresses to operations with block numbers. Addresses are used again, so a number belongs to an address
 * from its allocation to its free; a number freed last is given out first, so that there are as many as live blocks.
 */
import { AddressTable } from './address-table.ts';
import { Opcode, type OpcodeValue } from './trace.ts';

/** Takes the operations: a `.cytrace` writer, or whoever collects them. */
export interface OperationSink {
  push(opcode: OpcodeValue, id: number, size: number, alignment?: number): void;
}

/** What was seen that a trace does not hold. */
export interface CallCounts {
  /** Allocations and reallocations, and their bytes: what Valgrind counts as allocs. */
  allocations: number;
  allocatedBytes: number;
  /** Frees of a block, and reallocations: what Valgrind counts as frees. */
  frees: number;
  /** Frees and reallocs of blocks that were there before the beginning: left out; such a realloc becomes a malloc. */
  foreignFrees: number;
  foreignReallocs: number;
  /** Addresses given out anew without a free that was seen: freed in between. */
  unseenFrees: number;
  /** Reallocs that got no memory: left out. */
  failedReallocs: number;
}

/** Turns one into the other. */
export class HeapCalls {
  readonly counts: CallCounts = {
    ...{ allocations: 0, allocatedBytes: 0, frees: 0, foreignFrees: 0 },
    ...{ foreignReallocs: 0, unseenFrees: 0, failedReallocs: 0 },
  };
  readonly #sink: OperationSink;
  readonly #table = new AddressTable();
  readonly #freed: number[] = [];
  #newest = -1;

  constructor(sink: OperationSink) {
    this.#sink = sink;
  }

  /** malloc, calloc, memalign that gave a block. */
  allocate(opcode: OpcodeValue, address: number, size: number, alignment = 0): void {
    if (address === 0) return;
    this.#account(size);
    const id = this.#claim(address);
    this.#sink.push(opcode, id, size, alignment);
  }

  free(address: number): void {
    if (address === 0) {
      this.#sink.push(Opcode.free, -1, 0);
      return;
    }
    const id = this.#table.take(address);
    if (id < 0) {
      this.counts.foreignFrees++;
      return;
    }
    this.counts.frees++;
    this.#release(id);
  }

  /**
   * A realloc begins: from here on its old address may be given to others.
   * @returns the block's number, -1 when it is not known
   */
  reallocBegins(address: number): number {
    return address === 0 ? -1 : this.#table.take(address);
  }

  /**
   * And ends.
   * @param id what `reallocBegins` returned
   * @param before the old address
   * @param after the new one, 0 for null
   */
  reallocEnds(id: number, before: number, after: number, size: number): void {
    if (after === 0) {
      this.#withoutBlock(id, before, size);
      return;
    }
    this.counts.frees++;
    this.#account(size);
    if (id < 0) {
      this.counts.foreignReallocs++;
      this.#sink.push(Opcode.malloc, this.#claim(after), size);
      return;
    }
    this.#evict(after);
    this.#table.set(after, id);
    // A realloc to 0 bytes that gives a block is no free, but in a trace it would be: the least block it is.
    this.#sink.push(Opcode.realloc, id, Math.max(1, size));
  }

  #withoutBlock(id: number, before: number, size: number): void {
    if (size > 0) {
      this.counts.failedReallocs++;
      if (id >= 0) this.#table.set(before, id);
    } else if (id < 0) {
      this.counts.foreignFrees++;
    } else {
      this.counts.frees++;
      this.#release(id);
    }
  }

  #account(size: number): void {
    this.counts.allocations++;
    this.counts.allocatedBytes += size;
  }

  #claim(address: number): number {
    this.#evict(address);
    const id = this.#freed.pop() ?? ++this.#newest;
    this.#table.set(address, id);
    return id;
  }

  /** A block that stands where another one comes to stand is gone, only nobody saw it go. */
  #evict(address: number): void {
    const id = this.#table.take(address);
    if (id < 0) return;
    this.counts.unseenFrees++;
    this.#release(id);
  }

  #release(id: number): void {
    this.#freed.push(id);
    this.#sink.push(Opcode.free, id, 0);
  }
}
