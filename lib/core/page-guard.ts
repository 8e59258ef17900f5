/**
 * Whole pages of an arena made guards for a while, their contents kept: every access is a hit. For allocators whose
 * blocks stand side by side, where most pages hold several.
 */
import { ArgumentError } from './errors.ts';
import type { FaultPolicy } from './memory-fault.ts';

/** Which pages, and what a hit of them does. */
export interface PageGuardRequest {
  /** First byte, a multiple of the page size. */
  offset: number;
  /** A multiple of the page size, > 0. */
  bytes: number;
  policy: FaultPolicy;
  /** For reports. */
  name: string;
  /** The block that reports are to name. */
  block?: { pointer: number; sizeBytes: number };
}

/** Pages that are guards until `release()`. */
export interface PageGuard {
  /** `rangeId` of its hits, in `guard.faults({ rangeId })`. */
  readonly rangeId: number;
  /** Makes the pages accessible as they were before. Idempotent. */
  release(): void;
  [Symbol.dispose](): void;
}

/** How a block or an arena is guarded. */
export interface GuardOptions {
  /** What a hit does. @defaultValue 'die' */
  policy?: FaultPolicy;
}

/**
 * The pages that a block has for itself.
 * @returns the whole pages inside the block
 * @throws ArgumentError when it has none: its neighbours would be guarded with it
 */
export function pagesOfBlock(
  pointer: number,
  sizeBytes: number,
  pageSizeBytes: number,
): { offset: number; bytes: number } {
  const offset = Math.ceil(pointer / pageSizeBytes) * pageSizeBytes;
  const bytes = Math.floor((pointer + sizeBytes) / pageSizeBytes) * pageSizeBytes - offset;
  if (bytes > 0) return { offset, bytes };
  const expected = `a block with a page of its own, as memalign(${pageSizeBytes}, ${pageSizeBytes}) gives`;
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'pointer', expected, pointer);
}

/** @throws ArgumentError: the source of an arena has no pages that can be guarded */
export function requireGuard<T>(guard: T | undefined, kind: string): T {
  if (guard !== undefined) return guard;
  throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'source', 'pages of the system (mmap)', kind);
}
