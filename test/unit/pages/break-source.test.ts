/** The page source at the real program break, in a process of its own: malloc must not come between. */
import { describe, expect, it } from 'vitest';
import { quietMalloc, runBreakCase } from '../../helpers/break-case.ts';

// Where libc shares its break with us; elsewhere breakSource() refuses, which its own case shows in a worker.
const sharesBreak = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };

describe.runIf(sharesBreak.header?.glibcVersionRuntime)('breakSource', () => {
  it('grows, shrinks, notices that the break moved on, and gives back', async () => {
    const result = await runBreakCase('test/death/cases/break-source.mjs', { env: quietMalloc });
    expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(JSON.parse(result.stdout)).toMatchObject({ back: true });
  });
});
