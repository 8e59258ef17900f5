/** Questions tests ask the real process map. */
import { type MemoryRange, memoryMap } from '../../lib/index.ts';

/**
 * @param address any byte
 * @returns the range of this process that holds it
 */
export function mapEntryAt(address: bigint): MemoryRange | undefined {
  return memoryMap().find((range) => range.start <= address && address < range.end);
}

/**
 * @param start first byte
 * @param length bytes
 * @returns bytes of [start, start + length) that are mapped at all
 */
export function mappedBytesWithin(start: bigint, length: number): number {
  const end = start + BigInt(length);
  return memoryMap().reduce((sum, range) => {
    const from = range.start > start ? range.start : start;
    const to = range.end < end ? range.end : end;
    return to > from ? sum + Number(to - from) : sum;
  }, 0);
}
