/**
 * Pages at the real program break, where glibc's main arena gets its own. Every growth is checked: the break must
 * still be where the last one left it, because the process's malloc moves it as well.
 *
 *   malloc's heap | unused | committedBytes | slack |   <- the break
 *                          ^ baseAddress, a page multiple wherever the system put it
 *
 * Once malloc has moved the break on, this arena can neither grow nor shrink any more: both return false. What
 * cannot be given back at `release()` stays with the process, readable, until it ends. For demonstration, on the
 * main thread of a glibc process; real work belongs on `mmapSource`.
 */
import { alignUp, GiB, KiB, type PageSource, requireInteger } from '../core/index.ts';
import {
  check,
  isSupported,
  type NativeMapping,
  native,
  pageSize,
  refusal,
  registerRange,
  unregisterRange,
} from '../posix/index.ts';
import { OwnedRange } from './owned-range.ts';
import { requirePages } from './ranges.ts';
import { type CallCounts, countCall } from './window.ts';

/** How an arena at the break is made. */
export interface BreakSourceOptions {
  /** Most bytes that can be committed; rounded up to pages. @defaultValue 1 GiB */
  limitBytes?: number;
  /**
   * The break moves in steps of at least this many bytes, rounded up to pages. The whole limit takes everything at
   * once, before malloc can come between. @defaultValue 128 KiB, as glibc itself
   */
  commitStepBytes?: number;
}

class BreakSource implements PageSource {
  readonly kind = 'brk';
  readonly baseAddress: bigint;
  readonly pageSizeBytes: number;
  readonly limitBytes: number;
  readonly systemCalls: CallCounts = {};
  readonly #stepBytes: number;
  readonly #handle: NativeMapping;
  readonly #range: OwnedRange;
  /** Bytes between the break found and baseAddress, to the next page. */
  readonly #skippedBytes: number;
  /** Key of the table of names: not this object, which the table would keep alive. */
  readonly #nameKey: object = {};
  #accessibleBytes: number;
  #committedBytes = 0;
  #isReleased = false;

  constructor(limitBytes: number, stepBytes: number) {
    this.pageSizeBytes = pageSize();
    this.limitBytes = limitBytes;
    this.#stepBytes = stepBytes;
    const first = check('sbrk', native().programBreak());
    this.#skippedBytes = Number(-first & BigInt(this.pageSizeBytes - 1));
    this.#accessibleBytes = Math.min(stepBytes, limitBytes);
    const lengthBytes = this.#skippedBytes + this.#accessibleBytes;
    countCall(this.systemCalls, 'sbrk');
    this.#handle = check('sbrk', native().growBreak(lengthBytes), { address: first, lengthBytes });
    this.#range = new OwnedRange(native(), this.#handle);
    this.baseAddress = this.#range.address + BigInt(this.#skippedBytes);
    this.#showName();
  }

  get committedBytes(): number {
    return this.#committedBytes;
  }

  get buffer(): ArrayBuffer {
    if (this.#accessibleBytes === 0) return new ArrayBuffer(0);
    return this.#range.buffer(this.#skippedBytes, this.#accessibleBytes);
  }

  grow(bytes: number): boolean {
    requirePages('bytes', bytes, this.pageSizeBytes);
    const needed = this.#committedBytes + bytes;
    if (this.#isReleased || needed > this.limitBytes) return false;
    if (needed > this.#accessibleBytes) {
      const target = Math.min(this.limitBytes, alignUp(needed, this.#stepBytes));
      if (!this.#extend(target) && (target === needed || !this.#extend(needed))) return false;
    }
    this.#committedBytes = needed;
    return true;
  }

  shrink(bytes: number): boolean {
    requirePages('bytes', bytes, this.pageSizeBytes, this.#committedBytes);
    const left = this.#committedBytes - bytes;
    // The first page is kept: it says where the arena is.
    const kept = Math.max(left, this.pageSizeBytes);
    if (kept < this.#accessibleBytes && !this.#giveBack(this.#accessibleBytes - kept)) return false;
    new Uint8Array(this.buffer, left).fill(0);
    this.#committedBytes = left;
    return true;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#committedBytes = 0;
    this.#giveBack(this.#skippedBytes + this.#accessibleBytes);
    this.#range.abandon();
    this.#accessibleBytes = 0;
    unregisterRange(this.#nameKey);
  }

  #extend(target: number): boolean {
    countCall(this.systemCalls, 'sbrk');
    if (native().extendBreak(this.#handle, target - this.#accessibleBytes) !== 0) return false;
    this.#accessibleBytes = target;
    this.#showName();
    return true;
  }

  /** False, and nothing changed, when the break moved on or a buffer was transferred away. */
  #giveBack(bytes: number): boolean {
    countCall(this.systemCalls, 'sbrk');
    if (native().shrinkBreak(this.#handle, bytes) !== 0) return false;
    this.#accessibleBytes -= bytes;
    this.#range.forgetBuffers();
    this.#showName();
    return true;
  }

  /** In our own table only: a kernel name would split malloc's heap in two. */
  #showName(): void {
    registerRange(this.#nameKey, this.baseAddress, this.#accessibleBytes, 'chunkyard program break');
  }
}

/**
 * Starts an arena at the program break.
 * @param options limit and step in bytes, if the defaults do not fit
 * @returns a source with nothing committed yet
 * @throws ArgumentError
 * @throws PosixError ENOTSUP (worker thread, or libc does not share its break), ENOMEM, EBUSY (another thread moved
 *   the break meanwhile)
 */
export function breakSource(options: BreakSourceOptions = {}): PageSource {
  const { limitBytes = GiB, commitStepBytes = 128 * KiB } = options;
  const bounds = { minimum: 1, maximum: 4 * GiB };
  const limit = alignUp(requireInteger('limitBytes', limitBytes, bounds), pageSize());
  const step = alignUp(requireInteger('commitStepBytes', commitStepBytes, bounds), pageSize());
  if (isSupported('programBreak')) return new BreakSource(limit, step);
  throw refusal('ENOTSUP', 'sbrk', {
    hint: 'needs the main thread of a process whose libc shares its break',
  });
}
