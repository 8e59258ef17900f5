/** A file that holds a heap, as types: what the heap asks of it, and how it is refused. */
import type { Violation } from './allocator.ts';
import type { WindowSource } from './window-source.ts';

/** How a window is laid over a file. */
export interface FileWindowRequest {
  /** Bytes of the window. */
  sizeBytes: number;
  /** Where the window should stand, a multiple of 4 GiB; it stands elsewhere when the place is taken. */
  wishedAddress?: bigint;
  /** First bytes of the file, which are not in the window: the file's own description. */
  headBytes: number;
  /** Window bytes [from, to) never hold anything; the file has no room for them. */
  gap: readonly [from: number, to: number];
}

/** A window whose committed pages are a file's. */
export interface FileWindow extends WindowSource {
  /** The file's first bytes, mapped; empty after `release`. */
  readonly head: Uint32Array;
  /** Pages that have never been committed, or were withdrawn, are not in the file. */
  withdraw(offset: number, bytes: number): void;
  /** As `commit`, but the pages hold what the file does. */
  restore(offset: number, bytes: number): boolean;
  /**
   * Writes bytes into the file where no page of it is committed, and waits until they are on the disk.
   * @param position in the file
   * @returns false when the disk is full
   */
  note(position: number, bytes: Uint8Array): boolean;
  /** Waits until everything written so far is on the disk. @throws PosixError */
  synchronize(): void;
  /** Gives the window back and closes the file. @param keptBytes window bytes that are kept, the others cut off */
  release(keptBytes?: number): void;
}

/** An open file that nobody else has open for a heap. */
export interface HeapFile {
  readonly path: string;
  readonly pageSizeBytes: number;
  /** Bytes of the file now. */
  readonly sizeBytes: number;
  /** @returns bytes of the file, fewer at its end */
  read(offset: number, bytes: number): Uint8Array;
  /** Maps the file. It is closed with the window from then on. @throws PosixError */
  map(request: FileWindowRequest): FileWindow;
  /** Closes a file that was not mapped, and removes one that was made by us. Idempotent. */
  abandon(): void;
}

/** Stable codes of `HeapFileError`. */
export type HeapFileErrorCode =
  | 'ERR_HEAP_FILE_LOCKED'
  | 'ERR_HEAP_FILE_FOREIGN'
  | 'ERR_HEAP_FILE_VERSION'
  | 'ERR_HEAP_FILE_TRUNCATED'
  | 'ERR_HEAP_FILE_CHANGED'
  | 'ERR_HEAP_FILE_DAMAGED';

/** A file cannot be opened as a heap; it was left as it is. */
export class HeapFileError extends Error {
  override readonly name: string = 'HeapFileError';
  readonly code: HeapFileErrorCode;
  readonly path: string;
  /** What `check()` found, where the heap itself is damaged. */
  readonly violations: readonly Violation[];

  constructor(code: HeapFileErrorCode, path: string, message: string, violations: readonly Violation[] = []) {
    super(`${path}: ${message}`);
    this.code = code;
    this.path = path;
    this.violations = violations;
  }
}
