/**
 * The lower part of a guarded window as a source for the plain heap of a sampled one. It is open from the start,
 * once for all: memory comes when a page is touched, and a heap that reads astray in its own part reads zeros.
 */
import type { WindowSource } from '../core/index.ts';
import {
  discardRange,
  type GuardedPages,
  hasHugePages,
  noHugePages,
  wholeHugePages,
} from '../pages/index.ts';

/**
 * @param pages the window; owned by the guarded heap, never released here
 * @param sizeBytes whole pages, from offset 0 on
 * @throws PosixError when the system refuses
 */
export function innerWindow(pages: GuardedPages, sizeBytes: number): WindowSource {
  pages.open(0, sizeBytes);
  const systemCalls: Record<string, number> = {};
  let hugePages = noHugePages;
  const countAdvice = (): void => {
    systemCalls.madvise = (systemCalls.madvise ?? 0) + 1;
  };
  const discard = (offset: number, bytes: number, splitsHugePages = false): void => {
    discardRange(splitsHugePages ? noHugePages : hugePages, offset, bytes, {
      giveBack: (start, end) => {
        countAdvice();
        pages.discard(start, end - start);
        return true;
      },
      clear: (start, end) => void pages.view(start, end - start).fill(0),
    });
  };
  return {
    kind: 'mmap',
    baseAddress: pages.address,
    pageSizeBytes: pages.pageSizeBytes,
    sizeBytes,
    get buffer(): ArrayBuffer {
      return pages.bytes.buffer as ArrayBuffer;
    },
    view: (offset, bytes) => pages.view(offset, bytes),
    systemCalls,
    commit: () => true,
    discard,
    preferHugePages: (offset, bytes) => {
      const [start, end] = wholeHugePages(offset, bytes);
      if (start === end || !hasHugePages()) return;
      countAdvice();
      if (pages.preferHugePages(start, end - start)) hugePages = [start, end];
    },
    release: () => {},
  };
}
