/** The heap over time as CSV: a head, then a line for every look. */
import { fragmentation, type TimelineSample } from '../compare/index.ts';

const columns = [
  'operations',
  'live_bytes',
  'live_blocks',
  'usable_bytes',
  'heap_bytes',
  'peak_heap_bytes',
  'free_bytes',
  'top_bytes',
  'resident_bytes',
  'internal_fragmentation',
  'external_fragmentation',
] as const;

/** Bytes of a chunk header: what a block of glibc takes beyond what it can hold. */
const headerBytes = 8;

/**
 * Writes samples down. What is not known stays empty. `free_bytes` is what is in no block and not in top; on glibc
 * headers are not in it either.
 * @param timeline samples in order
 * @param isGlibc true for heap and native
 * @returns text, a newline at its end
 */
export function timelineCsv(timeline: readonly TimelineSample[], isGlibc: boolean): string {
  let peak = 0;
  const lines = timeline.map((sample) => {
    const { operations, liveBytes, liveBlocks, usableBytes, heapBytes, topBytes, residentBytes } = sample;
    peak = Math.max(peak, heapBytes ?? 0);
    const headers = isGlibc ? headerBytes * liveBlocks : 0;
    const free = heapBytes === null ? null : Math.max(0, heapBytes - (topBytes ?? 0) - usableBytes - headers);
    const { internalFragmentation, externalFragmentation } = fragmentation(sample);
    const cells = [
      ...[operations, liveBytes, liveBlocks, usableBytes, heapBytes, heapBytes === null ? null : peak],
      ...[free, topBytes, residentBytes],
      ...[share(internalFragmentation), share(externalFragmentation)],
    ];
    return cells.map((cell) => cell ?? '').join(',');
  });
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

function share(value: number | null): string {
  return value === null ? '' : value.toFixed(4);
}
