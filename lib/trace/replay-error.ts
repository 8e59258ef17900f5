/** A replay that went wrong: which operation, what it was, and what was found. */
import type { Violation } from '../core/index.ts';

/** Stable codes of `ReplayError`. */
export type ReplayErrorCode =
  /** `check()` found broken invariants. */
  | 'ERR_REPLAY_CHECK'
  /** A block did not hold what was written to it, or lay where it should not. */
  | 'ERR_REPLAY_CONTENTS'
  /** The allocator threw; see `cause`. */
  | 'ERR_REPLAY_REFUSED';

/** Where a replay ended before its time. */
export class ReplayError extends Error {
  override readonly name: string = 'ReplayError';
  readonly code: ReplayErrorCode;
  /** Index of the operation, from 0. */
  readonly operation: number;
  /** What `check()` returned, for ERR_REPLAY_CHECK. */
  readonly violations: readonly Violation[];

  constructor(
    code: ReplayErrorCode,
    operation: number,
    message: string,
    details: { cause?: unknown; violations?: readonly Violation[] } = {},
  ) {
    super(
      `operation ${operation}: ${message}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.operation = operation;
    this.violations = details.violations ?? [];
  }
}
