/** Bytes that come in pieces, asked for by number: what a reader of a long file holds is what it asked for. */

/** Reads from any source of pieces. */
export class PieceReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /**
   * Takes bytes.
   * @param count how many
   * @returns as many, or fewer where the source ends; valid until the next call
   */
  async take(count: number): Promise<Uint8Array> {
    if (this.#piece.length - this.#at < count) await this.#gather(count);
    const bytes = this.#piece.subarray(this.#at, this.#at + count);
    this.#at += bytes.length;
    return bytes;
  }

  /** Looks at the bytes that `take` will give next. */
  async peek(count: number): Promise<Uint8Array> {
    const bytes = await this.take(count);
    this.#at -= bytes.length;
    return bytes;
  }

  /**
   * Takes everything to the end, or until there are more than so many bytes.
   * @returns the bytes; more than `limit` when there are more
   */
  async rest(limit: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for (let bytes = this.#piece.subarray(this.#at); ; bytes = this.#piece) {
      pieces.push(bytes.slice());
      length += bytes.length;
      if (length > limit || !(await this.#next())) break;
    }
    await this.close();
    return concatenate(pieces);
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    this.#piece = new Uint8Array(0);
    this.#at = 0;
    await this.#source.return?.();
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    this.#piece = done ? new Uint8Array(0) : value;
    this.#at = 0;
    return !done;
  }

  async #gather(count: number): Promise<void> {
    const pieces = [this.#piece.slice(this.#at)];
    let length = pieces[0].length;
    while (length < count && (await this.#next())) {
      pieces.push(this.#piece.slice());
      length += this.#piece.length;
    }
    this.#piece = concatenate(pieces);
    this.#at = 0;
  }
}

/** @returns all bytes in a row */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
