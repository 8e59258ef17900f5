/**
 * A page source over a plain ArrayBuffer: no system call, no addon, so it runs in a browser and in property
 * tests. The whole limit is allocated at once; the engine gets it zeroed and untouched pages cost nothing.
 */
import { ArgumentError, GiB, type PageSource, requireInteger } from '../core/index.ts';
import { requirePages } from './ranges.ts';

/** How to make a plain ArrayBuffer behave like an arena. */
export interface BufferSourceOptions {
  /** Most bytes that can be committed: a multiple of the page size, up to 4 GiB. */
  limitBytes: number;
  /** Bytes of one page, for arithmetic only. @defaultValue 4096 */
  pageSizeBytes?: number;
  /** Pretended real address of offset 0, a multiple of 4 GiB. @defaultValue 0x7f4200000000n */
  baseAddress?: bigint;
}

/** No system calls, ever: one frozen object for all. */
const noSystemCalls: Readonly<Record<string, number>> = Object.freeze({});

class BufferSource implements PageSource {
  readonly kind = 'buffer';
  readonly baseAddress: bigint;
  readonly pageSizeBytes: number;
  readonly limitBytes: number;
  readonly systemCalls: Readonly<Record<string, number>> = noSystemCalls;
  #buffer: ArrayBuffer;
  #committedBytes = 0;

  constructor(limitBytes: number, pageSizeBytes: number, baseAddress: bigint) {
    this.limitBytes = limitBytes;
    this.pageSizeBytes = pageSizeBytes;
    this.baseAddress = baseAddress;
    this.#buffer = new ArrayBuffer(limitBytes);
  }

  get committedBytes(): number {
    return this.#committedBytes;
  }

  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  grow(bytes: number): boolean {
    requirePages('bytes', bytes, this.pageSizeBytes);
    if (bytes > this.#buffer.byteLength - this.#committedBytes) return false;
    this.#committedBytes += bytes;
    return true;
  }

  shrink(bytes: number): boolean {
    requirePages('bytes', bytes, this.pageSizeBytes, this.#committedBytes);
    this.#committedBytes -= bytes;
    new Uint8Array(this.#buffer, this.#committedBytes, bytes).fill(0);
    return true;
  }

  release(): void {
    this.#buffer = new ArrayBuffer(0);
    this.#committedBytes = 0;
  }
}

/**
 * Makes a page source over a plain ArrayBuffer.
 * @param options limit in bytes; page size and pretended address if the defaults do not fit
 * @returns a source with nothing committed yet
 * @throws ArgumentError ERR_OUT_OF_RANGE
 * @throws RangeError when the engine has no such ArrayBuffer
 */
export function bufferSource(options: BufferSourceOptions): PageSource {
  const pageSizeBytes = requireInteger('pageSizeBytes', options.pageSizeBytes ?? 4096, { minimum: 1 });
  requirePages('limitBytes', options.limitBytes, pageSizeBytes, 4 * GiB);
  const baseAddress = options.baseAddress ?? 0x7f42_0000_0000n;
  if (typeof baseAddress !== 'bigint' || baseAddress < 0n || baseAddress % BigInt(4 * GiB) !== 0n) {
    throw new ArgumentError('ERR_OUT_OF_RANGE', 'baseAddress', 'a BigInt multiple of 4 GiB', baseAddress);
  }
  return new BufferSource(options.limitBytes, pageSizeBytes, baseAddress);
}
