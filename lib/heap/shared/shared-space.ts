/**
 * The address space of a shared heap. Each thread works on a copy of its own, which it brings up to date when it takes
 * the system lock and publishes when it has changed it:
 *
 *      half (64-bit floats):  0 breakEnd | 1 accessible | 2 peak | 3 grown | 4 lengths of three lists | 7 pairs ...
 *
 * The half that is not current is written, then the version goes up by one: whoever ends in the middle leaves the
 * address space as it was.
 */
import type { WindowSource } from '../../core/index.ts';
import { AddressSpace } from '../address-space.ts';
import type { IntervalSet } from '../interval-set.ts';
import { SPACE_VERSION, SYSTEM_LOCK, spaceHalfBytes, spaceHalves } from './control.ts';
import type { Locks } from './locks.ts';

const headWords = 7;
/** Pairs of a half, some left for what one call can add. */
const mostPairs = (spaceHalfBytes / 8 - headWords) / 2 - 8;

/** What a thread must know to come to the address space of another. */
export interface SpacePlan {
  limitBytes: number;
  breakStart: number;
  heapArea: number;
  heapAreaEnd: number;
  lowestHeap: number;
}

/** Break, mappings and heaps of a window that several threads use. */
export class SharedSpace extends AddressSpace {
  readonly #halves: [Float64Array, Float64Array];
  readonly #version: Int32Array;
  /** Version that this thread's copy is. */
  #seen = 0;
  /** Set once this thread has its number. */
  locks: Locks | undefined;

  constructor(source: WindowSource, control: SharedArrayBuffer, plan: SpacePlan) {
    super(source, plan.limitBytes, plan.breakStart, [plan.heapArea, plan.heapAreaEnd]);
    this.lowestHeap = plan.lowestHeap;
    this.#halves = spaceHalves(control);
    this.#version = new Int32Array(control, 0, 1);
  }

  /** Takes over what a heap has so far: the first version. Call before any other thread can come. */
  adopt(space: AddressSpace): void {
    for (const [start, end] of space.accessibleRanges()) this.accessible.add(start, end);
    for (const [start, end] of space.reservedRanges()) this.reserved.add(start, end);
    for (const [start, bytes] of space.mappings) this.mappings.set(start, bytes);
    const { breakEnd, accessibleBytes, peakBytes, grownBytes } = space;
    Object.assign(this, { breakEnd, accessibleBytes, peakBytes, grownBytes });
    Object.assign(this.calls, space.calls);
    this.#publish();
  }

  /** Brings this thread's copy up to date. */
  refresh(): void {
    if (this.#isStale) this.#change(() => undefined, false);
  }

  override isAccessible(offset: number, bytes: number): boolean {
    if (super.isAccessible(offset, bytes)) return true;
    if (!this.#isStale) return false;
    this.refresh();
    return super.isAccessible(offset, bytes);
  }

  override sbrk(deltaBytes: number): number {
    return this.#change(() => super.sbrk(deltaBytes), deltaBytes !== 0);
  }

  override map(bytes: number): number {
    return this.#change(() => (this.#isFull ? 0 : super.map(bytes)));
  }

  override unmap(start: number, bytes: number): void {
    this.#change(() => super.unmap(start, bytes));
  }

  override remap(start: number, oldBytes: number, newBytes: number): number {
    return this.#change(() => (this.#isFull ? 0 : super.remap(start, oldBytes, newBytes)));
  }

  override reserveHeap(): number {
    return this.#change(() => super.reserveHeap());
  }

  override openHeap(start: number, bytes: number): boolean {
    return this.#change(() => super.openHeap(start, bytes));
  }

  override closeHeap(start: number, bytes: number): void {
    this.#change(() => super.closeHeap(start, bytes));
  }

  override releaseHeap(start: number, openBytes: number): void {
    this.#change(() => super.releaseHeap(start, openBytes));
  }

  get #isStale(): boolean {
    return Atomics.load(this.#version, SPACE_VERSION) !== this.#seen;
  }

  get #isFull(): boolean {
    return this.accessible.starts.length + this.reserved.starts.length + this.mappings.size > mostPairs;
  }

  #change<T>(change: () => T, publishes = true): T {
    this.locks?.enter(SYSTEM_LOCK);
    try {
      if (this.#isStale) this.#load();
      const result = change();
      if (publishes) this.#publish();
      return result;
    } finally {
      this.locks?.leave(SYSTEM_LOCK);
    }
  }

  #publish(): void {
    const half = this.#halves[(this.#seen + 1) & 1];
    const { accessible, reserved, mappings } = this;
    half[0] = this.breakEnd;
    half[1] = this.accessibleBytes;
    half[2] = this.peakBytes;
    half[3] = this.grownBytes;
    half[4] = accessible.starts.length;
    half[5] = reserved.starts.length;
    half[6] = mappings.size;
    let at = headWords;
    for (const { starts, ends } of [accessible, reserved]) {
      for (let k = 0; k < starts.length; k++) {
        half[at++] = starts[k];
        half[at++] = ends[k];
      }
    }
    for (const [start, bytes] of mappings) {
      half[at++] = start;
      half[at++] = bytes;
    }
    Atomics.store(this.#version, SPACE_VERSION, ++this.#seen);
  }

  #load(): void {
    // A thread that has no locks yet may see a half that is just being written.
    do this.#loadOnce();
    while (this.#isStale);
  }

  #loadOnce(): void {
    this.#seen = Atomics.load(this.#version, SPACE_VERSION);
    const half = this.#halves[this.#seen & 1];
    [this.breakEnd, this.accessibleBytes, this.peakBytes, this.grownBytes] = half;
    let at = headWords;
    for (const [set, length] of [
      [this.accessible, half[4]],
      [this.reserved, half[5]],
    ] as [IntervalSet, number][]) {
      set.starts.length = length;
      set.ends.length = length;
      for (let k = 0; k < length; k++) {
        set.starts[k] = half[at++];
        set.ends[k] = half[at++];
      }
    }
    this.mappings.clear();
    for (let k = 0; k < half[6]; k++, at += 2) this.mappings.set(half[at], half[at + 1]);
  }
}
