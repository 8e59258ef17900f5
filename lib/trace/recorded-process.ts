/** What a recording came to. */
import type { CytraceTotals } from './cytrace-layout.ts';
import type { CallCounts } from './heap-calls.ts';

/** One process of a recording, or one of the programs that a process ran one after the other. */
export interface RecordedProcess extends CallCounts, Omit<CytraceTotals, 'recording'> {
  /** Where its trace is. */
  file: string;
  fileBytes: number;
  program: string;
  command: string[];
  process: number;
  parent: number;
  /** It began as a copy of its parent: blocks of the parent are foreign to its trace. */
  forked: boolean;
  /** It ended by exit(), not by a signal, `_exit` or another exec. */
  ended: boolean;
  /** Allocations that got no memory: left out. */
  failedAllocations: number;
  /** Calls under way when the process ended. */
  unfinishedCalls: number;
  /** Records there was no room for: the trace is the beginning of the run. */
  lostRecords: number;
}

/** @returns a path's last part */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || 'program';
}
