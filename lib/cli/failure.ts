/**
 * Exit codes, and which error means which. Errors of the user's making get one line; a defect of ours gets what a
 * report needs.
 */
import { ReplayerError } from '../compare/index.ts';
import { ArgumentError, HeapError, PosixError } from '../core/index.ts';
import { ReportError } from '../costs/index.ts';
import { AddonLoadError } from '../posix/index.ts';
import { RecordError, ReplayError, TraceError } from '../trace/index.ts';

/** What the process leaves. */
export const exitCode = {
  done: 0,
  /** The thing looked for went wrong: a check failed, the system refused. */
  wrong: 1,
  /** Wrong usage or bad input. */
  usage: 2,
  /** A defect of this package. */
  defect: 70,
} as const;

/** Options or arguments that cannot be meant. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** What was looked for went wrong; said already, or said by the message. */
export class Disappointment extends Error {
  override readonly name: string = 'Disappointment';
}

/** What to tell, and what to leave. */
export interface Verdict {
  code: number;
  /** For standard error, without a newline at the end. */
  message: string;
}

/**
 * Judges an error.
 * @param error whatever was thrown
 * @returns exit code and message
 */
export function judge(error: unknown): Verdict {
  if (
    error instanceof UsageError ||
    error instanceof TraceError ||
    error instanceof ReportError ||
    error instanceof ArgumentError
  ) {
    return { code: exitCode.usage, message: error.message };
  }
  if (
    error instanceof Disappointment ||
    error instanceof ReplayError ||
    error instanceof PosixError ||
    error instanceof HeapError
  ) {
    return { code: exitCode.wrong, message: error.message };
  }
  if (error instanceof RecordError) {
    const isOurs = error.code === 'ERR_RECORD_UNSUPPORTED';
    return { code: isOurs ? exitCode.defect : exitCode.usage, message: error.message };
  }
  if (isFileTrouble(error)) return { code: exitCode.usage, message: error.message };
  // Our own parts are missing or broke: the message says where they were looked for.
  if (error instanceof AddonLoadError || error instanceof ReplayerError)
    return { code: exitCode.defect, message: error.message };
  return { code: exitCode.defect, message: describeDefect(error) };
}

/**
 * Tells what a machine or a user brought about from what only a mistake in our code explains.
 * @param error whatever was thrown
 * @returns true for a mistake in our code
 */
export function isDefect(error: unknown): boolean {
  if (error instanceof AddonLoadError || error instanceof ReplayerError) return false;
  if (error instanceof Error && 'syscall' in error) return false;
  return judge(error).code === exitCode.defect;
}

/** Node's own error about a file that the user named. */
function isFileTrouble(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('path' in error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return ['ENOENT', 'EACCES', 'EEXIST', 'EISDIR', 'ENOTDIR', 'EROFS', 'ENAMETOOLONG', 'EPERM'].includes(
    code ?? '',
  );
}

function describeDefect(error: unknown): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = what.split('\n').slice(0, 6);
  return [
    'this is a defect of chunkyard, not of what you typed. Please report it as an issue, with your command and:',
    `  node ${process.version} ${process.platform} ${process.arch}`,
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
}
