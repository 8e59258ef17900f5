/**
 * The lecture's allocator: one doubly linked list of all chunks, free and in use, in address order.
 * malloc() walks it for a free chunk, cuts off what it needs and gives the pointer behind the header;
 * free() makes the chunk free and merges it with free neighbours. Slow by design (each malloc walks), short
 * enough to be read, and suspicious: a header that was overwritten ends in HeapError, never in a wild access.
 *
 * Read layout.ts first (the picture), then malloc and free here, then merge.ts.
 */
import {
  type Allocator,
  ArgumentError,
  type FreeExplanation,
  type GuardOptions,
  isPowerOfTwo,
  type PageGuard,
  type PageSource,
  type Pointer,
  pagesOfBlock,
  requireGuard,
  requireInteger,
  requireOneOf,
} from '../core/index.ts';
import { ArenaReader } from './arena-reader.ts';
import { explainRelease } from './explain.ts';
import { formatArena } from './format.ts';
import { growForChunk, shrinkTo, trimAfterFree } from './growth.ts';
import { ALIGNMENT, ARENA_FIELD, CHUNK_HEADER_BYTES, chunkOf, FIRST_CHUNK, pointerOf } from './layout.ts';
import { chunkBytesFor, release, split } from './merge.ts';
import { type Proof, refusal } from './pointer.ts';
import { chunkBytesForAligned, cutAligned, resizeInPlace } from './resize.ts';
import { findFree, PLACEMENTS, type Placement } from './search.ts';
import { unsafeRelease } from './unsafe-unlink.ts';
import { requireArena, requireLast, requireSound } from './verify.ts';

/** How a chunk list is made. */
export interface ChunkListOptions {
  /** Where the pages come from. The list owns it: `destroy` releases it. */
  source: PageSource;
  /** @defaultValue 'first-fit' */
  placement?: Placement;
  /** False: free() believes the links of the header, as old allocators did. For lessons. @defaultValue true */
  safeUnlink?: boolean;
  /** True: free() walks the whole list to prove each pointer. @defaultValue false */
  strict?: boolean;
}

/** A malloc on one list of chunks. */
export class ChunkList extends ArenaReader implements Allocator {
  readonly name: string = 'chunklist';
  readonly placement: Placement;
  readonly #proof: Proof;

  protected constructor(options: ChunkListOptions) {
    const { source, placement = 'first-fit', safeUnlink = true, strict = false } = options;
    requireOneOf('placement', placement, PLACEMENTS);
    super(formatArena(source));
    this.placement = placement;
    this.#proof = { links: safeUnlink, walk: strict };
  }

  /**
   * Makes an empty heap on a page source.
   * @returns the heap
   * @throws ArgumentError for an unknown placement or a source without room
   */
  static create(options: ChunkListOptions): ChunkList {
    return new ChunkList(options);
  }

  /** Walks the list for a free chunk that is large enough, cuts it to size and marks it in use. */
  malloc(sizeBytes: number): Pointer | null {
    const request = requireInteger('sizeBytes', sizeBytes);
    const chunk = this.#allocate(chunkBytesFor(request), request);
    return chunk === null ? null : pointerOf(chunk);
  }

  /** Proves the pointer, then makes its chunk free and merges it with free neighbours. */
  free(pointer: Pointer | null): void {
    if (pointer === null) return;
    const chunk = this.#liveChunk(pointer);
    if (this.#proof.links) trimAfterFree(this.arena, release(this.arena, chunk));
    else unsafeRelease({ bytes: this.#dataView(), base: this.arena.source.baseAddress }, chunk);
  }

  calloc(count: number, sizeBytes: number): Pointer | null {
    const total = requireInteger('count', count) * requireInteger('sizeBytes', sizeBytes);
    const pointer = Number.isSafeInteger(total) ? this.malloc(total) : null;
    if (pointer !== null) this.view(pointer).fill(0);
    return pointer;
  }

  /** Grows or shrinks in place where the neighbour allows it; else a new block, a copy, a free. */
  realloc(pointer: Pointer | null, sizeBytes: number): Pointer | null {
    const request = requireInteger('sizeBytes', sizeBytes);
    if (pointer === null) return this.malloc(request);
    const chunk = this.#liveChunk(pointer, { ...this.#proof, links: true });
    if (request === 0) {
      this.free(pointer);
      return null;
    }
    if (request > this.arena.source.limitBytes) return null;
    if (resizeInPlace(this.arena, chunk, request)) return pointer;
    return this.#move(pointer, request);
  }

  /** Takes a chunk with slack and cuts the aligned block out of it; what is over becomes free. */
  memalign(alignment: number, sizeBytes: number): Pointer | null {
    const request = requireInteger('sizeBytes', sizeBytes);
    if (!isPowerOfTwo(requireInteger('alignment', alignment))) {
      throw new ArgumentError('ERR_OUT_OF_RANGE', 'alignment', 'a power of two', alignment);
    }
    if (alignment <= ALIGNMENT) return this.malloc(request);
    const chunk = this.#allocate(chunkBytesForAligned(alignment, request), request);
    return chunk === null ? null : pointerOf(cutAligned(this.arena, chunk, alignment, request));
  }

  usableSize(pointer: Pointer): number {
    return this.arena.size(this.#liveChunk(pointer)) - CHUNK_HEADER_BYTES;
  }

  view(pointer: Pointer): Uint8Array {
    const chunk = this.#liveChunk(pointer);
    const sizeBytes = this.arena.size(chunk) - CHUNK_HEADER_BYTES;
    return new Uint8Array(this.arena.source.buffer, pointerOf(chunk), sizeBytes);
  }

  /** @returns the same bytes as `view`, as a Node Buffer; in a browser there is none: use `view` */
  buffer(pointer: Pointer): Buffer {
    if (typeof Buffer === 'undefined') throw new Error('buffer() needs Node.js; use view()');
    const { buffer, byteOffset, byteLength } = this.view(pointer);
    return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  }

  /**
   * Makes the whole pages of a block guards: every access to them is a hit, until the guard is released. Release it
   * before the block is freed.
   * @param pointer a block with a page of its own, as `memalign(pageSize, pageSize)` gives
   * @throws ArgumentError for a block without one, or a source without pages of the system; PosixError
   */
  guardBlock(pointer: Pointer, { policy = 'die' }: GuardOptions = {}): PageGuard {
    const sizeBytes = this.usableSize(pointer);
    const { source } = this.arena;
    const guard = requireGuard(source.guard, source.kind);
    const pages = pagesOfBlock(pointer, sizeBytes, source.pageSizeBytes);
    return guard.call(source, { ...pages, policy, name: 'chunklist block', block: { pointer, sizeBytes } });
  }

  /**
   * Gives back whole pages that lie free at the end of the arena.
   * @param padBytes how much of them to keep at least
   * @returns true when pages were given back
   */
  trim(padBytes: number = 0): boolean {
    const keepBytes = requireInteger('padBytes', padBytes);
    const arena = this.enter();
    return shrinkTo(arena, requireLast(arena), keepBytes) > 0;
  }

  explainFree(pointer: Pointer): FreeExplanation {
    return explainRelease(this.enter(), requireInteger('pointer', pointer), this.#proof);
  }

  /** Finds or makes room, cuts it to size, marks it in use. */
  #allocate(neededBytes: number, requestBytes: number): number | null {
    const arena = this.enter();
    requireArena(arena);
    if (neededBytes > arena.source.limitBytes) return null;
    const chunk = findFree(arena, this.placement, neededBytes) ?? growForChunk(arena, neededBytes);
    if (chunk === null) return null;
    requireSound(arena, chunk);
    split(arena, chunk, neededBytes);
    arena.markInUse(chunk, requestBytes);
    if (this.placement === 'next-fit') arena.setLink(ARENA_FIELD.rover, arena.fwd(chunk) ?? FIRST_CHUNK);
    return chunk;
  }

  /** The slow way of realloc: a new block, a copy, and the old block freed only then. */
  #move(pointer: number, requestBytes: number): number | null {
    const target = this.malloc(requestBytes);
    if (target === null) return null;
    const oldBytes = this.usableSize(pointer);
    this.bytes.copyWithin(target, pointer, pointer + Math.min(oldBytes, requestBytes));
    this.free(pointer);
    return target;
  }

  #liveChunk(pointer: number, proof: Proof = this.#proof): number {
    const arena = this.enter();
    const offset = requireInteger('pointer', pointer);
    const refused = refusal(arena, offset, proof);
    if (refused !== null) throw refused.error;
    return chunkOf(offset);
  }

  #dataView(): DataView {
    return new DataView(this.arena.source.buffer, 0, this.arena.committed);
  }
}
