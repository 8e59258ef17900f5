/**
 * The real program break, for demonstration. It belongs to this process's own malloc as well, so whatever
 * would hurt that is refused with the reason: shrinking below what was grown here, shrinking after malloc has
 * moved the break on, any change from a worker thread (sbrk takes no lock), any change where libc does not
 * share the break.
 *
 *   malloc's own heap | ranges()[0] | ranges()[1] | ... lastRange() | <- current()
 *
 * Growing from the main thread of a process whose other threads allocate is still a race in principle, as it
 * is for every C program. Real work belongs on a mapping.
 */
import { isMainThread } from 'node:worker_threads';
import { ArgumentError } from '../core/index.ts';
import { native } from './binding.ts';
import { check, refusal } from './check.ts';
import { GrownRange } from './grown-range.ts';
import { isBreakShared } from './support.ts';

export interface ProgramBreak {
  /**
   * Where the break is: sbrk(0).
   * @throws PosixError ENOSYS where the platform has no break (macOS)
   */
  current(): bigint;
  /**
   * Moves the break. New bytes read as zero.
   * @param increment bytes; negative gives back, 0 only asks
   * @returns the break before, which is where new bytes start
   * @throws ArgumentError for what is no integer
   * @throws PosixError ENOMEM (no room), EPERM (not ours to give back, or a worker thread), EBUSY (the break
   *   moved on, or a buffer was transferred), ENOTSUP (libc does not share its break)
   */
  sbrk(increment: number | bigint): bigint;
  /**
   * Moves the break to an address.
   * @param address first byte behind the data segment
   * @throws as `sbrk`
   */
  brk(address: bigint): void;
  /** What was grown here and not given back, lowest first. */
  ranges(): readonly GrownRange[];
  /** The range grown last, or null. */
  lastRange(): GrownRange | null;
}

/** Grown here, lowest first. Of this thread, and only the main thread grows. */
const grown: GrownRange[] = [];

/** The program break of this process. */
export const programBreak: ProgramBreak = {
  current,
  sbrk(increment) {
    return move('sbrk', requireIncrement('increment', increment));
  },
  brk(address) {
    if (typeof address !== 'bigint') {
      throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'address', 'a BigInt', address);
    }
    move('brk', address - current());
  },
  ranges: () => [...grown],
  lastRange: () => grown.at(-1) ?? null,
};

function current(): bigint {
  return check('sbrk', native().programBreak());
}

function move(syscall: string, increment: bigint): bigint {
  const before = current();
  if (increment === 0n) return before;
  const subject = { address: before, lengthBytes: Number(increment < 0n ? -increment : increment) };
  if (!isMainThread) {
    throw refusal('EPERM', syscall, {
      ...subject,
      hint: 'sbrk takes no lock: only the main thread may move the break',
    });
  }
  if (!isBreakShared()) {
    throw refusal('ENOTSUP', syscall, {
      ...subject,
      hint: 'the libc of this process does not share its break',
    });
  }
  if (increment > 0n) grow(syscall, subject);
  else shrink(syscall, subject);
  return before;
}

interface Subject {
  address: bigint;
  lengthBytes: number;
}

function grow(syscall: string, subject: Subject): void {
  const handle = check(syscall, native().growBreak(subject.lengthBytes), subject);
  grown.push(new GrownRange(handle));
}

/** All or nothing: every reason to refuse is looked for before the first range is touched. */
function shrink(syscall: string, subject: Subject): void {
  const steps = planShrink(syscall, subject);
  for (const { range, bytes } of steps) {
    check(syscall, range.giveBack(bytes), { ...subject, hint: 'the break moved while it was given back' });
    if (range.byteLength === 0) grown.pop();
  }
}

function planShrink(syscall: string, subject: Subject): { range: GrownRange; bytes: number }[] {
  const steps: { range: GrownRange; bytes: number }[] = [];
  let end = subject.address;
  let rest = subject.lengthBytes;
  for (let index = grown.length - 1; rest > 0; index--) {
    const range = grown[index];
    if (range === undefined) {
      throw refusal('EPERM', syscall, {
        ...subject,
        hint: "only what was grown here may be given back; the rest is malloc's",
      });
    }
    if (range.end !== end) {
      throw refusal('EBUSY', syscall, {
        ...subject,
        hint: 'the break moved on: malloc owns what stands above',
      });
    }
    if (range.isTransferred) {
      throw refusal('EBUSY', syscall, { ...subject, hint: 'a buffer over this memory was transferred away' });
    }
    const bytes = Math.min(rest, range.byteLength);
    steps.push({ range, bytes });
    rest -= bytes;
    end = range.address;
  }
  return steps;
}

function requireIncrement(argument: string, value: number | bigint): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  const code = typeof value === 'number' ? 'ERR_OUT_OF_RANGE' : 'ERR_INVALID_ARG_TYPE';
  throw new ArgumentError(code, argument, 'a safe integer or a BigInt', value);
}
