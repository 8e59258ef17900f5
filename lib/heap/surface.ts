/** What users see of a heap beside the C library's calls: views, addresses, inspection, the end. */
import {
  type Allocator,
  type FreeExplanation,
  type GuardOptions,
  HeapError,
  type HeapSnapshot,
  hex,
  type PageGuard,
  pagesOfBlock,
  requireGuard,
  type Violation,
} from '../core/index.ts';
import { checkHeap } from './check.ts';
import { explainFree } from './explain.ts';
import type { RecoveryReport } from './file/report.ts';
import { LIBRARY_DATA, LIBRARY_DATA_BYTES, MAIN_ARENA, ROOT } from './layout.ts';
import {
  countBytes,
  type HeapBins,
  type HeapChunk,
  type HeapStats,
  listBins,
  listChunks,
  takeSnapshot,
} from './report.ts';
import type { SharedHeapHandle } from './shared/handle.ts';
import { shareHeap } from './shared/share.ts';
import { Threads } from './threads.ts';

/** Real addresses of the structs from which a debugger finds everything else. */
export interface HeapLandmarks {
  /** The main arena's malloc_state. */
  mainArena: bigint;
  /** This thread's malloc_state; null before its first use. */
  arena: bigint | null;
  /** The per-thread cache's struct; null while there is none. */
  cache: bigint | null;
}

/** A glibc heap. */
export abstract class Surface extends Threads implements Allocator {
  /** Name as the command line knows it. */
  get name(): string {
    return 'heap';
  }

  /** C library whose malloc this is. */
  get glibc(): string {
    return this.profile.version;
  }

  /** The window from offset 0 to the end of accessible memory, index = pointer; empty after `destroy`. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.b.buffer, 0, Math.min(this.b.length, this.space.highestEnd));
  }

  /**
   * @param pointer a block
   * @returns its usable bytes, and no more, on the arena itself
   * @throws HeapError ERR_HEAP_INVALID_POINTER when no block can be there
   */
  view(pointer: number): Uint8Array {
    const bytes = this.blockBytes(pointer);
    const { source } = this.space;
    return source.view ? source.view(pointer, bytes) : new Uint8Array(this.b.buffer, pointer, bytes);
  }

  /** As `view`, as a Node Buffer. */
  buffer(pointer: number): Buffer {
    const { buffer, byteOffset, byteLength } = this.view(pointer);
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  }

  /** @returns usable bytes of a block whose header can be believed */
  blockBytes(pointer: number): number {
    const message = 'no block is there: invalid pointer';
    this.requireOpen();
    const p = this.requirePointer(pointer, message);
    const isReadable = (p & 15) === 0 && p >= 32 && this.space.isAccessible(p - 16, 32);
    const bytes = isReadable ? this.usable(p) : 0;
    if (bytes < 16 || !this.space.isAccessible(p, bytes)) {
      throw new HeapError('ERR_HEAP_INVALID_POINTER', message, {
        pointer: p,
        rule: 'a view needs a block with a sound header',
        actual: hex(p),
      });
    }
    return bytes;
  }

  /** @returns the real address of a pointer */
  address(pointer: number): bigint {
    this.requireOpen();
    return this.real(this.requirePointer(pointer, 'no address: invalid pointer'));
  }

  /**
   * Makes the whole pages of a block guards: every access to them is a hit, until the guard is released. Release it
   * before the block is freed: the heap writes into free blocks.
   * @param pointer a block with a page of its own, as `memalign(pageSize, pageSize)` gives
   * @throws ArgumentError for a block without one, and on a plain ArrayBuffer; PosixError as the system refuses
   */
  guardBlock(pointer: number, { policy = 'die' }: GuardOptions = {}): PageGuard {
    const sizeBytes = this.blockBytes(pointer);
    const { source } = this.space;
    const guard = requireGuard(source.guard, source.kind);
    const pages = pagesOfBlock(pointer, sizeBytes, source.pageSizeBytes);
    return guard.call(source, { ...pages, policy, name: 'heap block', block: { pointer, sizeBytes } });
  }

  /**
   * Makes the pages on both sides of the main arena's struct guards. Without this a store there is a plain SIGSEGV, and
   * a load reads zeros: they lie in a hole of the window.
   * @returns the guard in front and the one behind
   * @throws as `guardBlock`
   */
  guardArena({ policy = 'die' }: GuardOptions = {}): [PageGuard, PageGuard] {
    this.requireOpen();
    const { source } = this.space;
    const guard = requireGuard(source.guard, source.kind);
    const bytes = source.pageSizeBytes;
    const at = (offset: number): PageGuard =>
      guard.call(source, { offset, bytes, policy, name: 'beside the arena' });
    const end = Math.ceil((LIBRARY_DATA + LIBRARY_DATA_BYTES) / bytes) * bytes;
    return [at(LIBRARY_DATA - bytes), at(end)];
  }

  /** @returns where a debugger finds the arenas and the cache (docs/debuggers.md) */
  landmarks(): HeapLandmarks {
    this.requireOpen();
    const addressOf = (offset: number): bigint | null => (offset === 0 ? null : this.real(offset));
    return { mainArena: this.real(MAIN_ARENA), arena: addressOf(this.arena), cache: addressOf(this.tcache) };
  }

  /** A pointer of the user's that stays in the arena: from here a program finds its blocks again. Null: none. */
  get root(): number | null {
    this.requireOpen();
    return this.w[ROOT >>> 2] || null;
  }

  set root(pointer: number | null) {
    this.requireOpen();
    const isNone = pointer === null;
    this.setPointer(ROOT, isNone ? 0 : this.requirePointer(pointer, 'no root: invalid pointer'));
  }

  /** What was repaired when the heap was opened from its file; null when nothing was. */
  get recovery(): RecoveryReport | null {
    return this.space.keeper?.recovery ?? null;
  }

  /**
   * Waits until everything a heap in a file holds is on the disk; nothing to do for another.
   * @throws PosixError as the system refuses
   */
  sync(): void {
    this.requireOpen();
    this.space.keeper?.synchronize();
  }

  /** @returns every chunk in address order */
  chunks(): HeapChunk[] {
    this.requireOpen();
    return listChunks(this);
  }

  /** @returns every free list that is not empty */
  bins(): HeapBins {
    this.requireOpen();
    return listBins(this);
  }

  /** @returns totals, mallinfo2's among them */
  stats(): HeapStats {
    this.requireOpen();
    return countBytes(this);
  }

  /** @returns every broken invariant; empty for a sound heap */
  check(): Violation[] {
    this.requireOpen();
    return checkHeap(this);
  }

  /** @returns what `free(pointer)` would do: each step and check with its numbers; nothing is changed */
  explainFree(pointer: number): FreeExplanation {
    this.requireOpen();
    this.requirePointerArgument(pointer);
    return explainFree(this, pointer);
  }

  /** @returns this thread's arena (its newest heap) as plain data */
  snapshot(): HeapSnapshot {
    this.requireOpen();
    return takeSnapshot(this, this.name);
  }

  /**
   * Makes this a heap that other threads can use at the same time: a worker that gets the handle calls
   * `Heap.attach(handle)`. From now on what works on an arena takes its lock.
   * @returns the handle, plain data for `postMessage`; the same at each call
   * @throws HeapError ERR_HEAP_NOT_SHAREABLE on a plain ArrayBuffer, and with strict mode, defences or `threads`
   */
  share(): SharedHeapHandle {
    return shareHeap(this, this.plainVariant);
  }

  /** Ends this thread's use of the heap. One that is not shared is given back, as by `destroy`. Idempotent. */
  detach(): void {
    this.destroy();
  }

  /**
   * Gives the window back; a heap in a file is closed, and can be opened again. Views become empty where the source
   * can do so; later calls throw. Idempotent.
   */
  destroy(): void {
    if (this.w.length === 0) return;
    if (this.space.keeper) this.space.keeper.close();
    else this.space.source.release();
    const empty = new ArrayBuffer(0);
    const views = {
      w: new Uint32Array(empty),
      h: new Uint16Array(empty),
      b: new Uint8Array(empty),
      tcache: 0,
    };
    Object.assign(this, views);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}
