/**
 * Address space of slots that is not in use: what was never touched, at the end, and holes that slots left. Bytes
 * only; nothing here opens or closes a page.
 */

/** One hole. */
interface Extent {
  start: number;
  bytes: number;
}

/** Free address space in [start, limit). */
export class Extents {
  readonly start: number;
  readonly limit: number;
  /** First byte that was never part of a slot. */
  end: number;
  /** Most bytes from `start` to `end` so far. */
  peakBytes = 0;
  /** In address order, neighbours joined. */
  #holes: Extent[] = [];

  constructor(start: number, limit: number) {
    this.start = start;
    this.limit = limit;
    this.end = start;
  }

  /** Holes as [start, bytes], in address order. */
  get holes(): readonly Extent[] {
    return this.#holes;
  }

  /**
   * @param bytes whole pages
   * @param alignment of the byte `lead` bytes after the start
   * @returns start and bytes of what was taken, at least `bytes`; null when there is no room
   */
  take(bytes: number, alignment: number, lead: number): Extent | null {
    for (const [index, hole] of this.#holes.entries()) {
      const start = alignedStart(hole.start, alignment, lead);
      if (start + bytes > hole.start + hole.bytes) continue;
      const rest = { start: start + bytes, bytes: hole.start + hole.bytes - start - bytes };
      const before = { start: hole.start, bytes: start - hole.start };
      this.#holes.splice(index, 1, ...[before, rest].filter((part) => part.bytes > 0));
      return { start, bytes };
    }
    const start = alignedStart(this.end, alignment, lead);
    if (start + bytes > this.limit) return null;
    if (start > this.end) this.add([{ start: this.end, bytes: start - this.end }]);
    this.end = start + bytes;
    this.peakBytes = Math.max(this.peakBytes, this.end - this.start);
    return { start, bytes };
  }

  /** Gives address space back. */
  add(extents: readonly Extent[]): void {
    const all = [...this.#holes, ...extents].sort((a, b) => a.start - b.start);
    const joined: Extent[] = [];
    for (const { start, bytes } of all) {
      const last = joined.at(-1);
      if (last !== undefined && last.start + last.bytes === start) last.bytes += bytes;
      else joined.push({ start, bytes });
    }
    const last = joined.at(-1);
    if (last !== undefined && last.start + last.bytes === this.end) this.end = joined.pop()!.start;
    this.#holes = joined;
  }
}

/** The first start at which the byte `lead` bytes later is aligned. */
function alignedStart(start: number, alignment: number, lead: number): number {
  return Math.ceil((start + lead) / alignment) * alignment - lead;
}
