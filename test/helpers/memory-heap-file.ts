/** A heap file in plain memory: what a process leaves behind is what the buffers hold when it stops. */
import type { FileWindow, FileWindowRequest, HeapFile } from '../../lib/core/index.ts';

/** A file that can be opened any number of times. */
export class MemoryHeapFile implements HeapFile {
  readonly path: string = 'memory.heap';
  readonly pageSizeBytes: number = 4096;
  readonly sizeBytes: number = 2 ** 32;
  /** Where the next opening stands; null: where it wishes. */
  nextAddress: bigint | null = null;
  #buffer: ArrayBuffer | undefined;
  #head: Uint32Array | undefined;

  get head(): Uint32Array {
    return this.#head ?? new Uint32Array(0);
  }

  /** The whole window. */
  get windowBuffer(): ArrayBuffer {
    return this.#buffer ?? new ArrayBuffer(0);
  }

  read(offset: number, bytes: number): Uint8Array {
    return new Uint8Array(this.head.buffer as ArrayBuffer).slice(offset, offset + bytes);
  }

  map({ sizeBytes, headBytes, wishedAddress }: FileWindowRequest): FileWindow {
    this.#buffer ??= new ArrayBuffer(sizeBytes);
    this.#head ??= new Uint32Array(headBytes / 4);
    const buffer = this.#buffer;
    const clear = (offset: number, length: number): void =>
      void new Uint8Array(buffer, offset, length).fill(0);
    return {
      kind: 'file',
      baseAddress: this.nextAddress ?? wishedAddress ?? 0x7f00_0000_0000n,
      pageSizeBytes: this.pageSizeBytes,
      sizeBytes,
      buffer,
      head: this.#head,
      systemCalls: {},
      commit: () => true,
      discard: clear,
      withdraw: clear,
      synchronize: () => {},
      release: () => {},
    };
  }

  abandon(): void {}
}
