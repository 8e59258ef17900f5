/** The native replayer could not be run; a replay that ended in an abort is not an error but a result. */

/** Stable codes of `ReplayerError`. */
export type ReplayerErrorCode = 'ERR_REPLAYER_MISSING' | 'ERR_REPLAYER_FAILED';

/** No answer from the native replayer. */
export class ReplayerError extends Error {
  override readonly name: string = 'ReplayerError';
  readonly code: ReplayerErrorCode;

  constructor(code: ReplayerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
