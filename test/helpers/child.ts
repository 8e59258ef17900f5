/**
 * Runs code of this package in a process of its own: what is meant to die, or to see a fresh process.
 *
 * Children load the compiled package (`dist/`), because Node 20 runs no TypeScript. It is compiled here whenever a
 * source is newer, once, however many test files run side by side. Types are not checked: `npm run check:types` does
 * that.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Root of the checkout. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** How a child ended. */
export interface ChildResult {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  /** Name of the signal that ended it, or null. */
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** How a child is started. */
export interface ChildOptions {
  /** Arguments for the script. */
  args?: readonly string[];
  /** Arguments for Node itself, for example `--expose-gc`. */
  nodeArgs?: readonly string[];
  /** Added to the environment of this process. */
  env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is closed then. */
  input?: string | Uint8Array;
  /** Killed after this many milliseconds; the result then has signal SIGKILL. @defaultValue 30,000 */
  timeoutMs?: number;
}

const cache = join(root, 'node_modules', '.cache', 'chunkyard-test');
const dist = join(root, 'dist');
const stamp = join(dist, '.compiled');
let compiled: Promise<void> | undefined;

/**
 * Runs a script of test/death/cases (or any other) with Node; it imports `../../../dist/index.js`.
 * @param script path from the root of the checkout, or absolute
 * @returns how it ended; a signal is a result, not an error
 */
export async function runCase(script: string, options: ChildOptions = {}): Promise<ChildResult> {
  await compilePackage();
  return await runNode(
    [...(options.nodeArgs ?? []), join(root, relative(root, script)), ...(options.args ?? [])],
    options,
  );
}

/**
 * Runs Node.
 * @param args for Node: flags, script, its arguments
 * @returns how it ended
 */
export function runNode(args: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_OPTIONS: '', ...options.env };
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'pipe' });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 30_000);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    // A child that died early closes its input: not our failure.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...output });
    });
  });
}

/** Compiles lib/ to dist/ unless dist/ is newer than every source. */
export function compilePackage(): Promise<void> {
  compiled ??= compileOnce();
  return compiled;
}

async function compileOnce(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const unlock = await takeLock(join(cache, 'lock'));
  try {
    if (!isFresh()) compile();
  } finally {
    unlock();
  }
}

/** One compilation at a time, over all processes. The file holds the process id of its owner. */
async function takeLock(path: string): Promise<() => void> {
  for (;;) {
    try {
      const fd = openSync(path, 'wx');
      writeFileSync(fd, String(process.pid));
      closeSync(fd);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isAbandoned(path)) rmSync(path, { force: true });
    else await sleep(50);
  }
}

function isAbandoned(path: string): boolean {
  try {
    const owner = Number(readFileSync(path, 'utf8'));
    if (owner > 0) process.kill(owner, 0);
    // Not written yet: give its owner a moment.
    return owner === 0 && Date.now() - statSync(path).mtimeMs > 5000;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function newestSourceMs(): number {
  const configs = ['tsconfig.json', 'tsconfig.build.json'].map((name) => join(root, name));
  return Math.max(...[...configs, ...filesUnder(join(root, 'lib'))].map((path) => statSync(path).mtimeMs));
}

function isFresh(): boolean {
  return (
    existsSync(stamp) && existsSync(join(dist, 'index.js')) && statSync(stamp).mtimeMs >= newestSourceMs()
  );
}

function run(args: string[]): void {
  const result = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 120_000 });
  if (result.status !== 0) throw new Error(`lib/ does not compile:\n${result.stdout}${result.stderr}`);
}

/** Into a folder of its own first, then file by file: a child that runs meanwhile never sees half a file. */
function compile(): void {
  const newest = newestSourceMs();
  const staging = join(cache, `dist-${process.pid}`);
  rmSync(staging, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [
    tsc,
    '-p',
    'tsconfig.build.json',
    '--noCheck',
    '--outDir',
    staging,
    '--declaration',
    'false',
    '--isolatedDeclarations',
    'false',
  ];
  run(args);
  writeFileSync(join(cache, 'package.json'), '{ "type": "module" }\n');
  run([join(root, 'lib', 'heap', 'flatten', 'flatten.mjs'), join(staging, 'heap')]);
  for (const file of filesUnder(staging)) {
    const target = join(dist, relative(staging, file));
    mkdirSync(dirname(target), { recursive: true });
    renameSync(file, target);
  }
  rmSync(staging, { recursive: true, force: true });
  writeFileSync(stamp, '');
  utimesSync(stamp, new Date(), new Date(newest));
}
