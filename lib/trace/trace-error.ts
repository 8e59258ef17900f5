/** What a reader throws when a trace cannot be read: never anything else, whatever the input was. */

/** Stable codes of `TraceError`. */
export type TraceErrorCode = 'ERR_TRACE_FORMAT' | 'ERR_TRACE_NOT_FOUND' | 'ERR_TRACE_TOO_LARGE';

/** A trace that cannot be read. */
export class TraceError extends Error {
  override readonly name: string = 'TraceError';
  readonly code: TraceErrorCode;
  /** File, or `-`, or what the caller named the bytes. */
  readonly file: string;
  /** Line of the text, from 1; absent when the trouble is with the file as a whole. */
  readonly line?: number;

  constructor(code: TraceErrorCode, file: string, message: string, line?: number) {
    super(`${file}${line === undefined ? '' : `:${line}`}: ${message}`);
    this.code = code;
    this.file = file;
    if (line !== undefined) this.line = line;
  }
}
