/**
 * What every allocator of this package can do. One contract suite (test/contract) runs against all of them.
 *
 * A pointer is a plain number: the offset of a block in its arena, never 0. No memory is `null`.
 */
import type { HeapSnapshot } from './heap-snapshot.ts';

/** Offset of a block (its first user byte) in the arena. */
export type Pointer = number;

/** One broken invariant, found by `check()`. */
export interface Violation {
  /** Stable name of the invariant, for example `fwd-bck-agree`. */
  rule: string;
  /** Offset of the chunk concerned. */
  chunk: number;
  /** What is wrong, with both numbers. */
  message: string;
}

/** Sizes of an arena at one moment, in bytes. */
export interface AllocatorStats {
  /** Bytes taken from the page source. */
  heapBytes: number;
  /** Most bytes ever taken from the page source at one time. */
  peakHeapBytes: number;
  /** Sum of the sizes of chunks in use, headers included. */
  inUseBytes: number;
  /** Sum of the sizes of free chunks, headers included. */
  freeBytes: number;
  inUseChunks: number;
  freeChunks: number;
  /** Largest free chunk, header included. */
  largestFreeBytes: number;
}

/** One step of a dry run of free. */
export interface FreeStep {
  /** What free would do, or which rule it would check. */
  step: string;
  /** False when free would stop here. */
  ok: boolean;
  /** The numbers looked at. */
  detail: string;
}

/** What `free(p)` would do, without doing it. */
export interface FreeExplanation {
  pointer: Pointer;
  /** True when free would go through. */
  ok: boolean;
  steps: FreeStep[];
  /** The message free would fail with. */
  message?: string;
}

/** A malloc. */
export interface Allocator {
  /** Name as the command line knows it: `heap`, `chunklist`, ... */
  readonly name: string;
  /** The whole arena, index = pointer: the view an overflow is made with. */
  readonly bytes: Uint8Array;

  /**
   * @param sizeBytes 0 or more
   * @returns a pointer, or null when there is no memory
   * @throws ArgumentError when the size is no safe integer >= 0
   */
  malloc(sizeBytes: number): Pointer | null;
  /** Like malloc for `count * sizeBytes` bytes, all zero; null also when the product is no safe integer. */
  calloc(count: number, sizeBytes: number): Pointer | null;
  /**
   * Changes the size of a block, moving it where needed; contents are kept up to the smaller size.
   * `realloc(null, n)` is `malloc(n)`; `realloc(p, 0)` frees and returns null; null otherwise leaves `p` alone.
   */
  realloc(pointer: Pointer | null, sizeBytes: number): Pointer | null;
  /** Like malloc at a multiple of `alignment` bytes (of the real address). */
  memalign(alignment: number, sizeBytes: number): Pointer | null;
  /**
   * @param pointer a live block, or null (nothing happens)
   * @throws HeapError ERR_HEAP_INVALID_POINTER, ERR_HEAP_DOUBLE_FREE, ERR_HEAP_CORRUPTED
   */
  free(pointer: Pointer | null): void;
  /** @returns bytes that may be used at `pointer`, at least what was asked for. */
  usableSize(pointer: Pointer): number;
  /** @returns the block's usable bytes, and no more, on the arena itself. */
  view(pointer: Pointer): Uint8Array;
  /** @returns the real address of a pointer. */
  address(pointer: Pointer): bigint;
  stats(): AllocatorStats;
  /** @returns every broken invariant; empty for a sound heap. */
  check(): Violation[];
  explainFree(pointer: Pointer): FreeExplanation;
  snapshot(): HeapSnapshot;
  /** Gives the arena back. Views become empty; later calls throw HeapError ERR_HEAP_CLOSED. Idempotent. */
  destroy(): void;
  [Symbol.dispose](): void;
}
