/** The calls of the C library: arguments in, blocks out. The fast paths of malloc and free stand in variants. */
import { ArgumentError, HeapError, isPowerOfTwo, requireInteger, requireOneOf } from '../core/index.ts';
import { Clearing } from './clearing.ts';
import {
  MAX_FAST,
  MMAP_THRESHOLD,
  N_MMAPS_MAX,
  NO_DYN_THRESHOLD,
  TOP_PAD,
  TRIM_THRESHOLD,
} from './layout.ts';

/** Parameters of mallopt, by glibc's names and numbers. */
export const malloptNumbers = {
  mxfast: 1,
  trim_threshold: -1,
  top_pad: -2,
  mmap_threshold: -3,
  mmap_max: -4,
  check_action: -5,
  perturb: -6,
  arena_test: -7,
  arena_max: -8,
} as const;

/** A parameter of mallopt. */
export type MalloptName = keyof typeof malloptNumbers;

const malloptNames = Object.keys(malloptNumbers) as MalloptName[];

/** The calls. @internal */
export abstract class Calls extends Clearing {
  /** Allocates what no 32-bit number counts, or refuses what is none. */
  mallocUnusual(sizeBytes: number): number | null {
    return this.mallocSlow(requireInteger('sizeBytes', sizeBytes));
  }

  /** Allocates when the fast path could not. */
  mallocSlow(request: number): number | null {
    if (this.w.length === 0) this.requireOpen();
    if (this.tcache === 0) this.ensureCacheFor(request);
    if (request <= this.cacheMaxRequest && this.tcache !== 0) {
      const index = request < 25 ? 0 : ((request + 7) >>> 4) - 1;
      if (this.cacheHas(index)) return this.cacheTake(index);
    }
    const p = this.allocAny(request);
    return p === 0 ? null : p;
  }

  /** @returns true when a cache list has an entry, as the version tells it */
  abstract cacheHas(index: number): boolean;

  /** Frees when the fast path could not. */
  freeUnusual(pointer: unknown): void {
    this.requireOpen();
    this.freeSlow(this.requirePointer(pointer, 'free(): invalid pointer'));
  }

  /** @returns a pointer that may be looked at: an integer inside the window */
  requirePointer(pointer: unknown, message: string): number {
    if (typeof pointer === 'number' && pointer >>> 0 === pointer) return pointer;
    const p = this.requirePointerArgument(pointer);
    throw new HeapError('ERR_HEAP_INVALID_POINTER', message, {
      rule: 'a pointer is an offset in the 4 GiB window',
      actual: p,
    });
  }

  /** @returns a pointer that can be meant at all: an integer >= 0 */
  requirePointerArgument(pointer: unknown): number {
    if (typeof pointer === 'number') return requireInteger('pointer', pointer);
    const expected = 'an integer from 0 to 9007199254740991';
    throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'pointer', expected, pointer);
  }

  calloc(count: number, sizeBytes: number): number | null {
    const bytes = count * sizeBytes;
    if (bytes >>> 0 !== bytes || count >>> 0 !== count || sizeBytes >>> 0 !== sizeBytes)
      return this.callocUnusual(count, sizeBytes);
    return this.callocBytes(bytes);
  }

  /** calloc of what no 32-bit number counts, or of what is none. */
  callocUnusual(count: number, sizeBytes: number): number | null {
    this.requireOpen();
    const bytes = requireInteger('count', count) * requireInteger('sizeBytes', sizeBytes);
    return bytes > Number.MAX_SAFE_INTEGER ? null : this.callocBytes(bytes);
  }

  /** Allocates and clears. */
  callocBytes(bytes: number): number | null {
    if (this.w.length === 0) this.requireOpen();
    if (this.tcache === 0) this.ensureCacheFor(bytes);
    if (this.profile.callocFromCache && this.tcache !== 0 && bytes <= this.cacheMaxRequest) {
      const index = bytes < 25 ? 0 : ((bytes + 7) >>> 4) - 1;
      if (this.cacheHas(index)) {
        const cached = this.cacheTake(index);
        // 2.41 believes the header, later versions the class.
        if (this.profile.cacheCountsPlaces) this.clear(cached, 16 * index + 24);
        else this.clearBlock(cached, 16 * index + 32);
        return cached;
      }
    }
    const p = this.allocAny(bytes, 'calloc');
    if (p === 0) return null;
    this.clearBlock(p, bytes);
    return p;
  }

  realloc(pointer: number | null, sizeBytes: number): number | null {
    if (pointer === null) return this.reallocUnusual(pointer, sizeBytes);
    const p = pointer >>> 0;
    const request = sizeBytes >>> 0;
    if (p !== pointer || request !== sizeBytes || request === 0) {
      return this.reallocUnusual(pointer, sizeBytes);
    }
    if (this.w.length === 0) this.requireOpen();
    const q = this.resize(p, request);
    return q === 0 ? null : q;
  }

  /** realloc that is a malloc or a free, or of what no 32-bit number counts. */
  reallocUnusual(pointer: number | null, sizeBytes: number): number | null {
    this.requireOpen();
    const request = requireInteger('sizeBytes', sizeBytes);
    if (pointer === null) return this.malloc(request);
    const p = this.requirePointer(pointer, 'realloc(): invalid pointer');
    if (request === 0) {
      this.free(p);
      return null;
    }
    const q = this.resize(p, request);
    return q === 0 ? null : q;
  }

  memalign(alignment: number, sizeBytes: number): number | null {
    this.requireOpen();
    const asked = requireInteger('alignment', alignment, { minimum: 1 });
    if (!isPowerOfTwo(asked)) {
      throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'alignment', 'a power of two', alignment);
    }
    const request = requireInteger('sizeBytes', sizeBytes);
    if (asked <= 16) return this.malloc(request);
    const p = this.alignedAny(asked, request);
    return p === 0 ? null : p;
  }

  usableSize(pointer: number): number {
    this.requireOpen();
    return this.usable(this.requirePointer(pointer, 'malloc_usable_size(): invalid pointer'));
  }

  /**
   * Changes a parameter, as mallopt does.
   * @param name the parameter's name, or glibc's number for it
   * @param value an integer as a C int holds it; -1 means no limit
   * @returns true when it was accepted
   * @throws ArgumentError when name or value cannot be meant
   */
  mallopt(name: MalloptName | number, value: number): boolean {
    this.requireOpen();
    const limit = 2 ** 31 - 1;
    const bounds = { minimum: -limit - 1, maximum: limit };
    const number =
      typeof name === 'number'
        ? requireInteger('name', name, bounds)
        : malloptNumbers[requireOneOf('name', name, malloptNames)];
    const amount = requireInteger('value', value, bounds);
    if (this.profile.malloptConsolidates) this.consolidate(this.mainArena());
    return this.setParameter(number, amount);
  }

  /** Sets a parameter by glibc's number. */
  setParameter(number: number, value: number): boolean {
    const w = this.w;
    if (number === 1) {
      if (value < 0 || value > 160) return false;
      if (this.fastbinsAt >= 0) w[MAX_FAST >>> 2] = value < 8 ? 16 : (value + 8) & ~15;
      return true;
    }
    if (number === -6) {
      w[this.perturbWord] = value & 0xff;
      this.isStashed = false;
    }
    const place = [0, TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, N_MMAPS_MAX][-number];
    if (place === undefined || place === 0) return true;
    if (place === MMAP_THRESHOLD && (value < 0 ? Infinity : value) > this.profile.thresholdLimit)
      return false;
    w[place >>> 2] = value;
    if (place !== N_MMAPS_MAX) w[(place >>> 2) + 1] = Math.floor(value / 0x1_0000_0000);
    w[NO_DYN_THRESHOLD >>> 2] = 1;
    return true;
  }
}
