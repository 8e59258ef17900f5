/** Runs the command line as a user does: the compiled executable in a process of its own. */
import { join } from 'node:path';
import { type ChildOptions, type ChildResult, compilePackage, root, runNode } from './child.ts';

/** The executable. */
export const executable: string = join(root, 'dist', 'cli', 'main.js');

/**
 * Runs `chunkyard`.
 * @param args its arguments
 * @param options how it is started; `args` of it is not used
 * @returns how it ended
 */
export async function runCli(args: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
  await compilePackage();
  return await runNode([...(options.nodeArgs ?? []), executable, ...args], {
    ...options,
    env: { COLUMNS: '80', LC_ALL: '', LC_CTYPE: '', LANG: '', TERM: 'xterm', ...options.env },
  });
}

/**
 * Runs a command with `--json` and demands that it ends with 0 and prints one document and nothing else.
 * @returns the document
 */
export async function runJson<T = Record<string, unknown>>(args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, '--json']);
  if (code !== 0 || stderr !== '') throw new Error(`ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
