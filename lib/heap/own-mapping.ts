/**
 * Blocks that are mappings of their own: made at or above the threshold, freed by unmapping.
 *
 *      page start                                  prev_size: distance from the mapping's start (0, or a lead)
 *      | prev_size | size|M | user bytes ... |     size: rest of the mapping
 */
import { Freeing } from './free.ts';
import {
  IS_MAPPED,
  MAPPED_MEM,
  MAX_MAPPED_MEM,
  MAX_N_MMAPS,
  MMAP_THRESHOLD,
  N_MMAPS,
  N_MMAPS_MAX,
  NO_DYN_THRESHOLD,
  TRIM_THRESHOLD,
} from './layout.ts';

/** The dynamic threshold never goes above this. */
const dynamicLimitBytes = 32 * 2 ** 20;

/** End of a process's addresses on x86-64: the kernel refuses to unmap what would reach further. */
const endOfAddresses = 2n ** 47n - 4096n;

/** Own mappings. @internal */
export abstract class OwnMappings extends Freeing {
  /** @returns true when a chunk of `nb` bytes is to be tried as a mapping */
  wantsMapping(nb: number): boolean {
    const w = this.w;
    return nb >= this.word(MMAP_THRESHOLD) && (w[N_MMAPS >>> 2] | 0) < (w[N_MMAPS_MAX >>> 2] | 0);
  }

  /** Maps a chunk of `nb` bytes. @returns its offset, 0 when refused */
  mapChunk(nb: number): number {
    const page = this.space.pageBytes;
    const spare = this.profile.mappingSpareBytes;
    const length = Math.ceil((nb + (spare === 0 ? 8 : spare)) / page) * page;
    if (length > this.space.source.sizeBytes) return 0;
    const start = this.space.map(length);
    if (start === 0) return 0;
    this.setWord(start, 0);
    this.setWord(start + 8, length - spare + IS_MAPPED);
    const w = this.w;
    const count = w[N_MMAPS >>> 2] + 1;
    w[N_MMAPS >>> 2] = count;
    if (count > w[MAX_N_MMAPS >>> 2]) w[MAX_N_MMAPS >>> 2] = count;
    this.countMapped(length);
    return start;
  }

  /** Accounts for bytes mapped (or given back). */
  countMapped(bytes: number): void {
    const mapped = this.word(MAPPED_MEM) + bytes;
    this.setWord(MAPPED_MEM, Math.max(0, mapped));
    if (mapped > this.word(MAX_MAPPED_MEM)) this.setWord(MAX_MAPPED_MEM, mapped);
  }

  override freeMapping(chunk: number): void {
    const w = this.w;
    const i = chunk >>> 2;
    const raw = w[i + 2] + w[i + 3] * 0x1_0000_0000;
    if (w[NO_DYN_THRESHOLD >>> 2] === 0 && raw > this.word(MMAP_THRESHOLD) && raw <= dynamicLimitBytes) {
      const size = raw - (raw % 8);
      this.setWord(MMAP_THRESHOLD, size);
      this.setWord(TRIM_THRESHOLD, 2 * size);
    }
    this.unmapChunk(chunk);
  }

  /** Unmaps a chunk, after the tests of its place. */
  unmapChunk(chunk: number): void {
    const [start, length] = this.mappingOf(chunk, 'munmap_chunk(): invalid pointer');
    this.w[N_MMAPS >>> 2] -= 1;
    this.countMapped(-length);
    if (this.real(start) + BigInt(length) > endOfAddresses) return;
    if (length > 0) this.space.unmap(start, Math.min(length, this.space.source.sizeBytes - start));
  }

  /** @returns start and length of the mapping a chunk claims to be */
  mappingOf(chunk: number, message: string): [number, number] {
    const address = this.real(chunk);
    const spare = BigInt(this.profile.mappingSpareBytes);
    const lead = this.peek(address);
    const size = this.peek(address + 8n) & ~7n;
    const start = this.wrap(address - lead);
    const length = this.wrap(lead + size + spare);
    const inPage = BigInt(this.space.pageBytes - 1);
    const position = (address + 16n) & inPage;
    const isMisplaced = this.profile.testsOf229 && (position & (position - 1n)) !== 0n;
    if (((start | length) & inPage) !== 0n || isMisplaced) {
      this.abort(message, chunk + 16, 0n, (start | length) & inPage);
    }
    return [this.offsetOf(start), Number(length)];
  }

  /**
   * Changes the length of an own mapping.
   * @returns the chunk, moved or not; 0 when the system refuses
   */
  remapChunk(chunk: number, nb: number): number {
    const page = this.space.pageBytes;
    const message = this.profile.testsOf229
      ? 'mremap_chunk(): invalid pointer'
      : this.profile.assertion('mremap_chunk', '((size + offset) & (GLRO (dl_pagesize) - 1)) == 0');
    const [start, length] = this.mappingOf(chunk, message);
    const spare = this.profile.mappingSpareBytes;
    const lead = chunk - start;
    const newLength = Math.ceil((nb + lead + (spare === 0 ? 8 : spare)) / page) * page;
    if (newLength === length) return chunk;
    if (newLength > this.space.source.sizeBytes) return 0;
    const moved = this.space.remap(start, length, newLength);
    if (moved === 0) return 0;
    this.setWord(moved + lead + 8, newLength - lead - spare + IS_MAPPED);
    this.countMapped(newLength - length);
    return moved + lead;
  }
}
