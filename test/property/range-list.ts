/** The model an allocator is compared with: a plain list of live ranges and what was written into each. */
import { expect } from 'vitest';
import type { Allocator } from '../../lib/core/index.ts';

/** One live block. */
export interface ModelBlock {
  pointer: number;
  sizeBytes: number;
  /** Byte i holds (i * 7 + seed) mod 256. */
  seed: number;
}

/** All live blocks, in no order. */
export interface Model {
  blocks: ModelBlock[];
  nextSeed: number;
}

/** Checks a block just made against all others and fills it. */
export function addBlock(
  model: Model,
  heap: Allocator,
  pointer: number,
  sizeBytes: number,
  alignment = 16,
): void {
  expect(heap.address(pointer) % BigInt(alignment)).toBe(0n);
  expect(heap.usableSize(pointer)).toBeGreaterThanOrEqual(sizeBytes);
  const end = pointer + heap.usableSize(pointer);
  expect(end).toBeLessThanOrEqual(heap.bytes.length);
  for (const other of model.blocks) {
    const apart = end <= other.pointer || other.pointer + other.sizeBytes <= pointer;
    expect(apart, `block ${pointer}+${sizeBytes} on top of ${other.pointer}+${other.sizeBytes}`).toBe(true);
  }
  const block = { pointer, sizeBytes, seed: model.nextSeed++ };
  heap.view(pointer).set(pattern(block));
  model.blocks.push(block);
}

/** The bytes a block must hold. */
export function pattern({ sizeBytes, seed }: ModelBlock): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = i * 7 + seed;
  return bytes;
}

/** A block holds what was written, up to `sizeBytes`. */
export function expectContents(
  heap: Allocator,
  block: ModelBlock,
  sizeBytes: number = block.sizeBytes,
): void {
  const actual = heap.bytes.subarray(block.pointer, block.pointer + sizeBytes);
  expect(Buffer.compare(actual, pattern(block).subarray(0, sizeBytes)), `contents of ${block.pointer}`).toBe(
    0,
  );
}

/** What must hold after every step: no rule broken, totals right, every block whole. */
export function expectWhole(model: Model, heap: Allocator): void {
  expect(heap.check()).toEqual([]);
  const { inUseChunks, inUseBytes } = heap.stats();
  expect(inUseChunks).toBeGreaterThanOrEqual(model.blocks.length);
  expect(inUseBytes).toBeGreaterThanOrEqual(model.blocks.reduce((sum, block) => sum + block.sizeBytes, 0));
  for (const block of model.blocks) expectContents(heap, block);
}
