/**
 * A simulated heap set up as a native run had it: at the same addresses as far as the window allows, with the same
 * key, so that links, keys and wild pointers come out as the same 64-bit words.
 */
import { GiB, MiB } from '../core/index.ts';
import { type GlibcVersion, Heap } from '../heap/index.ts';
import type { NativeImage } from './native-image.ts';
import { sharedWindow } from './shared-window.ts';

/** What heap to make. */
export interface FidelityHeapOptions {
  glibc: GlibcVersion;
  arena: 'main' | 'thread';
  /** The run to be like. Absent: addresses and key of our own. */
  like?: NativeImage | null;
  /** Begin at that run's address, if a window can. @defaultValue true */
  sameAddresses?: boolean;
}

const slotBytes = 64 * MiB;
const windowBytes = 4 * GiB;
/** A heap keeps this far away from the end of its window: thread heaps follow it, mappings share the rest. */
const roomBytes = 1 * GiB;

/**
 * Makes an empty heap.
 * @param options version, arena, and the native run to be like
 * @returns the heap, on a plain ArrayBuffer
 */
export function makeFidelityHeap(options: FidelityHeapOptions): Heap {
  const { glibc, arena, like, sameAddresses = true } = options;
  const start = like && sameAddresses ? firstHeapAddress(like, arena) : null;
  const heapStart = start === null ? slotBytes : Number(start % BigInt(windowBytes));
  const fits = start !== null && isReachable(start);
  const baseAddress = start === null ? 0x7f00_0000_0000n : start - BigInt(heapStart);
  return Heap.create({
    glibc,
    arena,
    source: sharedWindow(baseAddress),
    limitBytes: windowBytes,
    // Some requests look at the address: the native run's heaps begin at such a border too.
    ...(fits ? { heapStart } : arena === 'main' ? { heapStart: slotBytes } : {}),
    ...(like ? { key: like.tcacheKey } : {}),
  });
}

/** @returns address of the first heap of the arena under study; null when the run never used it */
export function firstHeapAddress(image: NativeImage, arena: 'main' | 'thread'): bigint | null {
  if (arena === 'main') return image.mainStart;
  return image.sections.filter(({ name }) => name === 'thread-heap').at(-1)?.address ?? null;
}

/** @returns true when a heap can begin at this address of a window that begins at a multiple of 4 GiB */
export function isReachable(address: bigint): boolean {
  const offset = Number(address % BigInt(windowBytes));
  return offset >= 2 * slotBytes && offset <= windowBytes - roomBytes;
}
