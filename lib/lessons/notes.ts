/**
 * What a step writes down while it runs: calls, words of memory before and after, lines of the process map, figures,
 * checks. Words are read natively at their real addresses, so no allocator is asked what it believes.
 */
import { type HeapSnapshot, hex } from '../core/index.ts';
import { isReadable, isSupported, type MemoryRange, memoryMap, peek } from '../posix/index.ts';
import type { ChildEnding, Figure, LessonStep, MemoryPiece, StepCheck, StepHead } from './step.ts';

/** A word to be read, and how its value is told. */
export interface Field {
  offset: number;
  name: string;
  means?: (value: bigint) => string;
}

/** Words to be read. */
export interface Region {
  title: string;
  address: bigint;
  fields: readonly Field[];
}

/** How a value is written in a check or behind a call. */
export type Shown = bigint | number | string | boolean | null | undefined;

interface Watched {
  region: Region;
  before: (bigint | null)[];
  /** What to read at the end; null: what was read by another process. */
  after: (bigint | null)[] | null;
}

/** @returns the 8 bytes at an address, or null where nothing can be read */
export function readWord(address: bigint): bigint | null {
  // Asked first: a load from a guarded page would be counted as a hit.
  return isReadable(address, 8) ? peek(address, 8) : null;
}

const readRegion = ({ address, fields }: Region): (bigint | null)[] =>
  fields.map(({ offset }) => readWord(address + BigInt(offset)));

function show(value: Shown): string {
  return typeof value === 'bigint' ? hex(value) : String(value);
}

/** The notes of one step. */
export class Notes {
  readonly #calls: string[] = [];
  readonly #watched: Watched[] = [];
  readonly #pictures: { label: string; snapshot: HeapSnapshot }[] = [];
  readonly #figures: Figure[] = [];
  readonly #checks: StepCheck[] = [];
  #mapBefore: MemoryRange[] | null = null;
  #mapRange: { start: bigint; end: bigint } | null = null;
  #child: ChildEnding | null = null;

  /** Makes a call and writes it down, with its result where `told` makes words of it. */
  call<T>(text: string, run: () => T, told?: (result: T) => Shown): T {
    const result = run();
    this.#calls.push(told === undefined ? text : `${text} = ${show(told(result))}`);
    return result;
  }

  /**
   * Makes a call that may be refused.
   * @returns what it threw, or null when it went through
   */
  attempt(text: string, run: () => void): (Error & { code?: string }) | null {
    try {
      run();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#calls.push(`${text}: ${error.name}: ${error.message}`);
      return error;
    }
    this.#calls.push(text);
    return null;
  }

  /** Writes a call down that was made elsewhere. */
  say(...calls: string[]): void {
    this.#calls.push(...calls);
  }

  /** Reads words now and once more when the step ends. */
  watch(...regions: Region[]): void {
    for (const region of regions) this.#watched.push({ region, before: readRegion(region), after: null });
  }

  /** Words that were not there when the map was read, if it was. */
  appeared(region: Region): void {
    const stood = this.#mapBefore?.some(({ start, end }) => start <= region.address && region.address < end);
    if (stood) throw new Error(`${region.title}: something stood there before`);
    this.#watched.push({ region, before: region.fields.map(() => null), after: null });
  }

  /** Words of another process, read there. */
  recall(region: Region, before: (bigint | null)[], after: (bigint | null)[]): void {
    this.#watched.push({ region, before, after });
  }

  /** Reads the process map, where there is one. */
  watchMap(): void {
    this.#mapBefore = isSupported('memoryMap') ? memoryMap() : null;
  }

  /** Names the addresses whose lines of the map are shown; neighbours are shown too. */
  mapAround(start: bigint, bytes: number): void {
    this.#mapRange = { start, end: start + BigInt(bytes) };
  }

  picture(label: string, snapshot: HeapSnapshot): void {
    this.#pictures.push({ label, snapshot });
  }

  figure(what: string, value: number, unit: Figure['unit']): void {
    this.#figures.push({ what, value, unit });
  }

  /** Holds what the claim says against what happened. */
  check(what: string, expected: Shown, actual: Shown): void {
    this.#checks.push({
      what,
      expected: show(expected),
      actual: show(actual),
      holds: expected === actual,
    });
  }

  child(ending: ChildEnding): void {
    this.#child = ending;
  }

  /** Reads the words again. @returns the step as data */
  finish(head: StepHead, lesson: string, number: number, answer: string): LessonStep {
    return {
      ...{ lesson, number, ...head },
      calls: this.#calls,
      memory: this.#watched.map(({ region, before, after }) =>
        piece(region, before, after ?? readRegion(region)),
      ),
      map: this.#mapDifference(),
      pictures: this.#pictures,
      figures: this.#figures,
      checks: this.#checks,
      child: this.#child,
      answer,
      notHere: null,
    };
  }

  #mapDifference(): LessonStep['map'] {
    const before = this.#mapBefore;
    const range = this.#mapRange;
    if (before === null || range === null) return null;
    const touches = ({ start, end }: MemoryRange): boolean => start <= range.end && range.start <= end;
    return { before: before.filter(touches), after: memoryMap().filter(touches) };
  }
}

function piece(region: Region, before: (bigint | null)[], after: (bigint | null)[]): MemoryPiece {
  const tell = (field: Field, value: bigint | null): string =>
    value === null ? '' : (field.means?.(value) ?? '');
  return {
    title: region.title,
    address: region.address,
    words: region.fields.map((field, k) => ({
      offset: field.offset,
      name: field.name,
      before: before[k],
      after: after[k],
      beforeMeans: tell(field, before[k]),
      afterMeans: tell(field, after[k]),
    })),
  };
}
