/**
 * Raw looks at a chunk list's bytes, for tests that compare them with the picture in lib/chunklist/layout.ts.
 * On purpose it uses none of that file's constants: offsets are typed from the drawing.
 */
import { expect } from 'vitest';
import { ChunkList, type ChunkListOptions } from '../../../lib/chunklist/index.ts';
import { KiB, type PageSource } from '../../../lib/core/index.ts';
import { bufferSource } from '../../../lib/pages/index.ts';

/** Pretended address of offset 0: round, so that the offset can be read off an address. */
export const base = 0x7f00_0000_0000n;

/** An empty list on a plain ArrayBuffer at `base`. */
export function openList(options: Partial<ChunkListOptions> & { limitBytes?: number } = {}): ChunkList {
  const { limitBytes = 1024 * KiB, ...rest } = options;
  return ChunkList.create({ source: bufferSource({ limitBytes, baseAddress: base }), ...rest });
}

/** A real source with some of its answers replaced. */
export function changedSource(real: PageSource, changes: Partial<PageSource>): PageSource {
  const copy: PageSource = {
    kind: real.kind,
    baseAddress: real.baseAddress,
    pageSizeBytes: real.pageSizeBytes,
    limitBytes: real.limitBytes,
    systemCalls: real.systemCalls,
    get committedBytes() {
      return real.committedBytes;
    },
    get buffer() {
      return real.buffer;
    },
    grow: (bytes) => real.grow(bytes),
    shrink: (bytes) => real.shrink(bytes),
    release: () => real.release(),
  };
  return Object.assign(copy, changes);
}

/** A block that must be there. */
export function malloc(heap: ChunkList, sizeBytes: number): number {
  const pointer = heap.malloc(sizeBytes);
  expect(pointer).not.toBeNull();
  return pointer as number;
}

/** Reads a 64-bit word of the arena. */
export function word(heap: ChunkList, offset: number): bigint {
  const { buffer, byteOffset } = heap.bytes;
  return new DataView(buffer, byteOffset).getBigUint64(offset, true);
}

/** Overwrites a 64-bit word of the arena, as an overflow would. */
export function setWord(heap: ChunkList, offset: number, value: bigint | number): void {
  const { buffer, byteOffset } = heap.bytes;
  new DataView(buffer, byteOffset).setBigUint64(offset, BigInt(value), true);
}

/** The real address of an offset. */
export function at(offset: number): bigint {
  return base + BigInt(offset);
}

/** Header words of the chunks at these offsets, one line each: size word, fwd, bck, request. */
export function dumpHeaders(heap: ChunkList, chunks: number[]): string[] {
  const hex = (value: bigint): string => value.toString(16).padStart(16, '0');
  return chunks.map((chunk) => {
    const words = [0x00, 0x08, 0x10, 0x18].map((field) => hex(word(heap, chunk + field)));
    return `0x${chunk.toString(16).padStart(3, '0')}  ${words.join(' ')}`;
  });
}

/** Offsets, sizes and states of all chunks, as text: `0x30 48 in-use`. */
export function layout(heap: ChunkList): string[] {
  return heap
    .chunks()
    .map(({ offset, sizeBytes, state }) => `0x${offset.toString(16)} ${sizeBytes} ${state}`);
}
