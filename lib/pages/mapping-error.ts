/** Misuse of a mapping that no system call can judge: two classes, both with a stable `code`. */
import { constants } from 'node:buffer';

/** Stable codes of `MappingError`. */
export type MappingErrorCode = 'ERR_MAPPING_UNMAPPED' | 'ERR_MAPPING_TRANSFERRED' | 'ERR_MAPPING_FIXED_SIZE';

/** A mapping was used after its end, or in a way its kind forbids. A TypeError, as a detached view gives. */
export class MappingError extends TypeError {
  override readonly name: string = 'MappingError';
  readonly code: MappingErrorCode;

  constructor(code: MappingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** One ArrayBuffer cannot be that long in this version of Node: 4 GiB in 20, 2^53 - 1 bytes from 22 on. */
export class BufferTooLargeError extends RangeError {
  override readonly name: string = 'BufferTooLargeError';
  readonly code: string = 'ERR_BUFFER_TOO_LARGE';
  /** Most bytes one ArrayBuffer can have here. */
  readonly limitBytes: number = constants.MAX_LENGTH;

  constructor(lengthBytes: number) {
    super(
      `one ArrayBuffer holds at most buffer.constants.MAX_LENGTH = ${constants.MAX_LENGTH} bytes, not ` +
        `${lengthBytes}; reach the mapping part by part with view({ offset, length })`,
    );
  }
}

/**
 * @param lengthBytes of a buffer about to be made
 * @throws BufferTooLargeError
 */
export function requireBufferLength(lengthBytes: number): void {
  if (lengthBytes > constants.MAX_LENGTH) throw new BufferTooLargeError(lengthBytes);
}
