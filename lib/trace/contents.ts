/**
 * Proof that blocks keep what was written to them. Every block is filled with bytes made from its number and
 * their position; two blocks that overlap, or metadata written into a block, show up when it is looked at again.
 */
import type { Allocator, Pointer } from '../core/index.ts';
import { ReplayError } from './replay-error.ts';
import { Opcode, type Trace } from './trace.ts';

/** Fills and checks the blocks of one replay. */
export class ContentsKeeper {
  readonly #sizes: Float64Array;

  /** @param blockCount of the trace */
  constructor(blockCount: number) {
    this.#sizes = new Float64Array(blockCount);
  }

  /** Before an operation: a block about to be resized or freed must hold what was written. */
  before(trace: Trace, index: number, pointers: readonly (Pointer | null)[], allocator: Allocator): void {
    const id = trace.ids[index];
    const opcode = trace.opcodes[index];
    if (id < 0 || pointers[id] === null || (opcode !== Opcode.free && opcode !== Opcode.realloc)) return;
    requirePattern(index, id, pointers[id], this.#sizes[id], allocator.bytes);
  }

  /** After it: a resized block kept its front, a calloc'd one is zero, an aligned one aligned; then fill. */
  after(trace: Trace, index: number, given: Pointer | null | undefined, allocator: Allocator): void {
    if (given === undefined || given === null) return;
    const id = trace.ids[index];
    const size = trace.sizes[index];
    const { bytes } = allocator;
    if (given + size > bytes.length) {
      throw wrong(
        index,
        `block ${id} of ${size} bytes at ${given} leaves the arena of ${bytes.length} bytes`,
      );
    }
    const opcode = trace.opcodes[index];
    if (opcode === Opcode.realloc) requirePattern(index, id, given, Math.min(size, this.#sizes[id]), bytes);
    if (opcode === Opcode.calloc) requireZero(index, id, given, size, bytes);
    if (opcode === Opcode.memalign) requireAligned(index, id, allocator.address(given), trace.extras[index]);
    this.#sizes[id] = size;
    fillPattern(id, given, size, bytes);
  }
}

// 251 is prime, so neither a shifted copy nor a neighbour's pattern looks the same.
function fillPattern(id: number, pointer: Pointer, size: number, bytes: Uint8Array): void {
  let value = (id * 37) % 251;
  for (let at = pointer; at < pointer + size; at++) {
    bytes[at] = value + 1;
    value = value === 250 ? 0 : value + 1;
  }
}

function requirePattern(index: number, id: number, pointer: Pointer, size: number, bytes: Uint8Array): void {
  let value = (id * 37) % 251;
  for (let at = pointer; at < pointer + size; at++) {
    if (bytes[at] !== value + 1) {
      throw wrong(index, `byte ${at - pointer} of block ${id} is ${bytes[at]}, written was ${value + 1}`);
    }
    value = value === 250 ? 0 : value + 1;
  }
}

function requireZero(index: number, id: number, pointer: Pointer, size: number, bytes: Uint8Array): void {
  for (let at = pointer; at < pointer + size; at++) {
    if (bytes[at] !== 0)
      throw wrong(index, `byte ${at - pointer} of calloc'd block ${id} is ${bytes[at]}, not 0`);
  }
}

function requireAligned(index: number, id: number, address: bigint, alignment: number): void {
  const power = alignment <= 16 ? 16 : 2 ** Math.ceil(Math.log2(alignment));
  if (address % BigInt(power) !== 0n) {
    throw wrong(index, `block ${id} at 0x${address.toString(16)} is not a multiple of ${power}`);
  }
}

function wrong(index: number, message: string): ReplayError {
  return new ReplayError('ERR_REPLAY_CONTENTS', index, message);
}
