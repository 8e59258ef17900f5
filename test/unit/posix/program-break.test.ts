/** The real program break, each scenario in a process of its own: what moves it, what is refused and why. */
import { describe, expect, it } from 'vitest';
import { isSupported, pageSize, programBreak } from '../../../lib/posix/index.ts';
import { quietMalloc, runBreakCase } from '../../helpers/break-case.ts';
import { isSanitized } from '../../helpers/sanitized.ts';

const page = pageSize();

async function run(
  scenario: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const result = await runBreakCase('test/death/cases/program-break.mjs', { args: [scenario], env });
  expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
  return JSON.parse(result.stdout);
}

function refused(code: string, reason: string): object {
  return { name: 'PosixError', code, syscall: 'sbrk', message: expect.stringContaining(reason) };
}

describe.runIf(isSupported('programBreak'))('programBreak', () => {
  it('grows and shrinks, over several ranges, with zeroed bytes and buffers that empty', async () => {
    expect(await run('moves', quietMalloc)).toEqual({});
  });

  it('refuses what is not ours, what does not exist and what is no number', async () => {
    expect(await run('refusals')).toMatchObject({
      belowOurs: { ...refused('EPERM', 'only what was grown here'), length: 2 * page },
      belowOursByAddress: {
        ...refused('EPERM', 'only what was grown here'),
        syscall: 'brk',
        length: page + 1,
      },
      tooMuch: { name: 'PosixError', code: 'ENOMEM', syscall: 'sbrk', length: 2 ** 50 },
      fraction: { name: 'ArgumentError', code: 'ERR_OUT_OF_RANGE' },
      text: { name: 'ArgumentError', code: 'ERR_INVALID_ARG_TYPE' },
      numberAddress: { name: 'ArgumentError', code: 'ERR_INVALID_ARG_TYPE' },
    });
  });

  it.skipIf(isSanitized)(
    'refuses to shrink once malloc has moved the break on, and its bytes stay',
    async () => {
      const result = await run('mallocMovesOn');
      expect(result.movedBy).toBeGreaterThan(0);
      expect(result).toMatchObject({
        intact: true,
        shrink: refused('EBUSY', 'malloc owns what stands above'),
      });
    },
  );

  it.runIf('transfer' in ArrayBuffer.prototype)('refuses to shrink under a transferred buffer', async () => {
    expect(await run('transferred')).toMatchObject({
      moved: 3,
      shrink: refused('EBUSY', 'transferred away'),
    });
  });

  it('refuses to move in a worker thread, where it may be asked', async () => {
    expect(await run('worker')).toMatchObject({
      current: 'bigint',
      grow: refused('EPERM', 'sbrk takes no lock'),
    });
  });
});

describe.runIf(!isSupported('programBreak'))('programBreak elsewhere', () => {
  it('refuses to move', () => {
    expect(() => programBreak.sbrk(page)).toThrow(/ENOSYS|ENOTSUP/);
  });
});
