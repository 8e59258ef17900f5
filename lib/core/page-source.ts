/**
 * Where an allocator gets its pages. The allocator never sees the operating system: a mapping, the program
 * break, a file and a plain ArrayBuffer all look like this.
 *
 *   baseAddress                        growth ->
 *   |------------- committedBytes -------------|------ reserved, not accessible ------|
 *   offset 0                                                                     limitBytes
 *
 * An offset is an index into `buffer`; `baseAddress + offset` is the real address. Sources with an aligned
 * window keep baseAddress a multiple of 4 GiB, so that the low 32 bits of an address are its offset.
 */
export interface PageSource {
  readonly kind: 'mmap' | 'brk' | 'file' | 'buffer';
  /** Real address of offset 0; for a plain ArrayBuffer an address that is only pretended. */
  readonly baseAddress: bigint;
  /** Bytes of one page. */
  readonly pageSizeBytes: number;
  /** Most bytes that `grow` can ever commit. */
  readonly limitBytes: number;
  /** Bytes accessible from offset 0 on; a multiple of the page size. */
  readonly committedBytes: number;
  /** The committed bytes. Replaced by `grow` and `shrink`; views on earlier buffers stay valid until `release`. */
  readonly buffer: ArrayBuffer;
  /** System calls made so far, by name. */
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
