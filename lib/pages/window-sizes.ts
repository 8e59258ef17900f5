/** Sizes of page sources over a window: their options, and how far ahead pages are committed. */
import { alignUp, requireInteger } from '../core/index.ts';
import { pageSize } from '../posix/index.ts';
import { windowAlignmentBytes } from './window.ts';

/** How an arena in a window is made. */
export interface WindowSourceOptions {
  /** Most bytes that can be committed, up to 4 GiB; rounded up to pages. */
  limitBytes: number;
  /**
   * Pages are made accessible in steps of at least this many bytes, rounded up to pages; the page size makes
   * every growth a call of its own. @defaultValue 1 MiB, and from 4 MiB on a quarter of what is accessible
   */
  commitStepBytes?: number;
  /** Shown in the process map. @defaultValue 'chunkyard arena' */
  name?: string;
}

/** Sizes of a page source over a window, checked and rounded to pages. */
export interface WindowSizes {
  limitBytes: number;
  pageSizeBytes: number;
  /** Undefined: grows with the window. */
  commitStepBytes: number | undefined;
}

/**
 * @param options what came
 * @throws ArgumentError ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function windowSizes(options: { limitBytes: number; commitStepBytes?: number }): WindowSizes {
  const pageSizeBytes = pageSize();
  const bounds = { minimum: 1, maximum: windowAlignmentBytes };
  const limitBytes = alignUp(requireInteger('limitBytes', options.limitBytes, bounds), pageSizeBytes);
  const { commitStepBytes: step } = options;
  if (step === undefined) return { limitBytes, pageSizeBytes, commitStepBytes: undefined };
  const commitStepBytes = alignUp(requireInteger('commitStepBytes', step, bounds), pageSizeBytes);
  return { limitBytes, pageSizeBytes, commitStepBytes };
}

/**
 * How far to make pages accessible when `needed` bytes must be.
 * @param needed bytes, a page multiple, up to the limit
 * @returns bytes, a page multiple, from `needed` to the limit
 */
export function commitTarget(sizes: WindowSizes, needed: number, accessible: number): number {
  const step = sizes.commitStepBytes ?? Math.max(2 ** 20, accessible / 4);
  return Math.min(sizes.limitBytes, alignUp(needed, alignUp(step, sizes.pageSizeBytes)));
}
