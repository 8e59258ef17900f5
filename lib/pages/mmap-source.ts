/**
 * Pages from an arena window, grown with mprotect as glibc grows its thread arenas: memory comes from the system
 * when it is first touched, and goes back with madvise when the arena shrinks.
 */
import type { PageGuard, PageGuardRequest, PageSource } from '../core/index.ts';
import { requirePages } from './ranges.ts';
import { ArenaWindow, type CallCounts } from './window.ts';
import { commitTarget, type WindowSizes, type WindowSourceOptions, windowSizes } from './window-sizes.ts';

class MmapSource implements PageSource {
  readonly kind = 'mmap';
  readonly baseAddress: bigint;
  readonly pageSizeBytes: number;
  readonly limitBytes: number;
  readonly systemCalls: CallCounts = {};
  readonly #sizes: WindowSizes;
  readonly #window: ArenaWindow;
  #committedBytes = 0;

  constructor(sizes: WindowSizes, name: string) {
    this.#sizes = sizes;
    this.limitBytes = sizes.limitBytes;
    this.pageSizeBytes = sizes.pageSizeBytes;
    this.#window = new ArenaWindow({ reservedBytes: sizes.limitBytes, name, calls: this.systemCalls });
    this.baseAddress = this.#window.baseAddress;
  }

  get committedBytes(): number {
    return this.#committedBytes;
  }

  get buffer(): ArrayBuffer {
    return this.#window.buffer;
  }

  grow(bytes: number): boolean {
    requirePages('bytes', bytes, this.pageSizeBytes);
    const needed = this.#committedBytes + bytes;
    if (!this.#window.isReserved || needed > this.limitBytes) return false;
    const { accessibleBytes } = this.#window;
    if (needed > accessibleBytes) {
      const target = commitTarget(this.#sizes, needed, accessibleBytes);
      const agreed = this.#window.makeAccessible(target);
      if (!agreed && (target === needed || !this.#window.makeAccessible(needed))) return false;
    }
    this.#committedBytes = needed;
    return true;
  }

  shrink(bytes: number): boolean {
    requirePages('bytes', bytes, this.pageSizeBytes, this.#committedBytes);
    this.#window.discard(this.#committedBytes - bytes, bytes, 'MADV_DONTNEED');
    this.#committedBytes -= bytes;
    return true;
  }

  guard(request: PageGuardRequest): PageGuard {
    requirePages('bytes', request.bytes, this.pageSizeBytes, this.#committedBytes - request.offset);
    return this.#window.guard(request);
  }

  release(): void {
    this.#window.release();
    this.#committedBytes = 0;
  }
}

/**
 * Reserves a window and makes it a page source.
 * @param options limit in bytes; step and name if the defaults do not fit
 * @returns a source with nothing committed yet
 * @throws ArgumentError
 * @throws PosixError when there is no room for the reservation
 */
export function mmapSource(options: WindowSourceOptions): PageSource {
  return new MmapSource(windowSizes(options), options.name ?? 'chunkyard arena');
}
