/**
 * A window on a plain ArrayBuffer: no addon, no system call, so the heap runs in a browser too. The engine
 * hands out zero pages lazily, so a large window costs address space only.
 */
import { alignUp, GiB, requireInteger, type WindowSource } from '../core/index.ts';

const pageSizeBytes = 4096;

/** What a plain window is made of. */
export interface BufferWindowOptions {
  /** Bytes of the window, 1 MiB to 4 GiB. @defaultValue 1 GiB */
  sizeBytes?: number;
  /** The address it pretends to have, a multiple of 4 GiB. @defaultValue 0x7f0000000000n */
  baseAddress?: bigint;
}

/**
 * Makes a window on an ArrayBuffer.
 * @param options size and pretended address
 * @returns the window, nothing committed
 * @throws ArgumentError when the size is out of range
 */
export function bufferWindow(options: BufferWindowOptions = {}): WindowSource {
  const size = requireInteger('sizeBytes', options.sizeBytes ?? GiB, { minimum: 2 ** 20, maximum: 4 * GiB });
  const sizeBytes = alignUp(size, pageSizeBytes);
  let buffer = new ArrayBuffer(sizeBytes);
  let bytes = new Uint8Array(buffer);
  return {
    kind: 'buffer',
    baseAddress: options.baseAddress ?? 0x7f00_0000_0000n,
    pageSizeBytes,
    sizeBytes,
    get buffer(): ArrayBuffer {
      return buffer;
    },
    systemCalls: {},
    commit: () => true,
    discard: (offset, count) => void bytes.fill(0, offset, offset + count),
    release(): void {
      buffer = new ArrayBuffer(0);
      bytes = new Uint8Array(buffer);
    },
  };
}
