/**
 * A range of pages of its own in which every page is a guard until it is opened: what a guarded heap is built on.
 *
 *   start = k * 4 GiB                                                                    start + lengthBytes
 *   |== open ==|guard|== open ==|guard| ... guards ... |------------- not prepared: PROT_NONE ------------------|
 *                                                      ^ preparedBytes, a multiple of 4 MiB
 *
 * Guarantees: an access to a closed page is a hit of the range's policy; a page that a hit opened is closed again at
 * the next safepoint, or by `rearm()`; when the system or the budget refuses, nothing has changed. Where the kernel
 * has lightweight guards (MADV_GUARD_INSTALL) a closed page loses its contents and the range stays one mapping;
 * else pages keep what they hold, and each guard splits a mapping.
 */
import {
  alignUp,
  type FaultPolicy,
  faultPolicies,
  GiB,
  MiB,
  requireInteger,
  requireOneOf,
} from '../core/index.ts';
import {
  type BlockTable,
  bestGuardMethod,
  check,
  constants,
  type FaultCompletion,
  type GuardMethod,
  type GuardRegistration,
  type GuardRequest,
  guardCounters,
  pageSize,
  rearmGuards,
} from '../posix/index.ts';
import { returnGuardBudget, takeGuardBudget } from './guard-budget.ts';
import { askForHugePages } from './huge-pages.ts';
import type { OwnedRange } from './owned-range.ts';
import { requirePageRange } from './page-range.ts';
import { reserve } from './window.ts';

/** How a guarded range is made. */
export interface GuardedPagesOptions {
  /** Bytes, up to 4 GiB; rounded up to pages. */
  lengthBytes: number;
  /** Shown in the process map and in reports. @defaultValue 'chunkyard guarded' */
  name?: string;
  /** What a hit does. @defaultValue 'die' */
  policy?: FaultPolicy;
  /** Blocks that reports can name. @defaultValue 0 */
  maxBlocks?: number;
  /** Take a JavaScript stack at each hit: 2 us more. @defaultValue true */
  captureStack?: boolean;
  /** @defaultValue 'lightweight' where the kernel has it */
  method?: GuardMethod;
  /** Adds to a hit what only the owner knows, before anybody in this thread sees it. */
  complete?: FaultCompletion;
}

/** Pages become ready for lightweight guards in steps: a large range costs no page tables before its use. */
const preparedStepBytes = 4 * MiB;
/** State of a page that its owner has opened. */
const pageOpen = 1;
/** The stretch, what follows it, and its pages where they wait. */
const mappingsPerShut = 3;

/** Pages that are guards until they are opened. */
export class GuardedPages {
  readonly address: bigint;
  readonly lengthBytes: number;
  readonly pageSizeBytes: number;
  readonly name: string;
  readonly policy: FaultPolicy;
  readonly method: GuardMethod;
  /** Number of the range, `rangeId` of its hits. */
  readonly id: number;
  /** What reports say about blocks. */
  readonly blocks: BlockTable;
  readonly #range: OwnedRange;
  readonly #guards: GuardRegistration;
  readonly #counters: Uint32Array = guardCounters();
  #preparedBytes: number;
  #splitMappings = 0;

  private constructor(range: OwnedRange, guards: GuardRegistration, request: GuardRequest) {
    this.#range = range;
    this.#guards = guards;
    this.address = range.address;
    this.lengthBytes = range.byteLength;
    this.pageSizeBytes = pageSize();
    this.name = request.name;
    this.policy = request.policy;
    this.method = request.method;
    this.id = guards.id;
    this.blocks = guards.blocks;
    // Without lightweight guards PROT_NONE is the guard: nothing to prepare.
    this.#preparedBytes = this.method === 'lightweight' ? 0 : this.lengthBytes;
  }

  /**
   * Reserves a range, all of it closed.
   * @throws ArgumentError; PosixError ENOTSUP for a policy that this platform lacks, or when the system refuses
   */
  static create(options: GuardedPagesOptions): GuardedPages {
    const length = requireInteger('lengthBytes', options.lengthBytes, { minimum: 1, maximum: 4 * GiB });
    const lengthBytes = alignUp(length, pageSize());
    const { name = 'chunkyard guarded', maxBlocks = 0, captureStack = true } = options;
    const policy = requireOneOf('policy', options.policy ?? 'die', faultPolicies);
    const method = requireOneOf('method', options.method ?? bestGuardMethod(), ['lightweight', 'mprotect']);
    requireInteger('maxBlocks', maxBlocks, { maximum: 2 ** 32 - 2 });
    const range = reserve({ reservedBytes: lengthBytes, name, calls: {} }, constants().PROT_NONE);
    try {
      range.setName(name);
      const pages = { offset: 0, length: lengthBytes };
      const request = { ...pages, policy, method, captureStack, maxBlocks, name, complete: options.complete };
      return new GuardedPages(range, range.registerGuards(request), request);
    } catch (error) {
      range.release();
      throw error;
    }
  }

  /** All bytes; index = offset. Most of them are guards: to copy it, or to send a view of it, hits them. */
  get bytes(): Uint8Array {
    return this.view(0, this.#range.byteLength);
  }

  /**
   * A part of the bytes, over the ArrayBuffer that all parts share.
   * @param offset of its first byte
   * @param length bytes
   * @throws RangeError when it leaves the range
   */
  view(offset: number, length: number): Uint8Array {
    const { isMapped, byteLength } = this.#range;
    return new Uint8Array(
      isMapped ? this.#range.reservationBuffer(0, byteLength) : new ArrayBuffer(0),
      offset,
      length,
    );
  }

  /**
   * Makes closed pages accessible. With lightweight guards they read as zero.
   * @param offset first byte, a page multiple
   * @param length bytes, a page multiple, all in one state
   * @throws ArgumentError; PosixError ENOMEM (guard budget, memory), and nothing has changed
   */
  open(offset: number, length: number): void {
    this.#requirePages(offset, length);
    if (offset + length > this.#preparedBytes) this.#prepare(offset, offset + length);
    if (this.method === 'lightweight')
      this.#check('madvise', this.#guards.open(offset, length), offset, length);
    else this.#split(offset, length, true);
  }

  /**
   * Makes open pages guards. With lightweight guards their contents are lost.
   * @param offset first byte, a page multiple
   * @param length bytes, a page multiple, all in one state
   * @throws ArgumentError; PosixError EINVAL for locked memory, ENOMEM, and nothing has changed
   */
  close(offset: number, length: number): void {
    this.#requirePages(offset, length);
    if (this.method === 'lightweight')
      this.#check('madvise', this.#guards.close(offset, length), offset, length);
    else this.#split(offset, length, false);
  }

  /**
   * Shuts a stretch that holds open pages and lightweight guards, at once: open pages keep what they hold. A hit there
   * is one as on any closed page; a page that was hit stays closed after `unshut`. A stretch of whole page tables (2 MiB)
   * is moved aside, which costs a tenth of the mprotect that any other takes.
   * @param offset first byte, a page multiple
   * @param length bytes, a page multiple
   * @throws ArgumentError; PosixError ENOMEM (guard budget), EINVAL where guards are by mprotect: nothing has changed
   */
  shut(offset: number, length: number): void {
    this.#requirePages(offset, length);
    takeGuardBudget(mappingsPerShut, this.#range.subject({ offset, length }));
    const result = this.#guards.shut(offset, length, true);
    if (result < 0) returnGuardBudget(mappingsPerShut);
    this.#check('mprotect', result, offset, length);
    this.#splitMappings += mappingsPerShut;
  }

  /** Undoes calls of `shut` by one, of a stretch that holds what was shut. @param calls how many they were */
  unshut(offset: number, length: number, calls: number): void {
    this.#requirePages(offset, length);
    this.#check('mprotect', this.#guards.shut(offset, length, false), offset, length);
    returnGuardBudget(calls * mappingsPerShut);
    this.#splitMappings -= calls * mappingsPerShut;
  }

  /**
   * Gives the memory of pages back (Linux): open ones stay open and read as zero, closed ones stay closed.
   * @param offset first byte, a page multiple
   * @param length bytes, a page multiple
   * @throws ArgumentError, PosixError
   */
  discard(offset: number, length: number): void {
    this.#requirePages(offset, length);
    if (process.platform === 'linux')
      this.#range.call('madvise', { offset, length }, constants().MADV_DONTNEED);
  }

  /** Asks for huge pages, for pages that stay open. @returns false when the system refuses @throws ArgumentError */
  preferHugePages(offset: number, length: number): boolean {
    this.#requirePages(offset, length);
    return askForHugePages(this.#range, offset, length);
  }

  /**
   * Says which block pages belong to, its guards included, so that a report need not guess.
   * @param offset first byte, a page multiple
   * @param length bytes, a page multiple
   * @param block index in `blocks`; -1 nobody: then the nearest block is taken
   * @throws ArgumentError
   */
  own(offset: number, length: number, block: number): void {
    this.#requirePages(offset, length);
    requireInteger('block', block, { minimum: -1, maximum: this.blocks.capacity - 1 });
    this.#guards.owners.fill(block + 1, offset / this.pageSizeBytes, (offset + length) / this.pageSizeBytes);
  }

  /** Whether a page is open; false for one that only a hit has opened. */
  isOpen(offset: number): boolean {
    return this.#guards.states[Math.floor(offset / this.pageSizeBytes)] === pageOpen;
  }

  /** Pages of the process that hits have opened and nobody has closed again. */
  get openedByHits(): number {
    return this.#counters[1];
  }

  /** Closes them. @returns how many */
  rearm(): number {
    return rearmGuards();
  }

  /** False after `release()`. */
  get isMapped(): boolean {
    return this.#range.isMapped;
  }

  /** Makes every view empty and gives the pages back. Idempotent. @throws MappingError ERR_MAPPING_TRANSFERRED */
  release(): void {
    if (!this.#range.isMapped) return;
    this.#range.release();
    this.#guards.unregister();
    returnGuardBudget(this.#splitMappings);
    this.#splitMappings = 0;
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Guards first, then access: nothing is open in between. */
  #prepare(openStart: number, openEnd: number): void {
    const { MADV_GUARD_INSTALL, PROT_READ, PROT_WRITE } = constants();
    const start = this.#preparedBytes;
    const end = Math.min(alignUp(openEnd, preparedStepBytes), this.lengthBytes);
    const install = (from: number, to: number): void => {
      if (from < to) this.#range.call('madvise', { offset: from, length: to - from }, MADV_GUARD_INSTALL);
    };
    install(start, openStart);
    install(openEnd, end);
    this.#range.call('mprotect', { offset: start, length: end - start }, PROT_READ | PROT_WRITE);
    this.#preparedBytes = end;
  }

  /** One mprotect, within the budget. */
  #split(offset: number, length: number, opens: boolean): void {
    const added = length === 0 ? 0 : this.#addedMappings(offset, length, opens);
    if (added > 0) takeGuardBudget(added, this.#range.subject({ offset, length }));
    const result = opens ? this.#guards.open(offset, length) : this.#guards.close(offset, length);
    if (result < 0 && added > 0) returnGuardBudget(added);
    this.#check('mprotect', result, offset, length);
    if (added < 0) returnGuardBudget(-added);
    this.#splitMappings += added;
  }

  /** Two neighbours that differ are two mappings. What lies outside of the range counts as closed. */
  #addedMappings(offset: number, length: number, opens: boolean): number {
    const { states } = this.#guards;
    const first = offset / this.pageSizeBytes;
    const end = first + length / this.pageSizeBytes;
    const edges = (middle: boolean): number =>
      Number((states[first - 1] === pageOpen) !== middle) + Number((states[end] === pageOpen) !== middle);
    return edges(opens) - edges(states[first] === pageOpen);
  }

  #requirePages(offset: number, length: number): void {
    requirePageRange(offset, length, this.pageSizeBytes, this.lengthBytes);
  }

  #check(syscall: string, result: number, offset: number, length: number): void {
    if (result < 0) check(syscall, result, this.#range.subject({ offset, length }));
  }
}
