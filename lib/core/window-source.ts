/** The window of an allocator that lays out several heaps, as a type. */
import type { PageGuard, PageGuardRequest } from './page-guard.ts';

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
  /**
   * Gives the contents of pages back: they read as zero from now on, committed again or not.
   * @param offset a multiple of the page size
   * @param bytes a multiple of the page size, > 0
   */
  discard(offset: number, bytes: number): void;
  /** Gives everything back; the buffer becomes empty (a plain ArrayBuffer is just dropped). Idempotent. */
  release(): void;
}
