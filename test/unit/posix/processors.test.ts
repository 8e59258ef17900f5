/** Keeping to one processor: what the kernel says about this thread and about a process that it started. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../../lib/core/index.ts';
import { onOneProcessor, paceNs } from '../../../lib/posix/index.ts';
import { runProgram } from '../../helpers/programs.ts';

const isLinux = process.platform === 'linux';

/** `0-3,7` as the kernel writes it. */
function allowed(status: string): string {
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
}

const ownProcessors = (): string => allowed(readFileSync('/proc/thread-self/status', 'latin1'));

describe('onOneProcessor', () => {
  it('gives back what was run, on any platform', () => {
    expect(onOneProcessor(0, () => 'done')).toBe('done');
    expect(() => onOneProcessor(-1, () => 'never')).toThrow(ArgumentError);
  });

  it.runIf(isLinux)('keeps this thread to one, counted round, and lets it go again', () => {
    const before = ownProcessors();
    for (const index of [0, 1, 1000]) {
      expect(onOneProcessor(index, ownProcessors)).toMatch(/^\d+$/);
      expect(ownProcessors()).toBe(before);
    }
  });

  it.runIf(isLinux)('lets go when what was run throws', () => {
    const before = ownProcessors();
    const fail = (): never => {
      throw new RangeError('on purpose');
    };
    expect(() => onOneProcessor(0, fail)).toThrow(RangeError);
    expect(ownProcessors()).toBe(before);
  });

  it.runIf(isLinux)('keeps a process that it starts, from its first instruction on', () => {
    const script = "process.stdout.write(require('node:fs').readFileSync('/proc/self/status', 'latin1'))";
    const { stdout } = onOneProcessor(0, () => runProgram(process.execPath, ['-e', script]));
    expect(allowed(stdout)).toMatch(/^\d+$/);
  });
});

describe('paceNs', () => {
  it('is a time', () => {
    expect(paceNs()).toBeGreaterThan(0);
  });
});
