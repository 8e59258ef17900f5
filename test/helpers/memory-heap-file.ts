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
  #head: ArrayBuffer = new ArrayBuffer(0);
  /** Notes take no room when false. */
  hasRoom = true;
  readonly #notes: Map<number, Uint8Array> = new Map();

  get head(): Uint32Array {
    return new Uint32Array(this.#head);
  }

  /** All that outlives a process, but for notes. */
  get memory(): ArrayBuffer[] {
    return [this.windowBuffer, this.#head];
  }

  /** The whole window. */
  get windowBuffer(): ArrayBuffer {
    return this.#buffer ?? new ArrayBuffer(0);
  }

  read(offset: number, bytes: number): Uint8Array {
    const note = this.#notes.get(offset);
    if (note) return note.slice(0, bytes);
    return new Uint8Array(this.#head).slice(offset, offset + bytes);
  }

  map({ sizeBytes, headBytes, wishedAddress }: FileWindowRequest): FileWindow {
    this.#buffer ??= new ArrayBuffer(sizeBytes);
    if (this.#head.byteLength === 0) this.#head = new ArrayBuffer(headBytes);
    const buffer = this.#buffer;
    const clear = (offset: number, length: number): void =>
      void new Uint8Array(buffer, offset, length).fill(0);
    return {
      kind: 'file',
      baseAddress: this.nextAddress ?? wishedAddress ?? 0x7f00_0000_0000n,
      pageSizeBytes: this.pageSizeBytes,
      sizeBytes,
      buffer,
      head: this.head,
      systemCalls: {},
      commit: (offset, length) => {
        clear(offset, length);
        return true;
      },
      restore: () => true,
      note: (position, bytes) => {
        if (this.hasRoom) this.#notes.set(position, bytes.slice());
        return this.hasRoom;
      },
      discard: clear,
      withdraw: clear,
      synchronize: () => {},
      release: () => {},
    };
  }

  abandon(): void {}
}
