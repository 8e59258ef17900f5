/** What recovery found and did, as plain data. */
import type { Violation } from '../../core/index.ts';

/** What was done to a heap whose process died inside it. */
export interface RecoveryReport {
  /** What `check()` found before. */
  violations: readonly Violation[];
  /** Blocks in use afterwards. */
  liveBlocks: number;
  /** Free chunks afterwards, top not counted. */
  freeChunks: number;
  /** Each thing that was repaired or given up, in words. */
  repairs: readonly string[];
  /** Bytes that nobody can say are free, kept as blocks in use: what was lost. */
  lostBytes: number;
}
