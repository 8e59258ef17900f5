/** Placement lines of an allocator of ours, in the form that docs/trace-format.md gives. */
import { replay, type Trace } from '../trace/index.ts';
import { makeSubject, type Subject, type SubjectName, type SubjectOptions } from './subjects.ts';

/**
 * Replays a trace and writes down where each block came to lie.
 * @param trace what to run
 * @param subject where, fresh
 * @returns one line per operation
 * @throws ReplayError with the operation's index
 */
export function placementLines(trace: Trace, subject: Subject): string[] {
  const lines: string[] = new Array(trace.operationCount).fill('-');
  replay(trace, subject.allocator, {
    onPlacement: (operation, pointer) => {
      lines[operation] = subject.place(pointer);
    },
  });
  return lines;
}

/**
 * The same on an allocator made for it.
 * @param trace what to run
 * @param name which allocator
 * @param options for it
 * @throws ReplayError, PosixError
 */
export function placementsOn(trace: Trace, name: SubjectName, options: SubjectOptions = {}): string[] {
  const subject = makeSubject(name, options);
  using _ = subject.allocator;
  return placementLines(trace, subject);
}
