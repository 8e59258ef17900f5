/**
 * The half of the allocator that only looks: bytes, addresses, chunks, totals, checks; and the end of it all.
 * Nothing here changes a header, and nothing here throws because a header is damaged.
 */
import {
  type AllocatorStats,
  type ChunkSnapshot,
  HeapError,
  type HeapSnapshot,
  type Pointer,
  requireInteger,
  type Violation,
} from '../core/index.ts';
import { checkArena } from './check.ts';
import type { Arena } from './layout.ts';
import { countBytes, listChunks, takeSnapshot } from './snapshot.ts';

/** An arena that can be looked at and given back. */
export abstract class ArenaReader {
  abstract readonly name: string;
  protected readonly arena: Arena;
  #bytes: Uint8Array = new Uint8Array(0);
  #closed = false;

  protected constructor(arena: Arena) {
    this.arena = arena;
  }

  /** The whole arena, index = pointer; empty after `destroy`. Ask again after an allocation: it may have grown. */
  get bytes(): Uint8Array {
    if (this.#closed) return new Uint8Array(0);
    const { buffer, committedBytes } = this.arena.source;
    if (this.#bytes.buffer !== buffer || this.#bytes.byteLength !== committedBytes) {
      this.#bytes = new Uint8Array(buffer, 0, committedBytes);
    }
    return this.#bytes;
  }

  /** @returns the real address of an offset in the arena, a pointer or any other */
  address(pointer: Pointer): bigint {
    const { source, committed } = this.enter();
    return source.baseAddress + BigInt(requireInteger('pointer', pointer, { maximum: committed - 1 }));
  }

  /** @returns every chunk in address order, damaged ones labelled */
  chunks(): ChunkSnapshot[] {
    return listChunks(this.enter());
  }

  stats(): AllocatorStats {
    return countBytes(this.enter());
  }

  check(): Violation[] {
    return checkArena(this.enter());
  }

  snapshot(): HeapSnapshot {
    return takeSnapshot(this.enter(), this.name);
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#bytes = new Uint8Array(0);
    this.arena.source.release();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** The first step of every call: the arena, with its buffer looked up anew. */
  protected enter(): Arena {
    if (this.#closed) throw new HeapError('ERR_HEAP_CLOSED', 'this heap was destroyed');
    this.arena.refresh();
    return this.arena;
  }
}
