/** The pages of an allocator with one arena, as a type. */
import type { PageGuard, PageGuardRequest } from './page-guard.ts';

/**
 * Where an allocator gets its pages. The allocator never sees the operating system: a mapping, the program
 * break, a file and a plain ArrayBuffer all look like this.
 *
 *   baseAddress                        growth ->
 *   |------------- committedBytes -------------|-- slack --|---- reserved, not accessible ----|
 *   |----------------------- buffer -----------------------|                                  |
 *   offset 0                                                                            limitBytes
 *
 * An offset is an index into `buffer`; `baseAddress + offset` is the real address. Sources with an aligned
 * window (mmap, file, buffer) keep baseAddress a multiple of 4 GiB, so that the low 32 bits of an address are
 * its offset; the program break is where the system put it.
 *
 * One rule for all: `buffer` covers at least the committed bytes. What it holds beyond them (slack committed
 * ahead for speed, the whole of a plain ArrayBuffer) is not the arena's: an allocator bounds its views by
 * `committedBytes`, and a write into the slack breaks the promise that grown bytes read as zero.
 */
export interface PageSource {
  readonly kind: 'mmap' | 'brk' | 'file' | 'buffer';
  /** Real address of offset 0; for a plain ArrayBuffer an address that is only pretended. */
  readonly baseAddress: bigint;
  /** Bytes of one page. */
  readonly pageSizeBytes: number;
  /** Most bytes that `grow` can ever commit. */
  readonly limitBytes: number;
  /** Bytes that are the arena's, from offset 0 on; a multiple of the page size. */
  readonly committedBytes: number;
  /**
   * Covers at least the committed bytes. `grow` and `shrink` may replace it by another over the same address;
   * ask again after each. Views on earlier buffers stay valid until `release`, except that a `shrink` which
   * really unmaps (brk) makes them empty. They never dangle.
   */
  readonly buffer: ArrayBuffer;
  /** Makes whole committed pages guards for a while, contents kept; absent where that cannot be. */
  guard?(request: PageGuardRequest): PageGuard;
  /** System calls made so far, by name; refused ones count too. */
  readonly systemCalls: Readonly<Record<string, number>>;
  /**
   * Commits more pages at the end; new bytes read as zero.
   * @param bytes a multiple of the page size, > 0
   * @returns false, and nothing changed, when limit or system refuse
   */
  grow(bytes: number): boolean;
  /**
   * Gives pages at the end back; bytes that are grown again later read as zero.
   * @param bytes a multiple of the page size, 0 < bytes <= committedBytes
   * @returns false, and nothing changed, when the source cannot shrink now
   */
  shrink(bytes: number): boolean;
  /** Gives everything back; all buffers become empty (a plain ArrayBuffer is just dropped). Idempotent. */
  release(): void;
}
