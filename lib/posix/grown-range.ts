/** One range that `programBreak` grew: where it is, and its bytes. */
import { native } from './binding.ts';
import type { NativeMapping, NegativeErrno } from './native.ts';
import { registerRange, unregisterRange } from './range-names.ts';

/** Bytes between an old break and the next. Emptied, from its end, when the break is given back. */
export class GrownRange {
  /** First byte. */
  readonly address: bigint;
  readonly #handle: NativeMapping;
  #byteLength: number;
  #buffer: ArrayBuffer | undefined;

  /** @internal */
  constructor(handle: NativeMapping) {
    this.#handle = handle;
    this.address = native().address(handle);
    this.#byteLength = native().byteLength(handle);
    registerRange(this, this.address, this.#byteLength, 'program break');
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** First byte behind. */
  get end(): bigint {
    return this.address + BigInt(this.#byteLength);
  }

  /** The bytes; always the same ArrayBuffer until some are given back, which empties it. */
  get buffer(): ArrayBuffer {
    this.#buffer ??=
      this.#byteLength === 0 ? new ArrayBuffer(0) : native().buffer(this.#handle, 0, this.#byteLength);
    return this.#buffer;
  }

  /** True: the buffer was moved to another ArrayBuffer, so the memory cannot be taken away. */
  get isTransferred(): boolean {
    return this.#buffer !== undefined && this.#buffer.byteLength !== this.#byteLength;
  }

  /**
   * Gives the last bytes back.
   * @param bytes 0 < bytes <= byteLength
   * @internal
   */
  giveBack(bytes: number): 0 | NegativeErrno {
    const result = native().shrinkBreak(this.#handle, bytes);
    if (result !== 0) return result;
    this.#buffer = undefined;
    this.#byteLength -= bytes;
    unregisterRange(this);
    if (this.#byteLength > 0) registerRange(this, this.address, this.#byteLength, 'program break');
    return 0;
  }
}
