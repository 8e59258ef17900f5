/**
 * The operating system as the heap sees it, inside one window: break, mappings, 64 MiB heaps. It knows which
 * bytes are accessible, so that a wild read ends as a simulated fault; inaccessible bytes always read as zero.
 *
 *   0 .. guard | libc data | ......... | break area -> ....... | thread heaps | .... <- own mappings |
 */
import { alignUp, type WindowSource } from '../core/index.ts';
import type { RecoveryReport } from './file/report.ts';
import { IntervalSet } from './interval-set.ts';

/** Bytes and alignment of a thread arena's heap. */
export const heapSpanBytes: number = 64 * 2 ** 20;

/** Told when ranges of a window have changed, before pages are taken away: it writes them down. */
export interface SpaceKeeper {
  /** Most own mappings it can write down. */
  readonly mappingLimit: number;
  /** What was repaired when the ranges were read. */
  readonly recovery: RecoveryReport | null;
  changed(): void;
  /** Waits until everything is on the disk. */
  synchronize(): void;
  /** The window is about to be given back; gives it back itself. */
  close(): void;
}

/** Break, mappings and reservations of one window. */
export class AddressSpace {
  readonly source: WindowSource;
  readonly pageBytes: number;
  /** Most bytes that may be accessible at one time, the libc data not counted. */
  readonly limitBytes: number;
  /** Where thread heaps are looked for, from here up. */
  readonly heapArea: number;
  readonly heapAreaEnd: number;
  readonly breakStart: number;
  /** The program break: first byte after the main arena's heap. */
  breakEnd: number;
  /** First offset behind the C library's data. */
  lowestHeap = 0;
  accessibleBytes = 0;
  peakBytes = 0;
  /** All bytes that ever became accessible, those given back and taken again each time. */
  grownBytes = 0;
  /** Writes ranges down where they outlive the process. */
  keeper: SpaceKeeper | undefined;
  /** Length of each mapping by its start. */
  readonly mappings: Map<number, number> = new Map();
  /** Simulated system calls by name. */
  readonly calls: Record<string, number> = {};
  protected readonly accessible: IntervalSet = new IntervalSet();
  protected readonly reserved: IntervalSet = new IntervalSet();

  constructor(source: WindowSource, limitBytes: number, breakStart: number, heapArea: [number, number]) {
    this.source = source;
    this.pageBytes = source.pageSizeBytes;
    this.limitBytes = limitBytes;
    this.breakStart = breakStart;
    this.breakEnd = breakStart;
    [this.heapArea, this.heapAreaEnd] = heapArea;
  }

  /** Makes the area of the C library's data accessible; not counted as heap. */
  mapLibraryData(start: number, bytes: number): void {
    this.#restorePages(start, bytes);
    this.accessible.add(start, start + bytes);
    this.reserved.add(0, start + bytes);
    this.lowestHeap = start + bytes;
  }

  /** @returns true when all `bytes` from `offset` on may be read and written */
  isAccessible(offset: number, bytes: number): boolean {
    return this.accessible.covers(offset, offset + bytes);
  }

  /** @returns the accessible ranges in address order, as [start, end) */
  accessibleRanges(): [number, number][] {
    return this.accessible.starts.map((start, k) => [start, this.accessible.ends[k]]);
  }

  /** @returns what is reserved, accessible or not, as [start, end) */
  reservedRanges(): [number, number][] {
    return this.reserved.starts.map((start, k) => [start, this.reserved.ends[k]]);
  }

  /** @returns first offset behind everything accessible */
  get highestEnd(): number {
    return this.accessible.ends.at(-1) ?? 0;
  }

  #count(call: string): void {
    this.calls[call] = (this.calls[call] ?? 0) + 1;
  }

  /** @param replacedBytes what goes in exchange, at once: a mapping that moves is not there twice */
  #enter(start: number, bytes: number, replacedBytes = 0): boolean {
    const after = this.accessibleBytes + bytes;
    if (after - replacedBytes > this.limitBytes || !this.source.commit(start, bytes)) return false;
    return this.#add(start, bytes, replacedBytes);
  }

  #add(start: number, bytes: number, replacedBytes: number): true {
    const after = this.accessibleBytes + bytes;
    this.accessible.add(start, start + bytes);
    this.accessibleBytes = after;
    this.grownBytes += bytes - replacedBytes;
    this.peakBytes = Math.max(this.peakBytes, after - replacedBytes);
    return true;
  }

  #leave(start: number, bytes: number): void {
    this.accessible.remove(start, start + bytes, (from, to) => {
      if (this.source.withdraw) this.source.withdraw(from, to - from);
      else this.source.discard(from, to - from);
      this.accessibleBytes -= to - from;
    });
  }

  /**
   * Moves the break.
   * @param deltaBytes any integer
   * @returns the break before, or -1 when refused
   */
  sbrk(deltaBytes: number): number {
    this.#count('brk');
    const before = this.breakEnd;
    const after = before + deltaBytes;
    if (deltaBytes > 0) {
      if (after > this.source.sizeBytes || this.#isTaken(before, after)) return -1;
      if (!this.#enter(before, deltaBytes)) return -1;
    } else if (deltaBytes < 0) {
      if (after < this.breakStart) return -1;
    }
    this.breakEnd = after;
    if (deltaBytes !== 0) this.keeper?.changed();
    if (deltaBytes < 0) this.#leave(after, -deltaBytes);
    return before;
  }

  #isTaken(start: number, end: number): boolean {
    return this.accessible.touches(start, end) || this.reserved.touches(start, end);
  }

  #reserve(bytes: number): number {
    const taken = new IntervalSet();
    for (const set of [this.accessible, this.reserved]) {
      set.starts.forEach((start, k) => {
        taken.add(start, set.ends[k]);
      });
    }
    return taken.highestGap(bytes, this.breakEnd, this.source.sizeBytes, this.pageBytes);
  }

  /**
   * Maps pages where the kernel likes: the highest gap.
   * @param bytes a multiple of the page size, > 0
   * @returns start, or 0 when refused
   */
  map(bytes: number): number {
    this.#count('mmap');
    if (this.keeper && this.mappings.size >= this.keeper.mappingLimit) return 0;
    const start = this.#reserve(bytes);
    if (start <= 0 || !this.#enter(start, bytes)) return 0;
    this.#note(start, bytes);
    return start;
  }

  /** Unmaps whatever lies in a range; holes are no error. */
  unmap(start: number, bytes: number): void {
    this.#count('munmap');
    if (bytes <= 0) return;
    this.mappings.delete(start);
    this.keeper?.changed();
    this.#leave(start, alignUp(bytes, this.pageBytes));
  }

  /** Notes a mapping, perhaps in the place of another. */
  #note(start: number, bytes: number, replaced = start): void {
    this.mappings.delete(replaced);
    this.mappings.set(start, bytes);
    this.keeper?.changed();
  }

  #restorePages(start: number, bytes: number): boolean {
    const { source } = this;
    return source.restore ? source.restore(start, bytes) : source.commit(start, bytes);
  }

  /** Takes over what was written down: the same ranges, accessible again. @returns false when refused */
  restore(breakEnd: number, mappings: readonly (readonly [start: number, bytes: number])[]): boolean {
    const ranges = breakEnd > this.breakStart ? [[this.breakStart, breakEnd - this.breakStart] as const] : [];
    for (const [start, bytes] of [...ranges, ...mappings]) {
      if (!this.#restorePages(start, bytes)) return false;
      this.#add(start, bytes, 0);
    }
    this.breakEnd = breakEnd;
    for (const [start, bytes] of mappings) this.mappings.set(start, bytes);
    return true;
  }

  /**
   * Changes the length of a mapping; moves it when it cannot grow in place.
   * @returns the new start, or 0 when refused (nothing changed)
   */
  remap(start: number, oldBytes: number, newBytes: number): number {
    this.#count('mremap');
    if (!this.isAccessible(start, oldBytes)) return 0;
    return this.#resize(start, oldBytes, newBytes);
  }

  #resize(start: number, oldBytes: number, newBytes: number): number {
    if (newBytes <= oldBytes) {
      this.#note(start, newBytes);
      this.#leave(start + newBytes, oldBytes - newBytes);
      return start;
    }
    const end = start + newBytes;
    if (end <= this.source.sizeBytes && !this.#isTaken(start + oldBytes, end)) {
      if (!this.#enter(start + oldBytes, newBytes - oldBytes)) return 0;
      this.#note(start, newBytes);
      return start;
    }
    const moved = this.#reserve(newBytes);
    if (moved <= 0 || !this.#enter(moved, newBytes, oldBytes)) return 0;
    new Uint8Array(this.source.buffer).copyWithin(moved, start, start + oldBytes);
    this.#note(moved, newBytes, start);
    this.#leave(start, oldBytes);
    return moved;
  }

  /** Drops the contents of accessible pages; they stay accessible and read as zero. */
  advise(start: number, bytes: number): void {
    this.#count('madvise');
    if (bytes > 0) this.source.discard(start, bytes, true);
  }

  /** Reserves a 64 MiB heap, inaccessible. @returns its start, or 0 */
  reserveHeap(): number {
    this.#count('mmap');
    const taken = new IntervalSet();
    this.reserved.starts.forEach((start, k) => {
      taken.add(start, this.reserved.ends[k]);
    });
    this.accessible.starts.forEach((start, k) => {
      taken.add(start, this.accessible.ends[k]);
    });
    const start = taken.lowestGap(heapSpanBytes, this.heapArea, this.heapAreaEnd, heapSpanBytes);
    if (start <= 0 || start + heapSpanBytes > this.source.sizeBytes) return 0;
    this.reserved.add(start, start + heapSpanBytes);
    return start;
  }

  /** Makes a part of a reserved heap accessible. @returns false when refused */
  openHeap(start: number, bytes: number): boolean {
    this.#count('mprotect');
    return this.#enter(start, bytes);
  }

  /** Takes the end of a heap away: its contents are discarded, but it stays accessible, as in a real process. */
  closeHeap(start: number, bytes: number): void {
    this.#count('madvise');
    this.source.discard(start, bytes);
    this.accessibleBytes -= bytes;
  }

  /**
   * Unmaps a whole heap and its reservation.
   * @param openBytes what of it was not closed
   */
  releaseHeap(start: number, openBytes: number): void {
    this.#count('munmap');
    const counted = this.accessibleBytes;
    this.#leave(start, heapSpanBytes);
    this.accessibleBytes = counted - openBytes;
    this.reserved.remove(start, start + heapSpanBytes);
  }
}
