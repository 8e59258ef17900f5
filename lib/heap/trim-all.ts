/** malloc_trim: every arena gives back the whole pages inside its free chunks. */
import { alignUp } from '../core/index.ts';
import { Calls } from './calls.ts';
import { largeBinIndex } from './large-bin.ts';
import { MAIN_ARENA } from './layout.ts';
import { loopLimit } from './state.ts';

/** Trimming on request. @internal */
export abstract class TrimCall extends Calls {
  /**
   * Gives unused memory back, as malloc_trim.
   * @param padBytes bytes to keep free on top of the main arena
   * @returns true when memory was given back
   */
  trim(padBytes = 0): boolean {
    this.requireOpen();
    let result = false;
    let av = this.mainArena();
    do {
      if (this.trimArena(av, padBytes)) result = true;
      av = this.w[(av + this.profile.state.next) >>> 2];
    } while (av !== MAIN_ARENA);
    return result;
  }

  /** Trims one arena: free chunks first, then (main arena) the top. */
  trimArena(av: number, padBytes: number): boolean {
    this.consolidate(av);
    let result = false;
    const page = this.space.pageBytes;
    const pageIndex = page < 1024 ? page >>> 4 : largeBinIndex(page);
    for (let index = 1; index < 128; index++) {
      if (index !== 1 && index < pageIndex) continue;
      const head = av + this.headsAt + 16 * index;
      let chunk = this.peek(this.real(head) + 24n);
      for (let steps = 0; chunk !== this.real(head); steps++) {
        if (steps > loopLimit) this.hang(head);
        const size = this.peek(chunk + 8n) & ~7n;
        // Discarding beyond the window would take the C library's own data away.
        if (size > 0xffff_ffffn) this.fault(chunk + size);
        if (size >= BigInt(page + 48) && this.discardPages(this.offsetOf(chunk), Number(size), page))
          result = true;
        chunk = this.peek(chunk + 24n);
      }
    }
    return (av === MAIN_ARENA && this.systrim(av, padBytes)) || result;
  }

  /** Discards the whole pages behind the first 48 bytes of a free chunk. */
  discardPages(chunk: number, sizeBytes: number, page: number): boolean {
    const start = alignUp(chunk + 48, page);
    const bytes = sizeBytes - (start - chunk);
    if (bytes < page) return false;
    this.space.advise(start, bytes - (bytes % page));
    return true;
  }
}
