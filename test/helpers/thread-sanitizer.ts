/** Small programs with ThreadSanitizer, around one native part. */
import { join } from 'node:path';
import { root } from './child.ts';
import { runProgram } from './programs.ts';
import { isSanitized } from './sanitized.ts';

const flags = ['-g', '-O1', '-fsanitize=thread', '-pthread', `-I${join(root, 'native')}`];

/**
 * Compiles.
 * @param compiler `cc` or `c++`
 * @param program path of what is made
 * @param args sources and more flags
 * @returns true when it was made
 */
export function buildWatched(compiler: 'cc' | 'c++', program: string, args: readonly string[]): boolean {
  return runProgram(compiler, [...flags, ...args, '-o', program]).status === 0;
}

/**
 * Tells whether such a program runs: two sanitizers do not go into one process, and this one cannot start where the
 * kernel scatters mappings too far.
 */
export function canWatch(program: string): boolean {
  return !isSanitized && !runProgram(program).stderr.includes('unexpected memory mapping');
}
