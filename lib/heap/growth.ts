/** How an arena grows when top cannot serve a request: own mapping, break, or thread heap. */
import { alignDown, alignUp } from '../core/index.ts';
import { heapSpanBytes } from './address-space.ts';
import {
  HEAP_MPROTECT_SIZE,
  HEAP_SIZE,
  MAIN_ARENA,
  MIN_CHUNK_BYTES,
  NON_MAIN_ARENA,
  PREV_INUSE,
  SBRK_BASE,
  TOP_PAD,
} from './layout.ts';
import { OwnMappings } from './own-mapping.ts';

/** Least bytes of the region mapped when the break is refused. */
const fallbackBytes = 2 ** 20;
/** Least bytes of a thread heap. */
const smallestHeapBytes = 32 * 1024;
const noncontiguous = 2;

/** Growing. @internal */
export abstract class Growing extends OwnMappings {
  /**
   * Finds memory for a chunk that no bin and not top can serve.
   * @returns the chunk, 0 when there is no memory
   */
  grow(av: number, nb: number): number {
    const triesMapping = this.wantsMapping(nb);
    if (triesMapping) {
      const chunk = this.mapChunk(nb);
      if (chunk !== 0) return chunk;
    }
    this.requireSoundTop(av, nb);
    if (av === MAIN_ARENA) {
      this.growMain(av, nb);
    } else if (!this.growHeap(av, nb) && !this.addHeap(av, nb)) {
      if (!triesMapping) {
        const chunk = this.mapChunk(nb);
        if (chunk !== 0) return chunk;
      }
    }
    const systemMem = this.word(av + this.systemMemAt);
    if (systemMem > this.word(av + this.systemMemAt + 8)) this.setWord(av + this.systemMemAt + 8, systemMem);
    const top = this.w[(av + this.topAt) >>> 2];
    const size = this.topSize(av);
    if (size < nb + MIN_CHUNK_BYTES) return 0;
    return this.cutTop(av, top, size, nb);
  }

  /** Cuts a chunk from the front of top. */
  cutTop(av: number, top: number, size: number, nb: number): number {
    const w = this.w;
    const rest = (top + nb) >>> 0;
    const i = top >>> 2;
    const r = rest >>> 2;
    const t = (av + this.topAt) >>> 2;
    w[t] = rest;
    w[t + 1] = this.hi;
    w[i + 2] = nb | 1 | (av === MAIN_ARENA ? 0 : NON_MAIN_ARENA);
    w[i + 3] = 0;
    w[r + 2] = (size - nb) | 1;
    w[r + 3] = 0;
    return top;
  }

  /** The assertion on top before growth: what a tampered top must satisfy. */
  requireSoundTop(av: number, nb: number): void {
    const top = this.w[(av + this.topAt) >>> 2];
    if (top === av + this.unsortedAt) return;
    const raw = this.w[(top >>> 2) + 2];
    const size = (raw & ~7) >>> 0;
    const end = top + size;
    if (size < MIN_CHUNK_BYTES || (raw & PREV_INUSE) === 0 || end % this.space.pageBytes !== 0) {
      this.abort(
        this.profile.assertion(
          'sysmalloc',
          '(old_top == initial_top (av) && old_size == 0) || ((unsigned long) (old_size) >= MINSIZE && ' +
            'prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0)',
        ),
        top,
      );
    }
    if (size >= nb + MIN_CHUNK_BYTES) {
      this.abort(
        this.profile.assertion('sysmalloc', '(unsigned long) (old_size) < (unsigned long) (nb + MINSIZE)'),
        top,
      );
    }
  }

  /** Moves the break, or maps a region when the break is refused, and makes top larger. */
  growMain(av: number, nb: number): void {
    const page = this.space.pageBytes;
    const isInitial = this.w[(av + this.topAt) >>> 2] === av + this.unsortedAt;
    const oldTop = this.w[(av + this.topAt) >>> 2];
    const oldSize = isInitial ? 0 : this.topSize(av);
    const oldEnd = oldTop + oldSize;
    const isContiguous = (this.w[(av >>> 2) + 1] & noncontiguous) === 0;
    const padded = this.addPad(nb);
    let size = Math.ceil((padded - (isContiguous ? oldSize : 0)) / page) * page;
    let start = size > 0 && size < heapLimit ? this.space.sbrk(size) : -1;
    let end = -1;
    if (start < 0) {
      const rounding = Math.max(page, this.profile.fallbackRounding);
      if (isContiguous) size = alignUp(size + oldSize, rounding);
      size = Math.max(size, fallbackBytes);
      if (size <= nb || size > heapLimit) return;
      start = this.space.map(size);
      if (start === 0) return;
      end = start + size;
      this.w[(av >>> 2) + 1] |= noncontiguous;
    }
    if (this.word(SBRK_BASE) === 0) this.setPointer(SBRK_BASE, start);
    this.addSystemMem(av, size);
    if (start === oldEnd && end < 0) {
      this.setWord(oldTop + 8, size + oldSize + PREV_INUSE);
      return;
    }
    const stillContiguous = (this.w[(av >>> 2) + 1] & noncontiguous) === 0;
    if (stillContiguous && oldSize !== 0 && start < oldEnd) {
      this.abort('break adjusted to free malloc space', oldTop);
    }
    this.moveTop(av, start, size, end, isInitial ? 0 : oldTop, oldSize);
  }

  /** @returns nb + top_pad + 32 in the arithmetic of a 64-bit machine */
  addPad(nb: number): number {
    return Number(this.wrap(BigInt(nb) + this.peek(this.real(TOP_PAD)) + BigInt(MIN_CHUNK_BYTES)));
  }

  addSystemMem(av: number, bytes: number): void {
    this.setWord(av + this.systemMemAt, this.word(av + this.systemMemAt) + bytes);
  }

  /** Starts a new top at memory that does not follow the old one; the old top becomes a free chunk. */
  moveTop(av: number, start: number, size: number, mappedEnd: number, oldTop: number, oldSize: number): void {
    const page = this.space.pageBytes;
    const isContiguous = (this.w[(av >>> 2) + 1] & noncontiguous) === 0;
    let aligned = start;
    let correction = 0;
    let end = mappedEnd;
    if (isContiguous) {
      if (oldSize !== 0) this.addSystemMem(av, start - (oldTop + oldSize));
      const misaligned = (start + 16) & 15;
      if (misaligned !== 0) {
        correction = 16 - misaligned;
        aligned += correction;
      }
      correction += oldSize;
      const unrounded = start + size + correction;
      correction += alignUp(unrounded, page) - unrounded;
      end = this.space.sbrk(correction);
      if (end < 0) {
        correction = 0;
        end = this.space.sbrk(0);
      }
    } else if (end < 0) {
      end = this.space.sbrk(0);
    }
    this.setPointer(av + this.topAt, aligned);
    this.setWord(aligned + 8, end - aligned + correction + PREV_INUSE);
    this.addSystemMem(av, correction);
    if (oldSize === 0) return;
    const kept = alignDown(oldSize - 32, 16);
    this.setWord(oldTop + 8, kept + PREV_INUSE);
    this.setWord(oldTop + kept + 8, 16 + PREV_INUSE);
    this.setWord(oldTop + kept + 16 + 8, 16 + PREV_INUSE);
    if (kept >= MIN_CHUNK_BYTES) this.freeInternally(av, oldTop);
  }

  /** Grows the present thread heap, page by page. @returns false when it is full */
  growHeap(av: number, nb: number): boolean {
    const top = this.w[(av + this.topAt) >>> 2];
    const heap = top - (top % heapSpanBytes);
    const missing = MIN_CHUNK_BYTES + nb - this.topSize(av);
    if (missing <= 0) return false;
    const more = alignUp(missing, this.space.pageBytes);
    const oldSize = this.word(heap + HEAP_SIZE);
    const size = oldSize + more;
    if (size > heapSpanBytes || !this.space.openHeap(heap + oldSize, more)) return false;
    if (size > this.word(heap + HEAP_MPROTECT_SIZE)) this.setWord(heap + HEAP_MPROTECT_SIZE, size);
    this.setWord(heap + HEAP_SIZE, size);
    this.addSystemMem(av, more);
    this.setWord(top + 8, heap + size - top + PREV_INUSE);
    return true;
  }

  /** Starts another heap of a thread arena and closes the old top. @returns false when refused */
  addHeap(av: number, nb: number): boolean {
    const info = this.profile.heapInfoBytes;
    const heap = this.newHeap(nb + MIN_CHUNK_BYTES + info);
    if (heap === 0) return false;
    const size = this.newHeapBytes;
    const oldTop = this.w[(av + this.topAt) >>> 2];
    const oldHeap = oldTop - (oldTop % heapSpanBytes);
    this.writeHeapInfo(heap, av, oldHeap, size);
    this.addSystemMem(av, size);
    const kept = alignDown(this.topSize(av) - MIN_CHUNK_BYTES, 16);
    this.setPointer(av + this.topAt, heap + info);
    this.setWord(heap + info + 8, size - info + PREV_INUSE);
    this.setWord(oldTop + kept + 16 + 8, PREV_INUSE);
    if (kept >= MIN_CHUNK_BYTES) {
      this.setWord(oldTop + kept + 8, 16 + PREV_INUSE);
      this.setWord(oldTop + kept + 16, 16);
      this.setWord(oldTop + 8, kept + PREV_INUSE + NON_MAIN_ARENA);
      this.freeInternally(av, oldTop);
    } else {
      this.setWord(oldTop + 8, kept + 16 + PREV_INUSE);
      this.setWord(oldTop + kept + 16, kept + 16);
    }
    return true;
  }

  /** Accessible bytes of the heap that `newHeap` made last. */
  declare newHeapBytes: number;

  /** Reserves a heap for a need of `bytes`. @returns its start, 0 when refused */
  newHeap(bytes: number): number {
    const padded = this.addPad(bytes) - MIN_CHUNK_BYTES;
    let size = padded;
    if (padded < smallestHeapBytes) size = smallestHeapBytes;
    else if (padded > heapSpanBytes) {
      if (bytes > heapSpanBytes) return 0;
      size = heapSpanBytes;
    }
    size = alignUp(size, this.space.pageBytes);
    const heap = this.space.reserveHeap();
    if (heap === 0) return 0;
    if (!this.space.openHeap(heap, size)) {
      this.space.releaseHeap(heap, 0);
      return 0;
    }
    this.newHeapBytes = size;
    return heap;
  }

  /** Makes this thread's arena in a heap of its own. @returns false when refused */
  createArena(hintBytes: number): boolean {
    const info = this.profile.heapInfoBytes;
    const stateBytes = this.profile.state.sizeBytes;
    const fixed = info + stateBytes + 16;
    const heap = this.newHeap(fixed + hintBytes) || this.newHeap(fixed);
    if (heap === 0) return false;
    const size = this.newHeapBytes;
    const av = heap + info;
    this.writeHeapInfo(heap, av, 0, size);
    this.initArena(av);
    this.w[(av >>> 2) + 1] |= noncontiguous;
    this.setWord(av + this.profile.state.attachedThreads, 1);
    this.setWord(av + this.systemMemAt, size);
    this.setWord(av + this.systemMemAt + 8, size);
    const next = this.profile.state.next;
    this.setPointer(av + next, this.w[(MAIN_ARENA + next) >>> 2]);
    this.setPointer(MAIN_ARENA + next, av);
    const top = alignUp(av + stateBytes, 16);
    this.setPointer(av + this.topAt, top);
    this.setWord(top + 8, heap + size - top + PREV_INUSE);
    this.setThreadArena(av);
    return true;
  }

  /** Remembers the arena of this thread. */
  abstract setThreadArena(av: number): void;

  /** Empties all bins of a state struct: heads point to themselves. */
  initArena(av: number): void {
    for (let index = 1; index < 128; index++) {
      const head = av + this.headsAt + 16 * index;
      this.setPointer(head + 16, head);
      this.setPointer(head + 24, head);
    }
    this.setPointer(av + this.topAt, av + this.unsortedAt);
    if (this.fastbinsAt >= 0) this.w[(av + this.haveFastAt) >>> 2] |= this.noFast;
  }
}

/** Sizes above the window are refused before the address space is asked. */
const heapLimit = 2 ** 33;
