/** The heap over time on an allocator of this package, in this process. */
import { Opcode, replay, type Trace } from '../trace/index.ts';
import { makeSubject, type SubjectName, type SubjectOptions } from './subjects.ts';
import { TimelineKeeper, type TimelineOptions, type TimelineSample } from './timeline.ts';

/**
 * Replays a trace and looks at the heap on the way.
 * @param trace what to run
 * @param name which allocator
 * @param options for it, and when to look
 * @returns a sample for every look
 * @throws ReplayError, PosixError
 */
export function timelineOn(
  trace: Trace,
  name: SubjectName,
  options: SubjectOptions & TimelineOptions,
): TimelineSample[] {
  // Memory page by page, as the native malloc takes it.
  const subject = makeSubject(name, { ...options, transparentHugePages: false });
  using allocator = subject.allocator;
  const keeper = new TimelineKeeper(trace, subject, options);
  replay(trace, allocator, {
    onOperation: (index, pointer) => {
      const isFree = trace.opcodes[index] === Opcode.free;
      keeper.note(index, trace.ids[index], pointer ?? null, trace.sizes[index], isFree);
    },
    ...(subject.heap?.severalThreads ? { onThread: (thread) => subject.heap?.enterThread(thread) } : {}),
  });
  return keeper.samples;
}
