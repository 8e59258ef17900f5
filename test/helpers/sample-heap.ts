/**
 * Heap snapshots made by hand, with fixed addresses: for tests of drawings. The bytes hold what the fields say:
 * size and use bit, fwd, bck, then the letters of the chunk's number.
 */
import type { ChunkSnapshot, ChunkState, HeapSnapshot } from '../../lib/core/index.ts';

/** What a sample chunk shall be. */
export interface SampleChunk {
  sizeBytes: number;
  state: ChunkState;
  requestBytes?: number;
  label?: string;
}

/** Base address of every sample: golden files do not depend on address randomisation. */
export const sampleBase = 0x7f12_0000_0000n;

/**
 * Builds a snapshot.
 * @param chunks in address order; sizes are multiples of 16, at least 32
 * @param startOffset where the first one lies
 */
export function sampleHeap(chunks: readonly SampleChunk[], startOffset = 0x30): HeapSnapshot {
  const total = chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const result: ChunkSnapshot[] = [];
  let offset = startOffset;
  chunks.forEach((chunk, index) => {
    const at = offset - startOffset;
    bytes.fill(0x41 + (index % 26), at + 24, at + chunk.sizeBytes);
    const next = index + 1 < chunks.length ? offset + chunk.sizeBytes : null;
    const previous = index > 0 ? result[index - 1].offset : null;
    const address = (target: number | null): bigint => (target === null ? 0n : sampleBase + BigInt(target));
    const size = BigInt(chunk.sizeBytes) | (chunk.state === 'in-use' ? 1n : 0n);
    view.setBigUint64(at, size, true);
    view.setBigUint64(at + 8, address(next), true);
    view.setBigUint64(at + 16, address(previous), true);
    result.push({
      offset,
      pointer: offset + 24,
      sizeBytes: chunk.sizeBytes,
      state: chunk.state,
      ...(chunk.requestBytes === undefined ? {} : { requestBytes: chunk.requestBytes }),
      ...(chunk.label === undefined ? {} : { label: chunk.label }),
      fields: [
        { name: 'size', offset, value: size },
        { name: 'fwd', offset: offset + 8, value: address(next), target: next },
        { name: 'bck', offset: offset + 16, value: address(previous), target: previous },
      ],
    });
    offset += chunk.sizeBytes;
  });
  return {
    format: 'chunkyard-snapshot 1',
    allocator: 'sample',
    baseAddress: sampleBase,
    startOffset,
    endOffset: offset,
    chunks: result,
    bytes,
  };
}

/** Three blocks, a hole between them, a list label and a long top. */
export const sampleBefore: HeapSnapshot = sampleHeap([
  { sizeBytes: 64, state: 'in-use', requestBytes: 40 },
  { sizeBytes: 96, state: 'free', label: 'free[0]' },
  { sizeBytes: 48, state: 'in-use', requestBytes: 10 },
  { sizeBytes: 32, state: 'cached', label: 'tcache[0x20] 1/7' },
  { sizeBytes: 160, state: 'in-use', requestBytes: 100 },
  { sizeBytes: 3648, state: 'top' },
  { sizeBytes: 32, state: 'fence' },
]);

/** The same arena after the third block was freed and merged into the hole before it. */
export const sampleAfter: HeapSnapshot = sampleHeap([
  { sizeBytes: 64, state: 'in-use', requestBytes: 40 },
  { sizeBytes: 144, state: 'free', label: 'free[0]' },
  { sizeBytes: 32, state: 'cached', label: 'tcache[0x20] 1/7' },
  { sizeBytes: 160, state: 'in-use', requestBytes: 100 },
  { sizeBytes: 3648, state: 'top' },
  { sizeBytes: 32, state: 'fence' },
]);

/** Thousands of chunks, every third one free: too many for one cell each. */
export function crowdedHeap(count: number): HeapSnapshot {
  return sampleHeap(
    Array.from({ length: count }, (_, index) => ({
      sizeBytes: 32 + (index % 5) * 16,
      state: index % 3 === 0 ? ('free' as const) : ('in-use' as const),
    })),
  );
}
