/**
 * One trace under one setting in the exact simulator: what it takes at its peak and at its end, which calls it makes,
 * how long the allocator's code runs.
 */
import { type GlibcVersion, Heap, type Tunables } from '../heap/index.ts';
import { type LoopProgram, loopProgram, Opcode, replay, replayLoop, type Trace } from '../trace/index.ts';
import { sharedWindow } from './shared-window.ts';
import { heapOptions } from './subjects.ts';
import { TimelineKeeper, type TimelineSample } from './timeline.ts';

/** What is the same in all trials of a run. */
export interface TrialOptions {
  glibc: GlibcVersion;
  arena: 'main' | 'thread';
  /** Threads as recorded, 2 or more; 1 to run all calls on `arena`. */
  threads: number;
  cores: number;
}

/** What one setting came to. */
export interface Outcome {
  tunables: Tunables;
  /** Most bytes taken from the system at the end of an operation. */
  peakHeapBytes: number;
  /** Bytes taken from the system when the trace ends. */
  endHeapBytes: number;
  /** The heap when it was largest, for the first time. */
  atPeak: TimelineSample;
  /** Bytes in mappings of their own at that moment. */
  mappedAtPeakBytes: number;
  /** Calls that the simulated heap makes, by name. */
  systemCalls: Record<string, number>;
  /** Pages that come fresh from the kernel: written to, each is a page fault. */
  freshPages: number;
  /** Allocations that got no memory. */
  failedAllocations: number;
}

/**
 * Tries one setting, looking after every operation; not timed.
 * @param trace what to run
 * @param tunables the setting
 * @param options version, arena, threads
 * @throws ReplayError, HeapError
 */
export function runTrial(trace: Trace, tunables: Tunables, options: TrialOptions): Outcome {
  return { tunables, ...runWatched(trace, makeHeap(tunables, options)) };
}

/**
 * Times one run on a fresh heap.
 * @param trace what to run
 * @param tunables the setting
 * @param options version, arena, threads
 * @returns nanoseconds per operation of the simulated allocator's own code, without any call of the system
 */
export function timeTrial(trace: Trace, tunables: Tunables, options: TrialOptions): number {
  return timeOnce(trace, makeHeap(tunables, options)) / Math.max(1, trace.operationCount);
}

function makeHeap(tunables: Tunables, { glibc, arena, threads, cores }: TrialOptions): Heap {
  const several = threads > 1 ? { threads, cores } : { arena };
  return Heap.create({ ...heapOptions({ glibc, tunables, ...several }), source: sharedWindow() });
}

function runWatched(trace: Trace, heap: Heap): Omit<Outcome, 'tunables'> {
  const { space } = heap;
  // What starting the threads took is the process's, here as in the native replay.
  const before = heap.severalThreads ? 0 : space.accessibleBytes;
  const keeper = new TimelineKeeper(trace, {
    allocator: heap,
    heapBytes: () => space.accessibleBytes - before,
    topBytes: () => heap.topBytes(),
    residentBytes: () => null,
    bytes: () => heap.b,
  });
  let peak = -1;
  let atPeak: TimelineSample | null = null;
  let mappedAtPeakBytes = 0;
  const { failedAllocations } = replay(trace, heap, {
    onOperation: (index, pointer) => {
      const isFree = trace.opcodes[index] === Opcode.free;
      keeper.note(index, trace.ids[index], pointer ?? null, trace.sizes[index], isFree);
      if (space.accessibleBytes <= peak) return;
      peak = space.accessibleBytes;
      atPeak = keeper.look();
      mappedAtPeakBytes = heap.mappedBytes();
    },
    ...(heap.severalThreads ? { onThread: (thread) => heap.enterThread(thread) } : {}),
  });
  return {
    peakHeapBytes: Math.max(0, peak - before),
    endHeapBytes: space.accessibleBytes - before,
    atPeak: atPeak ?? keeper.look(),
    mappedAtPeakBytes,
    systemCalls: { ...space.calls },
    freshPages: space.grownBytes / space.pageBytes,
    failedAllocations,
  };
}

/** CPU time of the process: other processes are not in it, and the other workers are idle. */
function timeOnce(trace: Trace, heap: Heap): number {
  const program = loopProgram(trace);
  const start = process.cpuUsage();
  if (heap.severalThreads) replayThreads(trace, heap, program);
  else replayLoop(program, heap);
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

/** The bare loop, from one change of threads to the next. */
export function replayThreads(trace: Trace, heap: Heap, program: LoopProgram): void {
  let from = 0;
  for (const { operation, thread } of trace.threadSwitches) {
    replayLoop(program, heap, from, operation);
    heap.enterThread(thread);
    from = operation;
  }
  replayLoop(program, heap, from);
}
