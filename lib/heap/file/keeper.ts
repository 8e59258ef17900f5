/**
 * Writes down, in the file, what a heap in memory keeps in objects: break and own mappings, at each change of them;
 * when it is closed, that it was, and the checksum of its contents.
 */
import type { FileWindow } from '../../core/index.ts';
import type { AddressSpace, SpaceKeeper } from '../address-space.ts';
import { checksum } from './checksum.ts';
import { CLEAN, type FileState, MAPPING_LIMIT, writeState } from './format.ts';
import type { RecoveryReport } from './report.ts';

/** @returns the checksum of everything accessible */
export function contentsOf(space: AddressSpace): [number, number] {
  const { buffer } = space.source;
  return space
    .accessibleRanges()
    .reduce<[number, number]>(
      (sum, [start, end]) => checksum(new Uint32Array(buffer, start, (end - start) >>> 2), sum),
      [1, 2],
    );
}

/** What a state says of the heap as a whole. */
export type Mark = Pick<FileState, 'flags' | 'contents' | 'noteBytes'>;

/** The heap is in use. */
export const IN_USE: Mark = { flags: 0, contents: [0, 0], noteBytes: 0 };

/** The file's side of one open heap. */
export class FileKeeper implements SpaceKeeper {
  readonly mappingLimit: number = MAPPING_LIMIT;
  /** What recovery did when the heap was opened; null when there was nothing to recover. */
  readonly recovery: RecoveryReport | null;
  readonly #window: FileWindow;
  readonly #space: AddressSpace;
  #generation: number;
  #mark: Mark = IN_USE;

  constructor(window: FileWindow, space: AddressSpace, generation: number, recovery: RecoveryReport | null) {
    this.#window = window;
    this.#space = space;
    this.#generation = generation;
    this.recovery = recovery;
  }

  changed(): void {
    this.write(this.#mark);
  }

  /** Writes the state down. @param mark stays until the next one */
  write(mark: Mark): FileState {
    this.#mark = mark;
    const { breakEnd, mappings } = this.#space;
    this.#generation++;
    const baseHigh = Number(this.#window.baseAddress >> 32n);
    const state: FileState = {
      ...mark,
      generation: this.#generation,
      baseHigh,
      breakEnd,
      mappings: [...mappings],
    };
    writeState(this.#window.head, state);
    return state;
  }

  synchronize(): void {
    this.#window.synchronize();
  }

  /** Contents first, then that they are whole: after a power cut too the flag is never there without them. */
  close(): void {
    this.#window.synchronize();
    const contents = contentsOf(this.#space);
    // Into both copies: a change to one of them does not make the file look unclosed.
    for (let copies = 0; copies < 2; copies++) this.write({ flags: CLEAN, contents, noteBytes: 0 });
    this.#window.synchronize();
    this.#window.release(this.#space.highestEnd);
  }
}
