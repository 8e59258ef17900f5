/**
 * The bytes of two heaps: what the native run left in arena struct and heaps against what the simulated one left.
 * Stale bytes, mangled links and footers count as much as live ones. Words that point into the main arena's struct,
 * which no two libraries keep at the same address, are compared by what they point to; so are words that point into
 * heaps which the two runs got at different places, and stale pointers into heaps that are gone by their place in the heap.
 */
import { type Heap, MAIN_ARENA } from '../heap/index.ts';
import type { ImageSection, NativeImage } from './native-image.ts';

/** The first word that differs. */
export interface ImageDifference {
  /** Name of the native image's section. */
  section: string;
  /** Bytes from the section's start. */
  offset: number;
  expected: bigint;
  /** Null where the simulated heap is shorter. */
  actual: bigint | null;
}

/** How far two images agree. */
export interface ImageAgreement {
  /** Bytes compared. */
  bytes: number;
  differingWords: number;
  firstDifference: ImageDifference | null;
}

/** A native range and where the simulated heap has the same thing. */
interface Pair {
  section: ImageSection;
  /** Window offset. */
  offset: number;
  bytes: number;
}

const slotBytes = 2 ** 26;
const slotSpan = BigInt(slotBytes);
const blockBytes = 4096;

/**
 * Compares.
 * @param image of the native run
 * @param heap at the same moment
 * @returns counts, and the first difference
 */
export function compareImages(image: NativeImage, heap: Heap): ImageAgreement {
  const pairs = heap.threaded ? threadPairs(image, heap) : mainPairs(image, heap);
  const mainState = image.sections.find(({ name }) => name === 'main-state');
  const known = mainState ? [...pairs, statePair(mainState, MAIN_ARENA, heap)] : pairs;
  const agreement: ImageAgreement = { bytes: 0, differingWords: 0, firstDifference: null };
  if (mainState && !heap.threaded && !isInUse(mainState, heap)) return agreement;
  const comparer = new Comparer(heap, known, agreement);
  for (const pair of pairs) comparer.compare(pair);
  return agreement;
}

/** Stale pointers may lead behind the present end of the main heap. */
function reachOf({ name, bytes }: ImageSection): bigint {
  return name === 'main-heap' ? 2n ** 32n : BigInt(bytes.length);
}

/** Before its first use the native main arena's bins are null; ours are ready from the start. */
function isInUse({ bytes }: ImageSection, { topAt }: Heap): boolean {
  return bytes.subarray(topAt, topAt + 8).some((byte) => byte !== 0);
}

function statePair(section: ImageSection, offset: number, heap: Heap): Pair {
  return { section, offset, bytes: heap.profile.state.sizeBytes };
}

function mainPairs(image: NativeImage, heap: Heap): Pair[] {
  const { breakStart, breakEnd } = heap.space;
  return image.sections.flatMap((section): Pair[] => {
    if (section.name === 'main-state') return [statePair(section, MAIN_ARENA, heap)];
    if (section.name === 'main-heap') return [{ section, offset: breakStart, bytes: breakEnd - breakStart }];
    return [];
  });
}

/** Heaps pair up from the newest to the first; a heap that only one side has differs as a whole. */
function threadPairs(image: NativeImage, heap: Heap): Pair[] {
  const { arena, profile, topAt, w } = heap;
  const pairs: Pair[] = [];
  const state = image.sections.find(({ name }) => name === 'thread-state');
  if (state) pairs.push(statePair(state, arena, heap));
  const top = w[(arena + topAt) >>> 2];
  let start = arena === 0 || arena === MAIN_ARENA ? 0 : top - (top % slotBytes);
  for (const section of image.sections.filter(({ name }) => name === 'thread-heap')) {
    pairs.push({ section, offset: start, bytes: start === 0 ? 0 : heap.word(start + 16) });
    const isFirst = start === arena - profile.heapInfoBytes;
    start = start === 0 || isFirst ? 0 : w[(start + 8) >>> 2];
  }
  return pairs;
}

/** @returns true when all but the low `bits` of a word are those of an address in a range */
function isCutFrom(word: bigint, start: bigint, size: bigint, bits: bigint): boolean {
  return word >> bits >= start >> bits && word >> bits <= (start + size) >> bits;
}

class Comparer {
  readonly #heap: Heap;
  readonly #known: readonly Pair[];
  readonly #agreement: ImageAgreement;

  constructor(heap: Heap, known: readonly Pair[], agreement: ImageAgreement) {
    this.#heap = heap;
    this.#known = known;
    this.#agreement = agreement;
  }

  compare(pair: Pair): void {
    const native = pair.section.bytes;
    const ours = this.#heap.b.subarray(pair.offset, pair.offset + pair.bytes);
    this.#agreement.bytes += native.length;
    for (let at = 0; at < native.length; at += blockBytes) {
      const end = Math.min(at + blockBytes, native.length);
      if (Buffer.compare(native.subarray(at, end), ours.subarray(at, end)) !== 0) {
        this.#compareWords(pair, at, end);
      }
    }
    if (pair.bytes > native.length) this.#differs(pair, native.length, 0n, null);
  }

  #compareWords(pair: Pair, from: number, to: number): void {
    const { section, offset, bytes } = pair;
    const native = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.length);
    for (let at = from; at + 8 <= to; at += 8) {
      const expected = native.getBigUint64(at, true);
      const actual = at + 8 <= bytes ? this.#heap.peek(this.#heap.real(offset + at)) : null;
      const isSame =
        actual !== null && this.#isSame(expected, actual, section.address + BigInt(at), offset + at);
      if (!isSame) this.#differs(pair, at, expected, actual);
    }
  }

  /** Equal as they stand, as pointers, or as pointers mangled by the place where they are kept. */
  #isSame(expected: bigint, actual: bigint, nativeAt: bigint, oursAt: number): boolean {
    if (expected === actual || this.#pointsAlike(expected, actual)) return true;
    const oursMask = this.#heap.real(oursAt) >> 12n;
    if (this.#isOverwritten(expected, actual) || this.#isCopiedLink(expected ^ actual)) return true;
    return this.#pointsAlike(expected ^ (nativeAt >> 12n), actual ^ oursMask);
  }

  /**
   * A link that realloc copied is mangled by a place that cannot be told any more. Heaps lie at multiples of 64 MiB,
   * so the two words then differ by what the places of two heaps differ, one of them 12 bits down, and nothing else.
   */
  #isCopiedLink(difference: bigint): boolean {
    if (difference % (1n << 14n) !== 0n) return false;
    const apart = this.#known.map(
      ({ section, offset }) => ((section.address ^ this.#heap.real(offset)) / slotSpan) * slotSpan,
    );
    return apart.some((place) => [0n, ...apart].some((link) => ((place >> 12n) ^ link) === difference));
  }

  /** A pointer into the main arena's struct whose low bytes the perturb byte has overwritten. */
  #isOverwritten(expected: bigint, actual: bigint): boolean {
    const state = this.#known.find(({ section }) => section.name === 'main-state');
    if (state === undefined) return false;
    const size = BigInt(state.bytes);
    const [native, ours] = [state.section.address, this.#heap.real(state.offset)];
    for (let bits = 8n; bits < 48n; bits += 8n) {
      if ((expected ^ actual) % (1n << bits) !== 0n) return false;
      if (isCutFrom(expected, native, size, bits) && isCutFrom(actual, ours, size, bits)) return true;
    }
    return false;
  }

  /** Both null, both into the same thing, or both into a heap that is gone, at the same place of it. */
  #pointsAlike(expected: bigint, actual: bigint): boolean {
    if (expected === 0n) return actual === 0n;
    for (const { section, offset } of this.#known) {
      const distance = expected - section.address;
      if (distance >= 0n && distance < reachOf(section)) {
        return this.#heap.real(offset) + distance === actual;
      }
    }
    const isHere = this.#heap.threaded && Number(actual >> 32n) === this.#heap.hi;
    return isHere && (expected ^ actual) % slotSpan === 0n;
  }

  #differs({ section }: Pair, offset: number, expected: bigint, actual: bigint | null): void {
    this.#agreement.differingWords++;
    this.#agreement.firstDifference ??= { section: section.name, offset, expected, actual };
  }
}
