/**
 * Runs a program under the recorder. The program is unmodified, its input and output are its own; the recorder
 * (native/tools/recorder.c) is loaded before its libraries. Node's modules are loaded when called.
 */
import type { StdioOptions } from 'node:child_process';
import { ArgumentError, requireInteger } from '../core/index.ts';
import { convertLog, type FoundLog, findLogs } from './convert-log.ts';
import { RecordError } from './record-error.ts';
import { basename, type RecordedProcess } from './recorded-process.ts';
import { recorderPath } from './recorder-path.ts';

/** What to run, and how closely to look. */
export interface RecordOptions {
  /** A path, or a name that is looked for in PATH. */
  program: string;
  args?: readonly string[];
  /** Where the trace goes; those of other processes get names beside it. @defaultValue `PROGRAM.cytrace` */
  output?: string;
  /** Which children to record too: none, all, or programs of these names. @defaultValue false */
  follow?: boolean | readonly string[];
  /** Note when each call was made. @defaultValue false */
  times?: boolean;
  /** Note where each call was made: the address it returns to. @defaultValue false */
  sites?: boolean;
  /** Most calls of a process; what comes later is not recorded. 1,024 to 2^32. @defaultValue 2^28 */
  limitCalls?: number;
  /** Folder for the logs, 24 or 40 bytes a call, gone afterwards. @defaultValue the system's temporary folder */
  scratch?: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** @defaultValue 'inherit' */
  stdio?: StdioOptions;
  /** Told while the logs are converted, with the number of records done and of all. */
  onProgress?: (done: number, total: number) => void;
}

const leastCalls = 1024;

/** How it went. */
export interface RecordResult {
  /** What the program left; null when a signal ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** From the start to the end of the program. */
  elapsedMs: number;
  /** Its trace first, then those of followed processes. */
  traces: RecordedProcess[];
}

/**
 * Records a program's heap calls.
 * @param options what to run
 * @returns how it ended and what was recorded; a program that fails is no failure of the recording
 * @throws ArgumentError; RecordError ERR_RECORD_START when it cannot be started, ERR_RECORD_NOTHING when it is one that loads no
 *   recorder (static, or with more rights than ours), ERR_RECORD_UNSUPPORTED on a platform without one
 */
export async function record(options: RecordOptions): Promise<RecordResult> {
  requireMeaning(options);
  const { mkdtemp, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const folder = await mkdtemp(`${options.scratch ?? tmpdir()}/chunkyard-`);
  try {
    const { child, ...ending } = await run(options, folder);
    const logs = await findLogs(folder);
    const chosen = choose(logs, child, options.follow ?? false);
    if (chosen.length === 0) throw nothingRecorded(options.program);
    return { ...ending, traces: await convertAll(chosen, options) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function requireMeaning({ program, follow, limitCalls = leastCalls }: RecordOptions): void {
  requireInteger('limitCalls', limitCalls, { minimum: leastCalls, maximum: 2 ** 32 });
  if (typeof program !== 'string' || program === '' || program.includes('\0')) {
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'program', 'a path or a name', program);
  }
  for (const name of Array.isArray(follow) ? follow : []) {
    if (/^[^:,/\0]+$/.test(name)) continue;
    throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'follow', 'names of programs, without a path', name);
  }
}

type Ending = Pick<RecordResult, 'exitCode' | 'signal' | 'elapsedMs'> & { child: number };

async function run(options: RecordOptions, folder: string): Promise<Ending> {
  const { spawn } = await import('node:child_process');
  const { program, args = [], cwd, stdio = 'inherit' } = options;
  const env = await recorderEnvironment(options, folder);
  const start = performance.now();
  const child = spawn(program, args, { env, stdio, ...(cwd === undefined ? {} : { cwd }) });
  const release = passSignals((signal) => child.kill(signal));
  try {
    return await new Promise<Ending>((resolve, reject) => {
      child.on('error', (error) => reject(cannotStart(program, error)));
      child.on('exit', (exitCode, signal) => {
        resolve({ exitCode, signal, elapsedMs: performance.now() - start, child: child.pid ?? 0 });
      });
    });
  } finally {
    release();
  }
}

/** What native/tools/recorder/config.h reads, and what makes the dynamic linker load the recorder. */
async function recorderEnvironment(options: RecordOptions, folder: string): Promise<NodeJS.ProcessEnv> {
  const { times = false, sites = false, follow = false, limitCalls = 2 ** 28 } = options;
  const env = { ...(options.env ?? process.env) };
  const names = follow === true ? '*' : follow === false ? '' : follow.join(',');
  const wishes = (times ? 1 : 0) + (sites ? 2 : 0);
  const { realpath } = await import('node:fs/promises');
  const variable = process.platform === 'darwin' ? 'DYLD_INSERT_LIBRARIES' : 'LD_PRELOAD';
  const others = env[variable] ? `:${env[variable]}` : '';
  env[variable] = (await recorderPath(folder)) + others;
  env.CHUNKYARD_RECORD = [process.pid, wishes, limitCalls, names, `${await realpath(folder)}/`].join(':');
  return env;
}

/** The terminal's signals reach the program by themselves; those sent to us alone are passed on. */
function passSignals(kill: (signal: NodeJS.Signals) => void): () => void {
  const signals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const;
  const handlers = signals.map((signal, place) => {
    const handler = place < 2 ? (): void => {} : (): void => kill(signal);
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}

/** The program's own log first: the last program that the child itself ran, as shells run others by exec. */
function choose(logs: readonly FoundLog[], child: number, follow: boolean | readonly string[]): FoundLog[] {
  const own = logs.filter(({ header }) => header.process === child);
  const main = own.at(-1);
  if (main === undefined) return [];
  const isWanted = (log: FoundLog): boolean =>
    log.header.claimed > 0 &&
    (log.header.process !== child ||
      follow === true ||
      (follow !== false && follow.includes(basename(log.header.command[0]))));
  return [main, ...logs.filter((log) => log !== main && isWanted(log))];
}

async function convertAll(logs: readonly FoundLog[], options: RecordOptions): Promise<RecordedProcess[]> {
  const { output = `${basename(options.program)}.cytrace`, onProgress = () => {} } = options;
  const total = logs.reduce((sum, { header }) => sum + header.claimed, 0);
  const traces: RecordedProcess[] = [];
  let done = 0;
  for (const log of logs) {
    const file = traces.length === 0 ? output : beside(output, log);
    traces.push(
      await convertLog(log, file, (records) => {
        done += records;
        onProgress(done, total);
      }),
    );
  }
  return traces;
}

/** `out.cytrace` and process 7, cc1: `out.cc1-7.cytrace`. */
function beside(output: string, { header, image }: FoundLog): string {
  const program = basename(header.command[0]).replace(/[^\w.+-]/g, '_');
  const again = image > 0 ? `.${image}` : '';
  const stem = output.endsWith('.cytrace') ? output.slice(0, -'.cytrace'.length) : output;
  return `${stem}.${program}-${header.process}${again}.cytrace`;
}

function cannotStart(program: string, error: NodeJS.ErrnoException): RecordError {
  const reason = error.code === 'ENOENT' ? 'there is no such program' : error.message;
  return new RecordError('ERR_RECORD_START', `${program} cannot be started: ${reason}`, { cause: error });
}

function nothingRecorded(program: string): RecordError {
  const why =
    process.platform === 'darwin'
      ? 'it is one of the system, or signed so that no library can be inserted'
      : 'it is statically linked, made for another machine, runs with more rights than its caller, or its log found no room';
  return new RecordError('ERR_RECORD_NOTHING', `${program} loaded no recorder: ${why}`);
}
