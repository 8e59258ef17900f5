/**
 * The classes that heaps are made of, one for each family of versions.
 *
 * In the built package this module is written by `flatten/`: the same classes, but those of recent versions hold
 * in their long ways of malloc and free the methods they call, statement by statement, `MainHeap` its offsets and
 * limits as numbers, `FirstHeap` its window too (docs/decisions/0006).
 */
import { ByteCache } from './byte-cache.ts';
import { CountedCache } from './counted-cache.ts';
import { EarlyPlacesCache } from './early-places-cache.ts';
import { NoCache } from './no-cache.ts';
import { PlacesCache } from './places-cache.ts';
import { PlainCache } from './plain-cache.ts';

/** 2.32 to 2.41. */
export class GlibcHeap extends CountedCache {}
/** 2.36 in the main thread's arena, with the limits it comes with: what most heaps are (heap.ts chooses it). */
export class MainHeap extends GlibcHeap {}
/**
 * Makes the class of a thread's first such heap. Call it once: V8 takes what a function's variables hold for constants
 * as long as there is one function of that text.
 * @param _w the heap's window as words: in the built package its long ways have the address in their machine code
 * @param _h the same as 16-bit words
 * @returns a class for this one heap, with which it is collected
 */
export function firstHeapClass(_w: Uint32Array, _h: Uint16Array): typeof MainHeap {
  return class FirstHeap extends MainHeap {};
}
/** 2.30 and 2.31. */
export class PlainHeap extends PlainCache {}
/** 2.43. */
export class PlacesHeap extends PlacesCache {}
/** 2.42. */
export class EarlyPlacesHeap extends EarlyPlacesCache {}
/** 2.27. */
export class ByteHeap extends ByteCache {}
/** 2.23. */
export class NoCacheHeap extends NoCache {}
