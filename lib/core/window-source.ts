/** The window of an allocator that lays out several heaps, as a type. */
import type { PageGuard, PageGuardRequest } from './page-guard.ts';

/** A window as other threads find it: plain data that `postMessage` takes. */
export interface SharedWindow {
  readonly kind: 'mmap';
  /** The process's number of the range; a copy of this object keeps nothing alive. */
  readonly number: bigint;
  readonly sizeBytes: number;
  readonly commitStepBytes: number;
  /** Where huge pages were asked for, as [start, end); empty where nowhere. */
  readonly hugePages: readonly [start: number, end: number];
  /** One bit for each step: writable. */
  readonly writable: SharedArrayBuffer;
}

/**
 * Pages anywhere inside one window of address space: what an allocator needs that lays out several heaps and
 * own mappings side by side. `PageSource` is the linear special case.
 *
 *   baseAddress (a multiple of 4 GiB)
 *   |--- hole ---|== committed ==|--- hole ---|== committed ==|------|== committed ==|
 *   offset 0                                                                    sizeBytes
 *
 * Because the base is 4 GiB aligned, the low 32 bits of an address inside are its offset, and its high 32 bits
 * are one constant.
 */
export interface WindowSource {
  readonly kind: 'mmap' | 'file' | 'buffer';
  /** Real address of offset 0, a multiple of 4 GiB; for a plain ArrayBuffer only pretended. */
  readonly baseAddress: bigint;
  /** Bytes of one page. */
  readonly pageSizeBytes: number;
  /** Bytes of the window, at most 4 GiB. */
  readonly sizeBytes: number;
  /**
   * The whole window, from offset 0 to `sizeBytes`; never replaced before `release`. Reading a hole gives zero
   * and never a real fault: the allocator itself knows what is committed.
   */
  readonly buffer: ArrayBuffer;
  /**
   * Bytes on an ArrayBuffer that is not much larger than they are, where the source can make one: cloning a view
   * copies all of its ArrayBuffer, which must not be gigabytes because a block is looked at.
   * @param offset first byte
   * @param bytes length, both inside the window
   */
  view?(offset: number, bytes: number): Uint8Array;
  /**
   * Makes whole pages guards for a while, contents kept; absent where there are no pages of the system. All pages of
   * the request are committed, or none is.
   */
  guard?(request: PageGuardRequest): PageGuard;
  /** System calls made so far, by name; refused ones count too. */
  readonly systemCalls: Readonly<Record<string, number>>;
  /**
   * Makes pages usable; they read as zero.
   * @param offset a multiple of the page size
   * @param bytes a multiple of the page size, > 0
   * @returns false, and nothing changed, when the system refuses
   */
  commit(offset: number, bytes: number): boolean;
  /** As `commit`, but the pages hold what they held in an earlier process; absent where a window begins empty. */
  restore?(offset: number, bytes: number): boolean;
  /**
   * Gives the contents of pages back: they read as zero from now on, committed again or not.
   * @param offset a multiple of the page size
   * @param bytes a multiple of the page size, > 0
   * @param splitsHugePages give parts of huge pages back too, although that takes them apart; else they are cleared
   */
  discard(offset: number, bytes: number, splitsHugePages?: boolean): void;
  /**
   * Says that memory from here on will be used densely and to the end: where huge pages fit, they come at the first
   * store. Absent where there are no pages of the system; without effect where it has no huge ones.
   * @param offset a multiple of the page size
   * @param bytes a multiple of the page size, > 0
   */
  preferHugePages?(offset: number, bytes: number): void;
  /**
   * Lets other threads come to this window; absent where they cannot. From now on `release` ends the window for this
   * thread, and the last one to do so gives it back.
   */
  share?(): SharedWindow;
  /**
   * On a shared window: when this thread ends without `release`, its 32-bit word at `stateOffset` turns from `alive`
   * to -1, and the one at `countOffset` goes up by one.
   */
  noteEnd?(stateOffset: number, alive: number, countOffset: number): void;
  /**
   * Takes pages back that the allocator will commit again before it uses them; absent where `discard` does it all.
   * @param offset a multiple of the page size
   * @param bytes a multiple of the page size, > 0
   */
  withdraw?(offset: number, bytes: number): void;
  /** Gives everything back; the buffer becomes empty (a plain ArrayBuffer is just dropped). Idempotent. */
  release(): void;
}
