/** Giving the end of an arena back to the system: systrim of the main arena, heap trim of thread arenas. */
import { alignDown } from '../core/index.ts';
import { heapSpanBytes } from './address-space.ts';
import {
  HEAP_ARENA,
  HEAP_MPROTECT_SIZE,
  HEAP_PREV,
  HEAP_SIZE,
  MIN_CHUNK_BYTES,
  PREV_INUSE,
  TRIM_THRESHOLD,
} from './layout.ts';
import { Unlinking } from './unlink.ts';

/** Trimming. @internal */
export abstract class Trimming extends Unlinking {
  /**
   * Shrinks the break so that about `padBytes` stay free on top.
   * @returns true when memory was given back (or, with an exhausted top, taken: the real one does so too)
   */
  systrim(av: number, padBytes: number): boolean {
    const topSize = this.topSize(av);
    const area = topSize - MIN_CHUNK_BYTES - 1;
    // The comparison is unsigned: with a top of exactly 32 bytes the area is 2^64 - 1.
    if (area >= 0 && area <= padBytes) return false;
    const extra = Math.floor((area - padBytes) / this.space.pageBytes) * this.space.pageBytes;
    if (extra === 0) return false;
    const top = this.w[(av + this.topAt) >>> 2];
    if (this.space.sbrk(0) !== top + topSize) return false;
    if (this.space.sbrk(-extra) < 0) return false;
    this.setWord(av + this.systemMemAt, this.word(av + this.systemMemAt) - extra);
    this.setWord(top + 8, topSize - extra + PREV_INUSE);
    return true;
  }

  /** @returns the size of top without flags */
  topSize(av: number): number {
    return (this.w[(this.w[(av + this.topAt) >>> 2] + 8) >>> 2] & ~7) >>> 0;
  }

  /** Deletes empty heaps at the end of a thread arena, then shrinks the last one when top is large enough. */
  heapTrim(padBytes: number, av: number): boolean {
    let top = this.w[(av + this.topAt) >>> 2];
    let heap = top - (top % heapSpanBytes);
    while (top === heap + this.profile.heapInfoBytes) {
      const joined = this.joinPreviousHeap(av, heap, padBytes);
      if (joined === 0) break;
      top = joined;
      heap = top - (top % heapSpanBytes);
    }
    const topSize = this.topSize(av);
    if (topSize < this.word(TRIM_THRESHOLD)) return false;
    const area = topSize - MIN_CHUNK_BYTES - 1;
    if (area < 0 || area <= padBytes) return false;
    const extra = alignDown(area - padBytes, this.space.pageBytes);
    if (extra === 0) return false;
    const size = this.word(heap + HEAP_SIZE) - extra;
    this.space.closeHeap(heap + size, extra);
    this.setWord(heap + HEAP_SIZE, size);
    this.setWord(av + this.systemMemAt, this.word(av + this.systemMemAt) - extra);
    this.setWord(top + 8, topSize - extra + PREV_INUSE);
    return true;
  }

  /** Deletes an empty heap whose predecessor ends with enough room. @returns the new top, or 0 */
  joinPreviousHeap(av: number, heap: number, padBytes: number): number {
    const w = this.w;
    const previous = w[(heap + HEAP_PREV) >>> 2];
    const previousSize = this.word(previous + HEAP_SIZE);
    const fence = previous + previousSize - 16;
    if (this.word(fence + 8) !== PREV_INUSE) {
      this.abort(this.profile.assertion('heap_trim', 'chunksize_nomask (p) == (0 | PREV_INUSE)'), fence);
    }
    let chunk = fence - w[fence >>> 2];
    let newSize = ((w[(chunk + 8) >>> 2] & ~7) >>> 0) + 16;
    if (newSize <= 0 || newSize >= 2 * MIN_CHUNK_BYTES) {
      this.abort(
        this.profile.assertion('heap_trim', 'new_size > 0 && new_size < (long) (2 * MINSIZE)'),
        chunk,
      );
    }
    const isPreviousFree = (w[(chunk + 8) >>> 2] & PREV_INUSE) === 0;
    if (isPreviousFree) newSize += w[chunk >>> 2];
    if (newSize <= 0 || newSize >= heapSpanBytes) {
      this.abort(this.profile.assertion('heap_trim', 'new_size > 0 && new_size < max_size'), chunk);
    }
    const room = newSize + (heapSpanBytes - previousSize);
    if (room < padBytes + MIN_CHUNK_BYTES + this.space.pageBytes) return 0;
    const systemMem = this.word(av + this.systemMemAt);
    this.setWord(av + this.systemMemAt, systemMem - this.word(heap + HEAP_SIZE));
    this.space.releaseHeap(heap, this.word(heap + HEAP_SIZE));
    if (isPreviousFree) {
      chunk -= w[chunk >>> 2];
      this.unlink(chunk);
    }
    this.setPointer(av + this.topAt, chunk);
    this.setWord(chunk + 8, newSize + PREV_INUSE);
    return chunk;
  }

  /** Writes the fields of a fresh heap_info. */
  writeHeapInfo(heap: number, av: number, previous: number, sizeBytes: number): void {
    this.setPointer(heap + HEAP_ARENA, av);
    this.setPointer(heap + HEAP_PREV, previous);
    this.setWord(heap + HEAP_SIZE, sizeBytes);
    this.setWord(heap + HEAP_MPROTECT_SIZE, sizeBytes);
    if (this.profile.heapInfoBytes > 0x20) this.setWord(heap + 32, this.space.pageBytes);
  }
}
