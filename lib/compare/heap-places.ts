/**
 * Where a block of the glibc heap lies, in the words that the native replayer uses (docs/trace-format.md): offsets
 * from the arena's first chunk, later heaps of a thread arena, blocks of the main arena, own mappings.
 */
import type { Heap } from '../heap/index.ts';

const slotBytes = 2 ** 26;
const mostHeaps = 65_536;

/** Names the blocks of one heap. */
export class HeapPlaces {
  readonly #heap: Heap;
  readonly #threaded: boolean;
  /** Offset of the first chunk of the arena under study; 0 until a thread has its arena. */
  firstChunk: number;

  /** @param heap fresh */
  constructor(heap: Heap) {
    this.#heap = heap;
    this.#threaded = heap.threaded;
    this.firstChunk = heap.threaded ? 0 : heap.space.breakStart;
  }

  /**
   * The line of a block.
   * @param pointer what an allocating call gave, right after it; null for no memory
   */
  line(pointer: number | null): string {
    if (pointer === null) return '0';
    const { space } = this.#heap;
    if (pointer >= space.breakStart && pointer < space.breakEnd) {
      return `${this.#threaded ? 'm:' : ''}${pointer - space.breakStart}`;
    }
    const raw = space.isAccessible(pointer - 8, 8) ? this.#heap.peek(this.#heap.real(pointer - 8)) : 0n;
    if (this.#threaded && this.firstChunk === 0 && (raw & 6n) === 4n) this.#noticeArena();
    const heapStart = pointer - (pointer % slotBytes);
    const isFirst = this.firstChunk !== 0 && heapStart === this.firstChunk - (this.firstChunk % slotBytes);
    if (this.#threaded && isFirst) return String(pointer - this.firstChunk);
    if ((raw & 2n) !== 0n) return `M ${raw & ~7n} ${pointer % space.pageBytes}`;
    if (this.#threaded && (raw & 4n) !== 0n) return `h${this.#heapNumber(heapStart)}:${pointer - heapStart}`;
    return String(pointer - this.firstChunk);
  }

  #noticeArena(): void {
    const { arena, profile } = this.#heap;
    this.firstChunk = arena + 16 * Math.ceil(profile.state.sizeBytes / 16);
  }

  /** Steps back to the first heap of the arena. */
  #heapNumber(start: number): number {
    let number = 0;
    for (let heap = start; number < mostHeaps; number++) {
      if (!this.#heap.space.isAccessible(heap + 8, 8)) break;
      const previous = this.#heap.peek(this.#heap.real(heap + 8));
      if (previous === 0n || Number(previous >> 32n) !== this.#heap.hi) break;
      heap = Number(previous & 0xffff_ffffn);
    }
    return number;
  }
}
