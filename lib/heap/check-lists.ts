/** The invariants of the free lists, one function for each kind of list. */
import type { Arenas } from './arenas.ts';
import type { Report } from './check.ts';
import { largeBinIndex } from './large-bin.ts';
import type { FreeList } from './lists.ts';

/** Unsorted, small and large bins. */
export function checkBins(heap: Arenas, list: FreeList, report: Report): void {
  checkBackLinks(heap, list, report);
  if (list.kind === 'unsorted') return;
  const { w } = heap;
  const bit = w[(heap.arena + heap.binmapAt + ((list.index >>> 5) << 2)) >>> 2] & (1 << (list.index & 31));
  if (bit === 0) report('binmap', list.head, `bin ${list.index} is not empty, its bit is 0`);
  let before = Number.POSITIVE_INFINITY;
  for (const chunk of list.chunks) {
    const size = sizeOf(heap, chunk);
    const belongs = size < 1024 ? size >>> 4 : largeBinIndex(size);
    if (belongs !== list.index) {
      report('bin-sizes', chunk, `${size} bytes belong to bin ${belongs}, not ${list.index}`);
    }
    if (list.kind === 'large' && size > before) {
      report('bin-sizes', chunk, `${size} bytes behind ${before}: not sorted`);
    }
    before = size;
  }
  if (list.kind === 'large' && list.problem === undefined) checkRing(heap, list, report);
}

function checkBackLinks(heap: Arenas, list: FreeList, report: Report): void {
  let before = list.head;
  for (const chunk of [...list.chunks, list.head]) {
    if (chunk === list.head && list.problem !== undefined) return;
    const i = (chunk >>> 2) + 6;
    if (heap.w[i] !== before || heap.w[i + 1] !== heap.hi) {
      report(
        'list-links',
        chunk,
        `bk is 0x${heap.w[i].toString(16)}, the chunk before is 0x${before.toString(16)}`,
      );
    }
    before = chunk;
  }
}

function checkRing(heap: Arenas, list: FreeList, report: Report): void {
  const firsts = list.chunks.filter(
    (chunk, k) => k === 0 || sizeOf(heap, list.chunks[k - 1]) !== sizeOf(heap, chunk),
  );
  const isFirst = new Set(firsts);
  firsts.forEach((chunk, k) => {
    const next = firsts[(k + 1) % firsts.length];
    const back = firsts[(k + firsts.length - 1) % firsts.length];
    const i = chunk >>> 2;
    if (heap.w[i + 8] !== next || heap.w[i + 9] !== heap.hi) {
      report(
        'size-ring',
        chunk,
        `fd_nextsize is 0x${heap.w[i + 8].toString(16)}, should be 0x${next.toString(16)}`,
      );
    }
    if (heap.w[i + 10] !== back || heap.w[i + 11] !== heap.hi) {
      report(
        'size-ring',
        chunk,
        `bk_nextsize is 0x${heap.w[i + 10].toString(16)}, should be 0x${back.toString(16)}`,
      );
    }
  });
  for (const chunk of list.chunks) {
    if (!isFirst.has(chunk) && (heap.w[(chunk >>> 2) + 8] | heap.w[(chunk >>> 2) + 9]) !== 0) {
      report('size-ring', chunk, 'not the first of its size, yet in the ring');
    }
  }
}

/** Lists of the per-thread cache. */
export function checkCache(heap: Arenas, list: FreeList, report: Report): void {
  const length = list.chunks.length;
  if (list.count !== length) report('cache-entries', list.head, `counts ${list.count}, holds ${length}`);
  for (const chunk of list.chunks) {
    const size = sizeOf(heap, chunk);
    if (size !== list.sizeBytes) {
      report('cache-entries', chunk, `${size} bytes in the list of ${list.sizeBytes}`);
    }
    const k = (chunk >>> 2) + 6;
    if (heap.profile.cacheKey !== 'none' && ((heap.w[k] ^ heap.keyLo) | (heap.w[k + 1] ^ heap.keyHi)) !== 0) {
      report('cache-entries', chunk, 'the key is gone: something wrote into the freed block');
    }
  }
}

/** Fastbins. */
export function checkFast(heap: Arenas, list: FreeList, report: Report): void {
  if ((heap.w[(heap.arena + heap.haveFastAt) >>> 2] & heap.fastMask) === heap.noFast) {
    report('fast-entries', list.head, 'a fastbin is not empty and have_fast is 0');
  }
  for (const chunk of list.chunks) {
    const size = sizeOf(heap, chunk);
    if (size !== list.sizeBytes)
      report('fast-entries', chunk, `${size} bytes in the slot of ${list.sizeBytes}`);
  }
}

function sizeOf(heap: Arenas, chunk: number): number {
  return (heap.w[(chunk >>> 2) + 2] & ~7) >>> 0;
}
