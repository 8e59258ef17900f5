/**
 * Reads heaptrack's data files, as its recorder writes them (raw) and as its interpreter does (the ones it leaves).
 * Numbers are hexadecimal.
 *
 *   v VERSION FILEVERSION        first line
 *   X COMMAND                    what was run
 *   raw          + SIZE TRACE ADDRESS      an allocation
 *                - ADDRESS                 a free
 *   interpreted  a SIZE TRACE              one more pair of size and place, numbered from 0
 *                + PAIR                    an allocation of that pair
 *                - PAIR                    a free of one of them
 *
 * The other lines describe places and time. heaptrack notes a realloc as a free and an allocation, and says nothing
 * of threads, calloc and alignments. An interpreted file does not tell which block of a pair is freed: the youngest
 * is taken.
 */
import { CallCollector, countLines, LineReader } from './foreign-lines.ts';
import { withoutControls } from './header.ts';
import { Opcode, type Trace } from './trace.ts';

/** @returns true when the text starts as such a file does */
export function isHeaptrack(bytes: Uint8Array): boolean {
  return /^v [0-9a-f]+ [0-9a-f]+\r?\n/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 64)));
}

const knownVersions: readonly number[] = [1, 2, 3];

/** A pair of size and place, and its blocks by made-up addresses. */
interface Pair {
  size: number;
  live: number[];
}

/**
 * @param bytes the file, not packed
 * @param file its name, for errors
 * @param name of the trace
 * @throws TraceError ERR_TRACE_FORMAT with the line
 */
export function parseHeaptrack(bytes: Uint8Array, file: string, name: string): Trace {
  const reader = new LineReader(bytes, file);
  const version = reader.hex(reader.next()?.split(' ')[2], 'a version');
  if (!knownVersions.includes(version)) {
    reader.fail(`this reader knows heaptrack's file versions 1 to 3, not ${version}`);
  }
  const collector = new CallCollector(2 * countLines(bytes), reader);
  const calls = new HeaptrackCalls(reader, collector);
  let what = 'from heaptrack';
  for (let text = reader.next(); text !== null; text = reader.next()) {
    if (text.startsWith('X ')) what = withoutControls(text.slice(2));
    else calls.line(text.split(' '));
  }
  return collector.finish({ name, what, format: 'heaptrack' });
}

/** Keeps account of the blocks, in either form. */
class HeaptrackCalls {
  readonly #reader: LineReader;
  readonly #collector: CallCollector;
  readonly #pairs: Pair[] = [];
  #nextAddress = 16;

  constructor(reader: LineReader, collector: CallCollector) {
    this.#reader = reader;
    this.#collector = collector;
  }

  line([letter, first, , address]: string[]): void {
    const reader: LineReader = this.#reader;
    const { calls } = this.#collector;
    if (letter === 'a') {
      this.#pairs.push({ size: reader.hex(first, 'a size'), live: [] });
    } else if (letter === '+' && address !== undefined) {
      calls.allocate(Opcode.malloc, reader.hex(address, 'an address'), reader.hex(first, 'a size'));
    } else if (letter === '-' && this.#pairs.length === 0) {
      calls.free(reader.hex(first, 'an address'));
    } else if (letter === '+') {
      const pair = this.#pair(first);
      pair.live.push(this.#nextAddress);
      calls.allocate(Opcode.malloc, this.#nextAddress, pair.size);
      this.#nextAddress += 16;
    } else if (letter === '-') {
      const freed = this.#pair(first).live.pop();
      if (freed === undefined) reader.fail('a free of a size and place that has no block left');
      calls.free(freed);
    }
  }

  #pair(word: string | undefined): Pair {
    const pair = this.#pairs[this.#reader.hex(word, 'the number of a size and place')];
    if (pair === undefined) this.#reader.fail('expected the number of a size and place that stands above');
    return pair;
  }
}
