/** Sorted, disjoint, half-open ranges of numbers: what is mapped in a window. Neighbours are merged. */
export class IntervalSet {
  /** Starts and ends, pairwise; both ascending. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  /** @returns index of the first range that ends after `point` */
  #firstEndingAfter(point: number): number {
    let low = 0;
    let high = this.ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ends[middle] > point) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** @returns true when every point of [start, end) is inside */
  covers(start: number, end: number): boolean {
    const k = this.#firstEndingAfter(start);
    return k < this.starts.length && this.starts[k] <= start && end <= this.ends[k];
  }

  /** @returns true when some point of [start, end) is inside */
  touches(start: number, end: number): boolean {
    const k = this.#firstEndingAfter(start);
    return k < this.starts.length && this.starts[k] < end;
  }

  /** Puts [start, end) in, whatever was there. */
  add(start: number, end: number): void {
    let first = this.#firstEndingAfter(start);
    if (first > 0 && this.ends[first - 1] === start) first--;
    let last = first;
    let newStart = start;
    let newEnd = end;
    for (; last < this.starts.length && this.starts[last] <= end; last++) {
      newStart = Math.min(newStart, this.starts[last]);
      newEnd = Math.max(newEnd, this.ends[last]);
    }
    this.starts.splice(first, last - first, newStart);
    this.ends.splice(first, last - first, newEnd);
  }

  /** Takes [start, end) out; calls `removed` for each part that was inside. */
  remove(start: number, end: number, removed?: (start: number, end: number) => void): void {
    const first = this.#firstEndingAfter(start);
    const keptStarts: number[] = [];
    const keptEnds: number[] = [];
    let last = first;
    for (; last < this.starts.length && this.starts[last] < end; last++) {
      const from = this.starts[last];
      const to = this.ends[last];
      if (from < start) {
        keptStarts.push(from);
        keptEnds.push(start);
      }
      if (to > end) {
        keptStarts.push(end);
        keptEnds.push(to);
      }
      removed?.(Math.max(from, start), Math.min(to, end));
    }
    this.starts.splice(first, last - first, ...keptStarts);
    this.ends.splice(first, last - first, ...keptEnds);
  }

  /**
   * Looks for room from the top down, as the kernel places mappings.
   * @param bytes length wanted
   * @param bottom lowest start allowed
   * @param top highest end allowed
   * @param alignment of the start
   * @returns the highest start of a gap, or -1
   */
  highestGap(bytes: number, bottom: number, top: number, alignment: number): number {
    let end = top;
    for (let k = this.starts.length - 1; ; k--) {
      const gapStart = Math.max(bottom, k >= 0 ? this.ends[k] : 0);
      const start = Math.floor((end - bytes) / alignment) * alignment;
      if (start >= gapStart) return start;
      if (k < 0 || this.starts[k] <= bottom) return -1;
      end = Math.min(end, this.starts[k]);
    }
  }

  /** As `highestGap`, from the bottom up. @returns the lowest start of a gap, or -1 */
  lowestGap(bytes: number, bottom: number, top: number, alignment: number): number {
    let start = Math.ceil(bottom / alignment) * alignment;
    for (let k = this.#firstEndingAfter(start); start + bytes <= top; k++) {
      if (k >= this.starts.length || start + bytes <= this.starts[k]) return start;
      start = Math.ceil(this.ends[k] / alignment) * alignment;
    }
    return -1;
  }
}
