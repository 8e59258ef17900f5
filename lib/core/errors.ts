/**
 * The three kinds of failure are never mixed: no memory left is `null`; the system refused is `PosixError`;
 * misuse or corruption is `HeapError`. Bad arguments are `ArgumentError`. Codes are promises, messages are not.
 */

/** What a refused system call was about. */
export interface PosixErrorDetails {
  /** Errno as a positive number of the platform. */
  errno: number;
  /** Name of the call, as in its man page. */
  syscall: string;
  /** Start of the range asked for. */
  address?: bigint;
  /** Length of the range in bytes. */
  lengthBytes?: number;
  /** What would cure it, one sentence. */
  hint?: string;
}

/** The system refused a call; the shape of Node's own system errors. */
export class PosixError extends Error {
  override readonly name: string = 'PosixError';
  /** Name of the errno, for example `ENOMEM`. */
  readonly code: string;
  /** Errno, negative as in Node's system errors. */
  readonly errno: number;
  readonly syscall: string;
  readonly address?: bigint;
  /** Length of the range in bytes. */
  readonly length?: number;

  constructor(code: string, details: PosixErrorDetails) {
    const { errno, syscall, address, lengthBytes, hint } = details;
    const where = address === undefined ? '' : ` at 0x${address.toString(16)}`;
    const size = lengthBytes === undefined ? '' : ` of ${lengthBytes} bytes`;
    super(`${code}: ${syscall}${size}${where} was refused by the system${hint ? ` (${hint})` : ''}`);
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    if (address !== undefined) this.address = address;
    if (lengthBytes !== undefined) this.length = lengthBytes;
  }
}

/** Stable codes of `HeapError`. */
export type HeapErrorCode =
  | 'ERR_HEAP_DOUBLE_FREE'
  | 'ERR_HEAP_INVALID_POINTER'
  | 'ERR_HEAP_CORRUPTED'
  | 'ERR_HEAP_FAULT'
  | 'ERR_HEAP_CLOSED'
  | 'ERR_HEAP_OWNER_DIED'
  | 'ERR_HEAP_ATTACHED'
  | 'ERR_HEAP_NOT_SHAREABLE';

/** Where a heap rule was broken, with both numbers. */
export interface HeapErrorDetails {
  /** Pointer or chunk offset concerned, in the arena's window. */
  pointer?: number;
  /** The rule, as an invariant in words. */
  rule?: string;
  expected?: number | bigint | string;
  actual?: number | bigint | string;
}

/** Misuse of a heap, or metadata found damaged. */
export class HeapError extends Error {
  override readonly name: string = 'HeapError';
  readonly code: HeapErrorCode;
  readonly pointer?: number;
  readonly rule?: string;
  readonly expected?: number | bigint | string;
  readonly actual?: number | bigint | string;

  constructor(code: HeapErrorCode, message: string, details: HeapErrorDetails = {}) {
    super(message);
    this.code = code;
    Object.assign(this, details);
  }
}

/** Stable codes of `ArgumentError`, Node's own. */
export type ArgumentErrorCode = 'ERR_INVALID_ARG_TYPE' | 'ERR_OUT_OF_RANGE' | 'ERR_INVALID_ARG_VALUE';

/** An argument that cannot be meant: names it, says what was expected and what came. */
export class ArgumentError extends TypeError {
  override readonly name: string = 'ArgumentError';
  readonly code: ArgumentErrorCode;
  /** Name of the argument. */
  readonly argument: string;

  constructor(code: ArgumentErrorCode, argument: string, expected: string, actual: unknown) {
    super(`expected ${expected} for ${argument} but received ${describe(actual)}`);
    this.code = code;
    this.argument = argument;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null)
    return `an object (${value.constructor?.name ?? 'no class'})`;
  return String(value);
}
