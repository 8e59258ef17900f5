/**
 * Walks the chunks of a main heap whose process died inside a call, and finds every boundary again. Reads only.
 *
 * What one interrupted call leaves (docs/file-heaps.md): words of one chunk that disagree, a chunk on a list that is
 * no longer free, or the cut of a free chunk whose second half has no header yet:
 *
 *     | i: size already nb | r: no size yet, on unsorted ...        | E: P = 0, prev_size still E - i |
 *
 * Two readings of the same bytes are never guessed between: then the survey fails. What nobody can say is free
 * counts as in use: memory is lost rather than a block.
 */
import type { CountedCache } from '../counted-cache.ts';
import { MAIN_ARENA, MIN_CHUNK_BYTES, PREV_INUSE } from '../layout.ts';

/** A chunk whose boundaries are certain. */
export interface SurveyedChunk {
  offset: number;
  sizeBytes: number;
  state: 'in-use' | 'free' | 'top';
}

/** What was found. */
export interface Survey {
  chunks: SurveyedChunk[];
  repairs: string[];
  lostBytes: number;
  /** Why there is no certain reading; the rest is worth nothing then. */
  failure?: string;
}

/** Places that one interrupted call can leave in disorder. */
const mostAnomalies = 2;

/** The walk over one region. */
class Walk {
  readonly chunks: SurveyedChunk[] = [];
  readonly repairs: string[] = [];
  lostBytes = 0;
  failure: string | undefined;
  readonly #w: Uint32Array;
  readonly #start: number;
  readonly #end: number;
  readonly #top: number;
  readonly #unsorted: Set<number>;
  readonly #binned: Set<number>;
  /** The last chunk on any bin. */
  readonly #lastListed: number;
  #anomalies = 0;

  constructor(heap: CountedCache) {
    const { w, space } = heap;
    this.#w = w;
    this.#start = space.breakStart;
    this.#end = space.breakEnd;
    this.#top = w[(MAIN_ARENA + heap.topAt) >>> 2];
    this.#unsorted = onBin(heap, 1);
    this.#binned = new Set();
    for (let index = 2; index < 127; index++) for (const c of onBin(heap, index)) this.#binned.add(c);
    this.#lastListed = Math.max(0, ...this.#unsorted, ...this.#binned);
  }

  run(): void {
    let at = this.#start;
    while (this.failure === undefined && at < this.#end) at = this.#step(at);
  }

  /** Takes the chunk at `at`. @returns where the next begins */
  #step(at: number): number {
    if (this.#isTop(at)) return this.#takeTop(at);
    if (!this.#isSound(at)) return this.#cut(at);
    const size = this.#size(at);
    const next = at + size;
    const isFree = !this.#inUse(next);
    const agrees = isFree && this.#footer(next) === size;
    if (this.#unsorted.has(at) && !agrees) return this.#decide(at);
    if (isFree !== agrees) this.#lose(at, size, 'half freed');
    else if (this.#binned.has(at) && !agrees) this.#lose(at, size, 'half taken from its bin');
    else this.chunks.push({ offset: at, sizeBytes: size, state: agrees ? 'free' : 'in-use' });
    return next;
  }

  /** A chunk that stands on unsorted and is not whole: it was being freed, or cut from the one before it. */
  #decide(at: number): number {
    const next = at + this.#size(at);
    const isOwn = this.#isSoundFrom(next);
    const end = this.#endOfCut(at);
    if (isOwn && end !== undefined && end !== next) return this.#fail(at, 'two readings of a chunk');
    if (!isOwn) return this.#cut(at);
    this.#lose(at, next - at, 'half freed');
    return next;
  }

  /** A chunk without a header of its own. */
  #cut(at: number): number {
    if (this.#isEmptyFrom(at)) return this.#takeTop(at);
    const end = this.#endOfCut(at);
    if (end === undefined) return this.#fail(at, 'no chunk can be there');
    this.#lose(at, end - at, 'half cut off');
    return end;
  }

  /** @returns the one place where a chunk cut at `at` can end; undefined when there is none, or more than one */
  #endOfCut(at: number): number | undefined {
    const before = this.chunks.at(-1)?.offset ?? at;
    let found: number | undefined;
    for (let end = at + MIN_CHUNK_BYTES; end + 16 <= this.#end; end += 16) {
      const footer = this.#w[end >>> 2];
      if (
        (footer !== end - before && footer !== end - at) ||
        this.#inUse(end) ||
        this.#w[(end >>> 2) + 1] !== 0
      )
        continue;
      if (!this.#isSoundFrom(end)) continue;
      if (found !== undefined) return undefined;
      found = end;
    }
    return found;
  }

  /** @returns true when everything from a boundary to the end is in order */
  #isSoundFrom(start: number): boolean {
    let at = start;
    while (at < this.#end) {
      if (this.#isTop(at)) return true;
      if (!this.#isSound(at)) return this.#isEmptyFrom(at);
      const next = at + this.#size(at);
      if (!this.#inUse(next) && this.#footer(next) !== next - at) return false;
      if (this.#unsorted.has(at) && this.#inUse(next)) return false;
      at = next;
    }
    return false;
  }

  #takeTop(at: number): number {
    const sizeBytes = this.#end - at;
    if (at !== this.#top) this.repairs.push(`top begins at ${at}, not at ${this.#top}`);
    if (this.#size(at) !== sizeBytes) this.repairs.push(`top is ${sizeBytes} bytes, not ${this.#size(at)}`);
    if (sizeBytes < MIN_CHUNK_BYTES) return this.#fail(at, 'no room for a top');
    this.chunks.push({ offset: at, sizeBytes, state: 'top' });
    return this.#end;
  }

  #lose(at: number, sizeBytes: number, what: string): void {
    this.repairs.push(`chunk ${at}, ${sizeBytes} bytes: ${what}; kept as in use`);
    this.lostBytes += sizeBytes;
    this.chunks.push({ offset: at, sizeBytes, state: 'in-use' });
    if (++this.#anomalies > mostAnomalies)
      this.#fail(at, 'more is in disorder than one interrupted call leaves');
  }

  #fail(at: number, why: string): number {
    this.failure = `at chunk ${at}: ${why}`;
    return this.#end;
  }

  /** Top, or what is about to be: reaches to the end, on no list, and nothing behind it is on one. */
  #isTop(at: number): boolean {
    if (at === this.#top) return true;
    // A chunk cut where top once began may still have that top's header.
    return at > this.#lastListed && this.#inUse(at) && this.#isSound(at) && at + this.#size(at) === this.#end;
  }

  #isSound(at: number): boolean {
    const size = this.#size(at);
    return (
      this.#w[(at >>> 2) + 3] === 0 && size >= MIN_CHUNK_BYTES && size % 16 === 0 && at + size <= this.#end
    );
  }

  /** Memory that was taken and not yet used. */
  #isEmptyFrom(at: number): boolean {
    for (let i = at >>> 2; i < this.#end >>> 2; i++) if (this.#w[i] !== 0) return false;
    return true;
  }

  #size(at: number): number {
    return (this.#w[(at >>> 2) + 2] & ~7) >>> 0;
  }

  #inUse(next: number): boolean {
    return (this.#w[(next >>> 2) + 2] & PREV_INUSE) !== 0;
  }

  #footer(next: number): number {
    return this.#w[next >>> 2] + this.#w[(next >>> 2) + 1] * 2 ** 32;
  }
}

/** @returns the chunks of a bin, followed in both directions as far as the links lead */
function onBin(heap: CountedCache, index: number): Set<number> {
  const { w, hi, space } = heap;
  const head = MAIN_ARENA + heap.headsAt + 16 * index;
  const found = new Set<number>();
  for (const link of [4, 6]) {
    const seen = new Set<number>();
    for (let i = (head >>> 2) + link; w[i + 1] === hi; ) {
      const chunk = w[i];
      const isInside =
        chunk >= space.breakStart && chunk + MIN_CHUNK_BYTES <= space.breakEnd && chunk % 16 === 0;
      if (!isInside || seen.has(chunk)) break;
      seen.add(chunk);
      found.add(chunk);
      i = (chunk >>> 2) + link;
    }
  }
  return found;
}

/** Finds the chunks of a main heap that grew in one piece. */
export function survey(heap: CountedCache): Survey {
  const walk = new Walk(heap);
  walk.run();
  const { chunks, repairs, lostBytes, failure } = walk;
  if (failure !== undefined) return { chunks, repairs, lostBytes, failure };
  const isWhole = chunks.length === 0 || chunks.at(-1)?.state === 'top';
  return isWhole
    ? { chunks, repairs, lostBytes }
    : { chunks, repairs, lostBytes, failure: 'there is no top' };
}
