/**
 * A window on a real mapping: address space whose start is a multiple of 4 GiB, readable everywhere, writable
 * where something was committed.
 *
 *   |--- hole: r-- ---|== committed: rw- ==|- step -|--- hole: r-- ---|== committed: rw- ==|
 *
 * A hole reads as zero: the system shows its one page of zeros, no memory is taken, and private pages that cannot
 * be written are charged to nobody. A store to a hole is a real SIGSEGV (docs/hazards.md). Pages become writable in
 * steps, so that a heap that grows by a page does not call the system each time; a step of one page makes each call
 * for real. What was writable once stays so until `release()`: discarding empties pages, it does not close them.
 */
import {
  alignUp,
  GiB,
  KiB,
  MiB,
  type PageGuard,
  type PageGuardRequest,
  PosixError,
  requireInteger,
  type SharedWindow,
  type WindowSource,
} from '../core/index.ts';
import { native, pageSize, refusal } from '../posix/index.ts';
import {
  discardRange,
  type HugePages,
  hasHugePages,
  hugePageBytes,
  noHugePages,
  wholeHugePages,
} from './huge-pages.ts';
import { OwnedRange } from './owned-range.ts';
import { PageGuards } from './page-guard.ts';
import { requirePages } from './ranges.ts';
import { type CallCounts, countCall, reserve } from './window.ts';

/** How a window on a mapping is made. */
export interface MmapWindowOptions {
  /** Bytes of the window, 1 MiB to 4 GiB; rounded up to pages. @defaultValue 4 GiB */
  sizeBytes?: number;
  /**
   * Pages become writable in steps of this many bytes, rounded up to pages; the page size makes every commit a
   * call of its own. Huge pages want multiples of 2 MiB. @defaultValue 2 MiB
   */
  commitStepBytes?: number;
  /**
   * Huge pages (Linux, `MADV_HUGEPAGE`; the system may not have any): the first store into each 2 MiB brings all of
   * them, at a twentieth of the time that ordinary pages take, and all of them are resident until all of them are
   * discarded. True: wherever they fit; steps become 2 MiB at least. False: never. By default where the allocator asks
   * for them, if the steps allow it: a heap does so for all of its break but the first 132 KiB.
   */
  transparentHugePages?: boolean | undefined;
  /** Shown in the process map. @defaultValue 'chunkyard window' */
  name?: string;
}

/** Distance between the smallest parts of the window that views are made on. */
const partSpacingBytes = 64 * KiB;

class MmapWindow implements WindowSource {
  readonly kind = 'mmap';
  readonly baseAddress: bigint;
  readonly pageSizeBytes: number;
  readonly sizeBytes: number;
  readonly systemCalls: CallCounts;
  readonly #stepBytes: number;
  /** Where huge pages were asked for. */
  #hugePages: HugePages;
  readonly #takesAdvice: boolean;
  readonly #range: OwnedRange;
  readonly #guards: PageGuards;
  /** ArrayBuffers over parts of the window, by level of their size and position. */
  readonly #parts: ArrayBuffer[][] = [];
  /** One bit for each step: writable. On a shared window the memory is everybody's. */
  #writable: Uint32Array;
  #shared: SharedWindow | undefined;

  constructor(range: OwnedRange, stepBytes: number, hugePages: HugePages | 'where asked', calls: CallCounts) {
    this.pageSizeBytes = pageSize();
    this.sizeBytes = range.byteLength;
    this.systemCalls = calls;
    this.#stepBytes = stepBytes;
    this.#hugePages = hugePages === 'where asked' ? noHugePages : hugePages;
    this.#takesAdvice = hugePages === 'where asked' && stepBytes % hugePageBytes === 0;
    this.#writable = new Uint32Array(Math.ceil(this.sizeBytes / stepBytes / 32));
    this.#range = range;
    this.#guards = new PageGuards(range);
    this.baseAddress = range.address;
  }

  /** The window of another thread. */
  static attach(shared: SharedWindow): MmapWindow | undefined {
    const range = OwnedRange.attach(shared.number);
    if (range === undefined) return undefined;
    const window = new MmapWindow(range, shared.commitStepBytes, shared.hugePages, {});
    window.#shared = shared;
    window.#writable = new Uint32Array(shared.writable);
    return window;
  }

  share(): SharedWindow {
    if (this.#shared) return this.#shared;
    const writable = new SharedArrayBuffer(this.#writable.byteLength);
    new Uint32Array(writable).set(this.#writable);
    this.#writable = new Uint32Array(writable);
    const { sizeBytes } = this;
    const number = this.#range.share();
    const [commitStepBytes, hugePages] = [this.#stepBytes, this.#hugePages];
    this.#shared = { kind: 'mmap', number, sizeBytes, commitStepBytes, hugePages, writable };
    return this.#shared;
  }

  noteEnd(stateOffset: number, alive: number, countOffset: number): void {
    this.#range.noteEnd(stateOffset, alive, countOffset);
  }

  get buffer(): ArrayBuffer {
    if (!this.#range.isMapped) return new ArrayBuffer(0);
    return this.#range.reservationBuffer(0, this.sizeBytes);
  }

  view(offset: number, bytes: number): Uint8Array {
    let spacing = partSpacingBytes;
    let level = 0;
    for (; bytes > spacing; level++) spacing *= 2;
    const part = Math.floor(offset / spacing);
    const buffer = this.#parts[level]?.[part] ?? this.#lendPart(level, part, spacing);
    return new Uint8Array(buffer, offset - part * spacing, bytes);
  }

  /** Parts overlap, so that every block lies in one whole: each is twice as long as the distance to the next. */
  #lendPart(level: number, part: number, spacing: number): ArrayBuffer {
    if (!this.#range.isMapped) return new ArrayBuffer(0);
    const start = part * spacing;
    const buffer = this.#range.reservationBuffer(start, Math.min(2 * spacing, this.sizeBytes - start));
    this.#parts[level] ??= [];
    this.#parts[level][part] = buffer;
    return buffer;
  }

  commit(offset: number, bytes: number): boolean {
    this.#requireRange(offset, bytes);
    if (!this.#range.isMapped) return false;
    const end = Math.ceil((offset + bytes) / this.#stepBytes);
    for (let step = Math.floor(offset / this.#stepBytes); step < end; step++) {
      if (this.#isWritable(step)) continue;
      const first = step;
      while (step + 1 < end && !this.#isWritable(step + 1)) step++;
      if (!this.#open(first, step + 1)) return false;
    }
    return true;
  }

  discard(offset: number, bytes: number, splitsHugePages = false): void {
    this.#requireRange(offset, bytes);
    if (!this.#range.isMapped) return;
    discardRange(splitsHugePages ? noHugePages : this.#hugePages, offset, bytes, {
      giveBack: (start, end) => this.#empty(start, end),
      clear: (start, end) => this.#clear(start, end),
    });
  }

  preferHugePages(offset: number, bytes: number): void {
    this.#requireRange(offset, bytes);
    const [start, end] = wholeHugePages(offset, bytes);
    if (!this.#takesAdvice || start === end || !hasHugePages()) return;
    if (this.#try('madvise', start, end - start, native().constants.MADV_HUGEPAGE!)) {
      this.#hugePages = [start, end];
    }
  }

  /** @returns false where the system has no advice that leaves zeros behind */
  #empty(from: number, to: number): boolean {
    return (
      process.platform === 'linux' && this.#try('madvise', from, to - from, native().constants.MADV_DONTNEED)
    );
  }

  #clear(from: number, to: number): void {
    const view = new Uint8Array(this.buffer);
    for (let at = from; at < to; ) {
      const next = Math.min(to, (Math.floor(at / this.#stepBytes) + 1) * this.#stepBytes);
      // What cannot be written never was.
      if (this.#isWritable(Math.floor(at / this.#stepBytes))) view.fill(0, at, next);
      at = next;
    }
  }

  guard(request: PageGuardRequest): PageGuard {
    this.#requireRange(request.offset, request.bytes);
    const { PROT_READ, PROT_WRITE } = native().constants;
    countCall(this.systemCalls, 'mprotect');
    const isHole = !this.#isWritable(Math.floor(request.offset / this.#stepBytes));
    return this.#guards.close(request, isHole ? PROT_READ : PROT_READ | PROT_WRITE);
  }

  release(): void {
    if (!this.#range.isMapped) return;
    this.#guards.release();
    countCall(this.systemCalls, 'munmap');
    if (this.#shared) this.#range.leave();
    else this.#range.release();
  }

  #isWritable(step: number): boolean {
    return ((this.#writable[step >>> 5] >>> (step & 31)) & 1) !== 0;
  }

  /** Makes steps writable: one mprotect. @returns false, and nothing changed, when the system refuses */
  #open(first: number, end: number): boolean {
    const { PROT_READ, PROT_WRITE } = native().constants;
    const offset = first * this.#stepBytes;
    const bytes = Math.min(this.sizeBytes, end * this.#stepBytes) - offset;
    if (!this.#try('mprotect', offset, bytes, PROT_READ | PROT_WRITE)) return false;
    for (let step = first; step < end; step++) this.#writable[step >>> 5] |= 1 << (step & 31);
    return true;
  }

  #try(call: 'mprotect' | 'madvise', offset: number, length: number, value: number): boolean {
    countCall(this.systemCalls, call);
    try {
      if (call === 'mprotect') this.#range.callSplitting(call, { offset, length }, value);
      else this.#range.call(call, { offset, length }, value);
      return true;
    } catch (error) {
      if (error instanceof PosixError) return false;
      throw error;
    }
  }

  #requireRange(offset: number, bytes: number): void {
    requireInteger('offset', offset, { maximum: this.sizeBytes });
    if (offset > 0) requirePages('offset', offset, this.pageSizeBytes, this.sizeBytes);
    requirePages('bytes', bytes, this.pageSizeBytes, this.sizeBytes - offset);
  }
}

/**
 * Reserves a window of real memory.
 * @param options size, step and name, if the defaults do not fit
 * @returns the window, nothing committed
 * @throws ArgumentError
 * @throws PosixError when there is no room for the reservation; ENOTSUP or EINVAL for huge pages on a system without
 */
export function mmapWindow(options: MmapWindowOptions = {}): WindowSource {
  const { sizeBytes = 4 * GiB, commitStepBytes = 2 * MiB, name = 'chunkyard window' } = options;
  const { transparentHugePages } = options;
  const size = requireInteger('sizeBytes', sizeBytes, { minimum: MiB, maximum: 4 * GiB });
  const step = requireInteger('commitStepBytes', commitStepBytes, { minimum: 1, maximum: 4 * GiB });
  const calls: CallCounts = {};
  const reservedBytes = alignUp(size, pageSize());
  const range = reserve({ reservedBytes, name, calls }, native().constants.PROT_READ);
  range.setName(name);
  if (transparentHugePages) adviseHugePages(range, calls);
  const stepUnit = transparentHugePages ? hugePageBytes : pageSize();
  const everywhere: HugePages = transparentHugePages ? [0, reservedBytes] : noHugePages;
  return new MmapWindow(
    range,
    alignUp(step, stepUnit),
    transparentHugePages === undefined ? 'where asked' : everywhere,
    calls,
  );
}

/** Advice on the whole range, before any step splits it. @throws PosixError; the range is given back then */
function adviseHugePages(range: OwnedRange, calls: CallCounts): void {
  const { MADV_HUGEPAGE } = native().constants;
  try {
    if (MADV_HUGEPAGE === undefined)
      throw refusal('ENOTSUP', 'madvise', { hint: 'this platform has no transparent huge pages' });
    countCall(calls, 'madvise');
    range.call('madvise', { offset: 0, length: range.byteLength }, MADV_HUGEPAGE);
  } catch (error) {
    range.release();
    throw error;
  }
}

/**
 * Comes to a window that another thread of this process shared: the same memory through ArrayBuffers of this thread.
 * @param shared what the window's `share()` gave there
 * @returns the window, or undefined when everybody has given it back
 */
export function attachWindow(shared: SharedWindow): WindowSource | undefined {
  return MmapWindow.attach(shared);
}
