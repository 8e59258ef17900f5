/** A recording that could not be made. */

/** Stable codes of `RecordError`. */
export type RecordErrorCode = 'ERR_RECORD_START' | 'ERR_RECORD_NOTHING' | 'ERR_RECORD_UNSUPPORTED';

/** What `record` throws. */
export class RecordError extends Error {
  override readonly name: string = 'RecordError';
  readonly code: RecordErrorCode;

  constructor(code: RecordErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
