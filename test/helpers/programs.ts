/**
 * Programs that tests need: run with a limit, and C programs compiled once. Where there is no C compiler, the tests
 * that need one are left out.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
process.on('exit', () => folder[Symbol.dispose]());

/**
 * Runs a program to its end. It waits for it without events, so that no limit of the test runner would hold: a program
 * that never ends is killed here.
 * @param timeoutMs milliseconds until it is killed; the result then has signal SIGKILL
 * @returns how it ended, and what it printed
 */
export function runProgram(
  command: string,
  args: readonly string[] = [],
  { env = process.env, timeoutMs = 50_000 }: { env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): SpawnSyncReturns<string> {
  return spawnSync(command, args, { encoding: 'utf8', env, timeout: timeoutMs, killSignal: 'SIGKILL' });
}

/** True where `cc` is. */
export const hasCompiler: boolean = runProgram('cc', ['--version']).status === 0;

/**
 * Compiles a program.
 * @param name of the executable
 * @param source C
 * @returns its path
 */
export function compile(name: string, source: string): string {
  const program = folder.file(name);
  writeFileSync(`${program}.c`, source);
  // -fno-builtin: a compiler may leave out calls of malloc whose result it can foresee.
  const args = ['-O1', '-fno-builtin', '-w', '-pthread', '-o', program, `${program}.c`];
  const { status, stderr } = runProgram('cc', args);
  if (status !== 0) throw new Error(stderr);
  return program;
}
