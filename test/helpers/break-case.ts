/** Runs a program that moves the real program break, which it shares with every thread of the engine. */
import { type ChildOptions, type ChildResult, runCase } from './child.ts';

/** Lets malloc take 64 MiB of break at once, early, so that it leaves the break alone while a case looks. */
export const quietMalloc: Readonly<Record<string, string>> = {
  MALLOC_TOP_PAD_: String(64 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 30),
};

const attempts = 4;

/**
 * Like `runCase`, again when another thread's malloc moved the break at the very moment the case did: it is refused
 * then (EBUSY), rightly, and says so.
 */
export async function runBreakCase(script: string, options: ChildOptions = {}): Promise<ChildResult> {
  let result = await runCase(script, options);
  for (
    let attempt = 1;
    attempt < attempts && result.code === 1 && result.stderr.includes('EBUSY');
    attempt++
  ) {
    result = await runCase(script, options);
  }
  return result;
}
