/** What the importers of other tools' logs share: lines, hexadecimal numbers, and a list of operations that grows. */
import { Blocks } from './blocks.ts';
import { HeapCalls } from './heap-calls.ts';
import { OperationList } from './operation-list.ts';
import type { Trace } from './trace.ts';
import { TraceError } from './trace-error.ts';

const newline = 0x0a;
const longestLine = 65_536;

/** Steps through the lines of a log. */
export class LineReader {
  readonly #bytes: Uint8Array;
  readonly #file: string;
  readonly #decoder = new TextDecoder('latin1');
  #at = 0;
  /** Of the line given last, from 1. */
  line = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#file = file;
  }

  /** @returns the next line without its end; null behind the last */
  next(): string | null {
    if (this.#at >= this.#bytes.length) return null;
    const found = this.#bytes.indexOf(newline, this.#at);
    const end = found < 0 ? this.#bytes.length : found;
    const text = this.#decoder.decode(this.#bytes.subarray(this.#at, Math.min(end, this.#at + longestLine)));
    this.#at = end + 1;
    this.line++;
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  fail(message: string): never {
    throw new TraceError('ERR_TRACE_FORMAT', this.#file, message, this.line);
  }

  /** @returns a hexadecimal number, `0x` before it or not; a safe integer */
  hex(word: string | undefined, what: string): number {
    const value =
      word !== undefined && /^(?:0x)?[0-9a-f]{1,16}$/i.test(word) ? Number.parseInt(word, 16) : -1;
    if (!Number.isSafeInteger(value) || value < 0) {
      const shown = JSON.stringify((word ?? '').slice(0, 40)).replace(/[^\x20-\x7e]/g, '?');
      this.fail(`expected ${what} in hexadecimal but found ${shown}`);
    }
    return value;
  }
}

/** Collects a trace from calls with addresses. */
export class CallCollector {
  readonly calls: HeapCalls;
  readonly #list: OperationList;
  readonly #blocks = new Blocks();

  /** @param mostOperations that the log can have: two to a line, when an address is given out without a free */
  constructor(mostOperations: number, reader: LineReader) {
    this.#list = new OperationList(mostOperations);
    this.calls = new HeapCalls({
      push: (opcode, id, size) => {
        if (this.#list.count === mostOperations) reader.fail('there are more operations than lines');
        this.#blocks.apply(reader, opcode, id, size);
        this.#list.push(opcode, id, size);
      },
    });
  }

  /** @returns the trace */
  finish(head: Pick<Trace, 'name' | 'what' | 'format'>): Trace {
    return this.#list.finish(head, this.#blocks);
  }
}

/** @returns lines in a text, its last one too if it has no end */
export function countLines(bytes: Uint8Array, from = 0): number {
  let lines = 1;
  for (let at = from; at < bytes.length; at++) if (bytes[at] === newline) lines++;
  return lines;
}
