/**
 * What changed between two snapshots of one arena: which headers came, went or were written, field by field.
 * A header that is no longer a chunk keeps its bytes until somebody writes over them; that is said, not hidden.
 */
import { type ChunkSnapshot, formatBytes, type HeapSnapshot, hex } from '../core/index.ts';
import { stateNames, type TextStyle } from './palette.ts';

/** One header field with another value than before. */
export interface FieldChange {
  name: string;
  /** Offset of the field in the arena. */
  offset: number;
  before: bigint;
  after: bigint;
}

/** What happened to one chunk header. */
export interface ChunkChange {
  /** Offset of the header. */
  offset: number;
  kind: 'changed' | 'new' | 'gone';
  before?: ChunkSnapshot;
  after?: ChunkSnapshot;
  /** Fields with a new value; for a new chunk all of them with 0 as before where the arena did not reach. */
  fields: FieldChange[];
  /** For a chunk that is gone: offset of the chunk that now covers it, if any. */
  insideOffset?: number;
}

/**
 * Compares the chunk headers of two snapshots of one arena.
 * @param before the earlier snapshot
 * @param after the later one
 * @returns changes in address order; empty when every header is as it was
 */
export function diffHeaders(before: HeapSnapshot, after: HeapSnapshot): ChunkChange[] {
  const earlier = new Map(before.chunks.map((chunk) => [chunk.offset, chunk]));
  const later = new Map(after.chunks.map((chunk) => [chunk.offset, chunk]));
  const offsets = [...new Set([...earlier.keys(), ...later.keys()])].sort((a, b) => a - b);
  return offsets.flatMap((offset) =>
    diffChunk(offset, earlier.get(offset), later.get(offset), before, after),
  );
}

function diffChunk(
  offset: number,
  was: ChunkSnapshot | undefined,
  is: ChunkSnapshot | undefined,
  before: HeapSnapshot,
  after: HeapSnapshot,
): ChunkChange[] {
  if (is === undefined && was !== undefined) {
    const cover = after.chunks.find((c) => c.offset < offset && offset < c.offset + c.sizeBytes);
    const inside = cover === undefined ? {} : { insideOffset: cover.offset };
    return [{ offset, kind: 'gone', before: was, fields: [], ...inside }];
  }
  if (is === undefined) return [];
  const fields = is.fields.flatMap((field) => {
    const old = was?.fields.find((f) => f.offset === field.offset)?.value ?? wordAt(before, field.offset);
    return old === field.value
      ? []
      : [{ name: field.name, offset: field.offset, before: old, after: field.value }];
  });
  if (was === undefined) return [{ offset, kind: 'new', after: is, fields }];
  return fields.length === 0 && was.state === is.state && was.sizeBytes === is.sizeBytes
    ? []
    : [{ offset, kind: 'changed', before: was, after: is, fields }];
}

/** The 8 bytes at an offset, little-endian; 0 where the snapshot does not reach. */
function wordAt(snapshot: HeapSnapshot, offset: number): bigint {
  const at = offset - snapshot.startOffset;
  if (at < 0 || at + 8 > snapshot.bytes.length) return 0n;
  return new DataView(snapshot.bytes.buffer, snapshot.bytes.byteOffset + at, 8).getBigUint64(0, true);
}

/**
 * Writes the changes for people: one paragraph per header, old value, arrow, new value.
 * @param changes from `diffHeaders`
 * @param style width in columns, at least 40
 * @returns lines, none wider than the width; empty when nothing changed
 */
export function renderChanges(changes: readonly ChunkChange[], style: TextStyle): string[] {
  const { palette, glyphs, width } = style;
  return changes.flatMap((change) => {
    const title = changeTitle(change, glyphs.arrowRight).slice(0, width);
    const paint = change.kind === 'gone' ? palette.bad : change.kind === 'new' ? palette.good : palette.title;
    return [paint(title), ...change.fields.flatMap((field) => renderField(field, style))];
  });
}

function changeTitle(change: ChunkChange, arrow: string): string {
  const name = `+${hex(change.offset)}`;
  const { before, after } = change;
  if (change.kind === 'gone' && before !== undefined) {
    const now =
      change.insideOffset === undefined
        ? 'given back'
        : `no chunk any more: its bytes lie inside +${hex(change.insideOffset)}`;
    return `${name}  was ${describe(before)}; ${now}`;
  }
  if (after === undefined) return name;
  if (before === undefined) return `${name}  new: ${describe(after)}`;
  const same = describe(before) === describe(after);
  return same ? `${name}  ${describe(after)}` : `${name}  ${describe(before)} ${arrow} ${describe(after)}`;
}

function describe(chunk: ChunkSnapshot): string {
  return `${stateNames[chunk.state]}, ${formatBytes(chunk.sizeBytes)}`;
}

/** `    fwd   0x0000000000000000 → 0x00007f0000000080`, on two lines where one is too narrow. */
function renderField(field: FieldChange, { palette, glyphs, width }: TextStyle): string[] {
  const name = `    ${field.name.slice(0, 16).padEnd(10)}`;
  const before = hex(field.before, 16);
  const after = hex(field.after, 16);
  const oneLine = name.length + 1 + before.length + glyphs.arrowRight.length + 2 + after.length;
  if (oneLine <= width) {
    return [`${name} ${palette.dim(before)} ${glyphs.arrowRight} ${palette.good(after)}`];
  }
  return [
    `${name} ${palette.dim(before)}`,
    `${' '.repeat(name.length - 2)} ${glyphs.arrowRight} ${palette.good(after)}`,
  ];
}
