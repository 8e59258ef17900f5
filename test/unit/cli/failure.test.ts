/** Which error leaves which exit code, and what is said about it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Disappointment, isDefect, judge, UsageError } from '../../../lib/cli/failure.ts';
import { ReplayerError } from '../../../lib/compare/index.ts';
import { ArgumentError, HeapError, PosixError } from '../../../lib/core/index.ts';
import { ReplayError, TraceError } from '../../../lib/trace/index.ts';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('judge', () => {
  it.each([
    [2, new UsageError('no such thing')],
    [2, new TraceError('ERR_TRACE_FORMAT', 'x.trace', 'expected a number', 3)],
    [2, new ArgumentError('ERR_OUT_OF_RANGE', 'bytes', 'a size', -1)],
    [2, thrownBy(() => readFileSync('/nowhere/at/all'))],
    [1, new Disappointment('placements differ')],
    [1, new ReplayError('ERR_REPLAY_CHECK', 7, 'the heap breaks 1 rule(s)')],
    [1, new HeapError('ERR_HEAP_CORRUPTED', 'bad size')],
    [1, new PosixError('ENOMEM', { errno: 12, syscall: 'mmap' })],
    [70, new ReplayerError('ERR_REPLAYER_MISSING', 'no native replayer')],
  ])('leaves %i and the message alone for %s', (code, error) => {
    expect(judge(error)).toEqual({ code, message: (error as Error).message });
  });

  it.each([
    ['a TypeError', new TypeError('x is not a function')],
    ['an error that is none', 'a string'],
    ['a file error without a file', Object.assign(new Error('EACCES: bind'), { code: 'EACCES' })],
  ])('calls %s a defect and says how to report it', (_, error) => {
    const { code, message } = judge(error);
    expect(code).toBe(70);
    expect(message).toContain('report it');
    expect(message).toContain(error instanceof Error ? error.message : error);
  });
});

describe('isDefect', () => {
  it.each([
    [true, new TypeError('x is not a function')],
    [true, 'a string'],
    [false, new ReplayerError('ERR_REPLAYER_MISSING', 'no native replayer')],
    [false, new Disappointment('no room')],
    [false, Object.assign(new Error('spawn node EAGAIN'), { code: 'EAGAIN', syscall: 'spawn node' })],
  ])('is %j for %s', (defect, error) => {
    expect(isDefect(error)).toBe(defect);
  });
});
