/**
 * From addresses to columns. All boundaries of all snapshots are collected first, so that equal addresses get
 * equal columns in every row. Between two boundaries lies a segment; a segment is at least one cell wide, so no
 * chunk can vanish. Half of a band's width is shared evenly, the other half by size: small chunks stay
 * readable, larger ones are never narrower than smaller ones.
 */
import type { HeapSnapshot } from '../core/index.ts';

/** A piece of address space between two neighbouring chunk boundaries. */
export interface Segment {
  startOffset: number;
  endOffset: number;
  /** First cell, 0-based in its band. */
  column: number;
  /** Cells, at least 1. */
  cells: number;
}

/** One line of a picture: segments that follow each other and fill `cells` cells. */
export interface Band {
  startOffset: number;
  endOffset: number;
  segments: Segment[];
}

/** What a layout may use. */
export interface LayoutLimits {
  /** Cells of one band. */
  cells: number;
  /** Most bands. */
  maxBands: number;
  /** Cells a segment gets on average while bands are left. */
  comfortableCells: number;
  /** Cells every segment gets in any case, 1 or more. */
  leastCells: number;
}

/**
 * Lays out one or more snapshots of the same arena.
 * @param snapshots at least one; offsets mean the same place in all of them
 * @param limits cells and bands, integers > 0; cells at least twice `leastCells`
 * @returns bands in address order, or null when the chunks are too many to give each its own cell
 */
export function layoutBands(snapshots: readonly HeapSnapshot[], limits: LayoutLimits): Band[] | null {
  const boundaries = collectBoundaries(snapshots);
  const count = boundaries.length - 1;
  if (count < 1) return [];
  const { cells, maxBands, comfortableCells, leastCells } = limits;
  // Half of a band is shared evenly, so this many segments get their least.
  const most = Math.max(1, Math.floor(cells / (2 * leastCells)));
  if (count > most * maxBands) return null;
  const comfortable = Math.max(1, Math.floor(cells / comfortableCells));
  const perBand = Math.min(most, Math.max(comfortable, Math.ceil(count / maxBands)));
  const bands: Band[] = [];
  for (let first = 0; first < count; first += perBand) {
    bands.push(layoutBand(boundaries.slice(first, Math.min(first + perBand, count) + 1), cells));
  }
  return bands;
}

/** Every offset where a chunk starts or ends in any snapshot, ascending, each once. */
export function collectBoundaries(snapshots: readonly HeapSnapshot[]): number[] {
  const offsets = new Set<number>();
  for (const snapshot of snapshots) {
    if (snapshot.endOffset > snapshot.startOffset) {
      offsets.add(snapshot.startOffset);
      offsets.add(snapshot.endOffset);
    }
    for (const chunk of snapshot.chunks) {
      offsets.add(chunk.offset);
      offsets.add(chunk.offset + chunk.sizeBytes);
    }
  }
  return [...offsets].sort((a, b) => a - b);
}

function layoutBand(boundaries: number[], cells: number): Band {
  const count = boundaries.length - 1;
  const startOffset = boundaries[0];
  const endOffset = boundaries[count];
  const even = Math.max(1, Math.floor(cells / (2 * count)));
  const bySize = cells - even * count;
  const segments: Segment[] = [];
  let column = 0;
  for (let i = 0; i < count; i++) {
    // Rounding the running end, not each width, keeps the sum exact and the widths in order of size but for one cell.
    const shared = Math.floor((bySize * (boundaries[i + 1] - startOffset)) / (endOffset - startOffset));
    const end = even * (i + 1) + shared;
    segments.push({ startOffset: boundaries[i], endOffset: boundaries[i + 1], column, cells: end - column });
    column = end;
  }
  return { startOffset, endOffset, segments };
}
