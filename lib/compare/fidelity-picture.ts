/**
 * What a disagreement looks like: the operations around it with both placements, and the chunks of both heaps near
 * the place, told from their headers alone, as either heap has them right after the operation.
 */
import type { Heap } from '../heap/index.ts';
import { formatOperation, type Trace, traceHead } from '../trace/index.ts';
import { type FidelityOptions, heapFor, runNative } from './fidelity.ts';
import { heapPlacements } from './fidelity-replay.ts';
import type { NativeImage } from './native-image.ts';

const operationsBefore = 8;
const operationsBehind = 3;
const chunksAround = 6;
const slotBytes = 2 ** 26;

/**
 * Draws a disagreement.
 * @param trace the whole trace
 * @param operation index of the first line that differs
 * @param options as they were for the comparison
 * @returns lines of text
 */
export async function drawDifference(
  trace: Trace,
  operation: number,
  options: FidelityOptions,
): Promise<string[]> {
  const head = traceHead(trace, Math.min(operation + operationsBehind, trace.operationCount));
  const upTo = traceHead(trace, Math.min(operation + 1, trace.operationCount));
  const native = await runNative(head, options);
  const nativeThen = await runNative(upTo, { ...options, image: true });
  const lines = heapPlacements(head, heapFor(head, native, options), {
    damage: head.hasDamage,
    like: native.image,
  });
  const heap = heapFor(upTo, nativeThen, options);
  let ours: Chunk[] = [];
  const look = (): void => {
    ours = oursChunks(heap);
  };
  const then = heapPlacements(upTo, heap, { damage: upTo.hasDamage, like: nativeThen.image, onEnd: look });
  if (ours.length === 0 && then.at(-1)?.startsWith('! ')) look();
  const near = nearestOffset(native.placements[operation] ?? '', lines[operation] ?? '');
  return [
    ...drawOperations(head, operation, native.placements, lines),
    '',
    'native heap',
    ...drawChunks(nativeThen.image ? nativeChunks(nativeThen.image, heap) : [], near),
    'simulated heap',
    ...drawChunks(ours, near),
  ];
}

function drawOperations(
  trace: Trace,
  operation: number,
  native: readonly string[],
  ours: readonly string[],
): string[] {
  const lines = [`  ${'operation'.padEnd(34)} ${'native'.padEnd(26)} simulated`];
  const last = Math.min(operation + operationsBehind, Math.max(native.length, ours.length));
  for (let index = Math.max(0, operation - operationsBefore); index < last; index++) {
    const what = index < trace.operationCount ? formatOperation(trace, index) : 'end';
    const [expected = '(ended)', actual = '(ended)'] = [native[index], ours[index]];
    const mark = expected === actual ? ' ' : '>';
    lines.push(`${mark} ${`${index}  ${what}`.padEnd(34)} ${expected.padEnd(26)} ${actual}`.trimEnd());
  }
  return lines;
}

interface Chunk {
  /** From the first chunk of the heap it is in. */
  offset: number;
  /** Number of that heap, from the newest back. */
  heap: number;
  size: bigint;
  flags: string;
}

/** Walks chunk headers until one leads nowhere. */
function walk(bytes: Uint8Array, first: number, heap: number): Chunk[] {
  const chunks: Chunk[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = first; at + 16 <= bytes.length; ) {
    const raw = view.getBigUint64(at + 8, true);
    const size = raw & ~7n;
    const flags = `${raw & 4n ? 'A' : ''}${raw & 2n ? 'M' : ''}${raw & 1n ? 'P' : ''}` || '-';
    chunks.push({ offset: at - first, heap, size, flags });
    if (size < 16n || size > BigInt(bytes.length - at)) break;
    at += Number(size);
  }
  return chunks;
}

function firstOffset(heap: Heap, isFirst: boolean): number {
  const { heapInfoBytes, state } = heap.profile;
  return isFirst ? 16 * Math.ceil((heapInfoBytes + state.sizeBytes) / 16) : heapInfoBytes;
}

function nativeChunks(image: NativeImage, heap: Heap): Chunk[] {
  const name = heap.threaded ? 'thread-heap' : 'main-heap';
  const sections = image.sections.filter((section) => section.name === name);
  return sections.flatMap(({ bytes }, index) =>
    walk(bytes, heap.threaded ? firstOffset(heap, index === sections.length - 1) : 0, index),
  );
}

function oursChunks(heap: Heap): Chunk[] {
  const { b, w, space, arena, topAt } = heap;
  if (!heap.threaded) return walk(b.subarray(space.breakStart, space.breakEnd), 0, 0);
  const chunks: Chunk[] = [];
  const top = w[(arena + topAt) >>> 2];
  let start = top - (top % slotBytes);
  for (let index = 0; start !== 0 && index < 64; index++) {
    const isFirst = start === arena - (arena % slotBytes);
    const bytes = b.subarray(start, start + heap.word(start + 16));
    chunks.push(...walk(bytes, firstOffset(heap, isFirst), index));
    start = isFirst ? 0 : w[(start + 8) >>> 2];
  }
  return chunks;
}

/** Offset that a placement names, the native one first. */
function nearestOffset(...placements: string[]): number {
  for (const placement of placements) {
    const found = /^(?:m:|h\d+:)?(-?\d+)$/.exec(placement);
    if (found) return Number(found[1]);
  }
  return Number.POSITIVE_INFINITY;
}

function drawChunks(chunks: readonly Chunk[], near: number): string[] {
  const found = chunks.findIndex(({ offset, size }) => near < offset + Number(size));
  const middle = found < 0 ? chunks.length - 1 : found;
  const from = Math.max(0, middle - chunksAround);
  const shown = chunks.slice(from, middle + chunksAround + 1);
  const lines = shown.map(
    ({ offset, heap, size, flags }) =>
      `  ${heap > 0 ? `h-${heap} ` : ''}${String(offset).padStart(10)}  size 0x${size.toString(16).padEnd(10)} ${flags}`,
  );
  const behind = chunks.length - from - shown.length;
  return [
    ...(from > 0 ? [`  (${from} chunks before)`] : []),
    ...lines,
    ...(behind > 0 ? [`  (${behind} chunks behind)`] : []),
    ...(chunks.length === 0 ? ['  (empty)'] : []),
  ];
}
