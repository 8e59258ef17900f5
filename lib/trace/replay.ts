/**
 * Replays a trace on any allocator. `replay` looks at everything and may check as it goes; `replayLoop` is the
 * bare loop for a stopwatch. Both run a c m r f only: the operations of damage traces are left out.
 */
import type { Allocator, Pointer } from '../core/index.ts';
import { ContentsKeeper } from './contents.ts';
import { formatOperation } from './format.ts';
import { ReplayError } from './replay-error.ts';
import { allocates, Opcode, type Trace } from './trace.ts';

/** What to do along the way. */
export interface ReplayOptions {
  /** Run `check()` after every so many operations, and at the end; 0 for never. @defaultValue 0 */
  checkEvery?: number;
  /** Fill every block and look again when it is resized or freed; prove calloc's zeros and alignments. */
  verifyContents?: boolean;
  /** Told after every operation that gives a block; null when there was no memory. */
  onPlacement?: (operation: number, pointer: Pointer | null) => void;
  /** Told after every operation; the pointer is undefined where none was asked for. */
  onOperation?: (operation: number, pointer: Pointer | null | undefined) => void;
  /** Told before the operations of another thread than those before; thread 0 begins. */
  onThread?: (thread: number) => void;
}

/** What a replay came to. */
export interface ReplayResult {
  /** Operations run. */
  operations: number;
  /** Operations left out because only a damage replay runs them. */
  skipped: number;
  /** Allocations that got null. */
  failedAllocations: number;
  peakLiveBytes: number;
  peakHeapBytes: number;
  /** peakLiveBytes / peakHeapBytes, 0 to 1. */
  utilization: number;
  /** Runs of `check()`. */
  checks: number;
}

/**
 * Replays a trace.
 * @param trace what to run
 * @param allocator where to run it; blocks the trace never frees stay allocated
 * @returns counts and peaks
 * @throws ReplayError with the operation's index
 */
export function replay(trace: Trace, allocator: Allocator, options: ReplayOptions = {}): ReplayResult {
  const { checkEvery = 0, verifyContents = false, onPlacement, onOperation } = options;
  const nextThread = threadChanges(trace, options.onThread);
  const contents = verifyContents ? new ContentsKeeper(trace.blockCount) : null;
  const pointers: (Pointer | null)[] = new Array(trace.blockCount).fill(null);
  const result = { operations: 0, skipped: 0, failedAllocations: 0, checks: 0 };
  for (let index = 0; index < trace.operationCount; index++) {
    nextThread(index);
    if (!isHeapCall(trace.opcodes[index])) {
      result.skipped++;
      continue;
    }
    try {
      contents?.before(trace, index, pointers, allocator);
      const given = runOperation(trace, index, pointers, allocator);
      if (given === null) result.failedAllocations++;
      if (given !== undefined) onPlacement?.(index, given);
      contents?.after(trace, index, given, allocator);
      onOperation?.(index, given);
    } catch (error) {
      throw describe(trace, index, error);
    }
    result.operations++;
    if (checkEvery > 0 && (index + 1) % checkEvery === 0) result.checks += checkNow(trace, index, allocator);
  }
  if (checkEvery > 0) result.checks += checkNow(trace, trace.operationCount - 1, allocator);
  const { peakHeapBytes } = allocator.stats();
  const { peakLiveBytes } = trace;
  return {
    ...result,
    peakLiveBytes,
    peakHeapBytes,
    utilization: peakHeapBytes === 0 ? 0 : peakLiveBytes / peakHeapBytes,
  };
}

/**
 * Runs one operation, one of a c m r f.
 * @param pointers blocks by their number, kept up to date
 * @returns the block given, null for no memory, undefined when none was asked for
 */
export function runOperation(
  { opcodes, ids, sizes, extras }: Trace,
  index: number,
  pointers: (Pointer | null)[],
  allocator: Allocator,
): Pointer | null | undefined {
  const id = ids[index];
  const size = sizes[index];
  switch (opcodes[index]) {
    case Opcode.malloc:
      pointers[id] = allocator.malloc(size);
      return pointers[id];
    case Opcode.calloc:
      pointers[id] = allocator.calloc(1, size);
      return pointers[id];
    case Opcode.memalign:
      pointers[id] = allocator.memalign(extras[index], size);
      return pointers[id];
    case Opcode.realloc: {
      const moved = allocator.realloc(pointers[id], size);
      if (moved !== null) pointers[id] = moved;
      return moved;
    }
    default:
      allocator.free(id < 0 ? null : pointers[id]);
      if (id >= 0) pointers[id] = null;
      return undefined;
  }
}

/** @returns what tells of a change of threads when it is called before each operation, in order */
function threadChanges({ threadSwitches }: Trace, tell?: (thread: number) => void): (index: number) => void {
  if (tell === undefined) return () => {};
  let next = 0;
  return (index) => {
    for (; threadSwitches[next]?.operation === index; next++) tell(threadSwitches[next].thread);
  };
}

function isHeapCall(opcode: number): boolean {
  return opcode === Opcode.free || allocates(opcode);
}

function describe(trace: Trace, index: number, error: unknown): ReplayError {
  if (error instanceof ReplayError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ReplayError(
    'ERR_REPLAY_REFUSED',
    index,
    `"${formatOperation(trace, index)}" failed: ${message}`,
    {
      cause: error,
    },
  );
}

function checkNow(trace: Trace, index: number, allocator: Allocator): number {
  const violations = allocator.check();
  if (violations.length === 0) return 1;
  const { rule, chunk, message } = violations[0];
  const after = index < 0 ? 'the start' : `"${formatOperation(trace, index)}"`;
  throw new ReplayError(
    'ERR_REPLAY_CHECK',
    index,
    `after ${after} the heap breaks ${violations.length} rule(s), first ${rule} at chunk ${chunk}: ${message}`,
    { violations },
  );
}
