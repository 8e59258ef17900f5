/** Runs a program that moves the real program break, which it shares with every thread of the engine. */
import { type ChildOptions, type ChildResult, runCase } from './child.ts';

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
