/** C programs that tests need, compiled once; where there is no C compiler, the tests that need one are left out. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
process.on('exit', () => folder[Symbol.dispose]());

/** True where `cc` is. */
export const hasCompiler: boolean = spawnSync('cc', ['--version']).status === 0;

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
  const { status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return program;
}
