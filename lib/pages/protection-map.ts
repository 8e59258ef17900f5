/**
 * Which protection every page of a mapping has, and how to go back.
 *
 *   a change        |-----A: r-----|
 *   a later one             |-----B: none-----|
 *   in force   rw   |--A----|-------B---------|   rw
 *
 * A change remembers what it covered. Undone in any order, each page ends with the latest change that is still in
 * force there: A undone first leaves B's pages alone, and B undone later finds what was below A, not A. A change
 * nobody undoes costs nothing: segments point at marks, and a mark holds what it covered only once it is undone.
 */

import type { Protection } from './protection.ts';
import type { PageRange } from './ranges.ts';

/** Identity of one change; `covered` is set when it was undone. */
interface Mark {
  covered?: readonly Segment[];
}

/** Bytes from `start` to before `end` with one protection, set by one change. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly protection: Protection;
  readonly mark: Mark;
}

/** A change that can be undone. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly mark: Mark;
  readonly covered: readonly Segment[];
}

/** Index of the first segment that ends behind `offset`; segments are sorted. */
function indexAt(segments: readonly Segment[], offset: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segments[middle].end > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The part of a segment list inside a range. */
function cut(segments: readonly Segment[], start: number, end: number): Segment[] {
  const result: Segment[] = [];
  for (let index = indexAt(segments, start); index < segments.length; index++) {
    const segment = segments[index];
    if (segment.start >= end) break;
    const isWhole = segment.start >= start && segment.end <= end;
    const part = { start: Math.max(segment.start, start), end: Math.min(segment.end, end) };
    result.push(isWhole ? segment : { ...segment, ...part });
  }
  return result;
}

/** Looks through changes that were undone, to what they covered. */
function throughUndone(segments: readonly Segment[]): Segment[] {
  return segments.flatMap((segment) =>
    segment.mark.covered ? throughUndone(cut(segment.mark.covered, segment.start, segment.end)) : [segment],
  );
}

/** Joins neighbours set by the same change. */
function joined(segments: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  for (const segment of segments) {
    const last = result.at(-1);
    if (last && last.mark === segment.mark && last.protection === segment.protection) {
      result[result.length - 1] = { ...last, end: segment.end };
    } else result.push(segment);
  }
  return result;
}

/** The protections of one mapping. Segments are sorted, do not overlap and leave no hole. */
export class ProtectionMap {
  #segments: Segment[];

  /**
   * @param length bytes covered, a multiple of the page size
   * @param protection of all of them
   */
  constructor(length: number, protection: Protection) {
    this.#segments = [{ start: 0, end: length, protection, mark: {} }];
  }

  /** @returns the segments inside a range */
  inside(start: number, end: number): Segment[] {
    return cut(this.#segments, start, end);
  }

  /** @returns the protections inside a range, neighbours with the same one joined */
  list(start: number, end: number): (PageRange & { protection: Protection })[] {
    const result: (PageRange & { protection: Protection })[] = [];
    for (const segment of this.inside(start, end)) {
      const { protection } = segment;
      const last = result.at(-1);
      if (last?.protection === protection) last.length = segment.end - last.offset;
      else result.push({ offset: segment.start, length: segment.end - segment.start, protection });
    }
    return result;
  }

  /** @returns the one protection of all pages, or null when they differ */
  uniform(): Protection | null {
    const [first] = this.#segments;
    return this.#segments.every((segment) => segment.protection === first.protection)
      ? first.protection
      : null;
  }

  /** @returns how many segments would be cut in two by a change of this range: 0 to 2 */
  splits(start: number, end: number): number {
    const cutsAt = (offset: number): boolean => {
      const segment = this.#segments[indexAt(this.#segments, offset)];
      return segment !== undefined && segment.start !== offset;
    };
    return Number(cutsAt(start)) + Number(cutsAt(end));
  }

  /**
   * Records that a range has a new protection.
   * @returns what `undo` needs
   */
  set(start: number, end: number, protection: Protection): Change {
    const mark: Mark = {};
    const covered = this.inside(start, end);
    this.#replace({ start, end, protection, mark });
    return { start, end, mark, covered };
  }

  /**
   * Tells what undoing a change gives back: pages where it is still the latest one, with what lies below.
   * Records nothing; call `undo` when the system has agreed.
   */
  below(change: Change): Segment[] {
    const mine = this.inside(change.start, change.end).filter(({ mark }) => mark === change.mark);
    return mine.flatMap((segment) => throughUndone(cut(change.covered, segment.start, segment.end)));
  }

  /** Records that a change is undone. A second call does nothing. */
  undo(change: Change): void {
    if (change.mark.covered) return;
    const below = this.below(change);
    change.mark.covered = throughUndone(change.covered);
    for (const segment of below) this.#replace(segment);
  }

  /** Records a new length: what is cut off is forgotten, new pages are like the last one. */
  resize(length: number): void {
    const kept = this.inside(0, length);
    const last = kept[kept.length - 1];
    if (last.end < length) kept.push({ ...last, start: last.end, end: length, mark: {} });
    this.#segments = joined(kept);
  }

  /** Puts a segment in the place of what is there. Looks at its neighbours only: there may be tens of thousands. */
  #replace(piece: Segment): void {
    const first = Math.max(indexAt(this.#segments, piece.start) - 1, 0);
    const last = Math.min(indexAt(this.#segments, piece.end) + 2, this.#segments.length);
    const around = this.#segments.slice(first, last);
    const before = cut(around, 0, piece.start);
    const after = cut(around, piece.end, Number.POSITIVE_INFINITY);
    this.#segments.splice(first, last - first, ...joined([...before, piece, ...after]));
  }
}
