/** Writes a `.cytrace` section by section; holds one section and what is known of the blocks, however long the trace. */
import { Blocks, type Refusal } from './blocks.ts';
import { ColumnWriter } from './columns.ts';
import {
  Call,
  Column,
  type CytraceHead,
  type CytraceTotals,
  columnCount,
  columnLengthsBytes,
  cytraceMagic,
  cytraceVersion,
  fileHeaderBytes,
  Section,
  sectionHeaderBytes,
  sectionOperations,
} from './cytrace-layout.ts';
import { BlockNumbers, mostGivenNumber } from './numbering.ts';
import { allocates, Opcode, type OpcodeValue } from './trace.ts';
import { TraceError } from './trace-error.ts';

type Zlib = Pick<typeof import('node:zlib'), 'gzipSync'>;

const calls: Readonly<Partial<Record<number, number>>> = {
  [Opcode.malloc]: Call.malloc,
  [Opcode.calloc]: Call.calloc,
  [Opcode.memalign]: Call.memalign,
  [Opcode.realloc]: Call.realloc,
  [Opcode.free]: Call.free,
};

// Names of call sites to a section: far below its most bytes, whatever their length is.
const sitesPerSection = 1000;

/** A file being written. */
export class CytraceWriter {
  readonly #head: CytraceHead;
  readonly #emit: (piece: Uint8Array) => void;
  readonly #zlib: Zlib;
  readonly #refusal: Refusal;
  readonly #columns: readonly ColumnWriter[] = Array.from({ length: columnCount }, () => new ColumnWriter());
  readonly #blocks = new Blocks();
  readonly #numbers: BlockNumbers;
  #operations = 0;
  #inSection = 0;
  #sinceSwitch = 0;
  #thread = 0;
  #threads = 1;
  #time = 0;

  private constructor(head: CytraceHead, emit: (piece: Uint8Array) => void, zlib: Zlib) {
    this.#head = head;
    this.#emit = emit;
    this.#zlib = zlib;
    this.#numbers = new BlockNumbers(head.numbering);
    this.#refusal = { fail: (message) => this.#fail(message) };
    const start = new Uint8Array(fileHeaderBytes);
    start.set(cytraceMagic);
    start[cytraceMagic.length] = cytraceVersion;
    emit(start);
    this.#json(Section.head, head);
  }

  /**
   * Begins a file.
   * @param head what the reader is told first
   * @param emit takes the pieces, in order
   */
  static async open(head: CytraceHead, emit: (piece: Uint8Array) => void): Promise<CytraceWriter> {
    return new CytraceWriter(head, emit, await import('node:zlib'));
  }

  /** Operations written. */
  get operations(): number {
    return this.#operations;
  }

  /** The thread that makes the operations from here on. */
  switchThread(thread: number): void {
    if (thread === this.#thread) return;
    this.#thread = thread;
    this.#threads = Math.max(this.#threads, thread + 1);
    this.#columns[Column.threads].varint(this.#sinceSwitch);
    this.#columns[Column.threads].varint(thread);
    this.#sinceSwitch = 0;
  }

  /**
   * Writes a heap call.
   * @param opcode a c m r f
   * @param id block, -1 for free(NULL)
   * @param size bytes, 0 of a free
   * @param alignment of m
   * @throws TraceError ERR_TRACE_FORMAT when a replay of it could not be valid
   */
  push(opcode: OpcodeValue, id: number, size: number, alignment = 0): void {
    if (opcode === Opcode.free && id < 0) this.#columns[Column.calls].byte(Call.freeNull);
    else if (opcode === Opcode.free) this.#free(id);
    else if (opcode === Opcode.realloc) this.#realloc(id, size);
    else this.#allocate(opcode, id, size, alignment);
    this.#done();
  }

  /** Writes an operation that only traces with damage have; `value` of `w`. */
  pushDamage(opcode: number, id: number, size: number, extra: number, secondId: number, value: bigint): void {
    if (opcode === Opcode.freeAgain) this.#blocks.release(this.#refusal, id, true);
    if (opcode === Opcode.alias) {
      this.#blocks.makeAlias(this.#refusal, id);
      this.#numbers.taken(id);
    }
    this.#columns[Column.calls].byte(Call.damage);
    const column = this.#columns[Column.damage];
    column.byte(opcode);
    column.signed(id + 1);
    column.signed(size);
    if (opcode === Opcode.write) column.word64(value);
    else column.signed(extra);
    column.signed(secondId);
    this.#done();
  }

  /** When, in ns since the beginning, the next operation is made; never earlier than the one before. */
  stamp(timeNs: number): void {
    const time = Math.max(this.#time, timeNs);
    this.#columns[Column.times].varint(time - this.#time);
    this.#time = time;
  }

  /** Where the next operation is called from. */
  site(index: number): void {
    this.#columns[Column.sites].varint(index);
  }

  /**
   * Ends the file.
   * @param siteNames what the indices given to `site` mean
   * @param recording what a recording tells at its end
   * @returns what the reader will count
   */
  finish(siteNames: readonly string[] = [], recording?: CytraceTotals['recording']): CytraceTotals {
    this.#flush();
    for (let first = 0; first < siteNames.length; first += sitesPerSection) {
      this.#json(Section.sites, siteNames.slice(first, first + sitesPerSection));
    }
    const totals: CytraceTotals = {
      operations: this.#operations,
      blocks: this.#blocks.count,
      threads: this.#threads,
      peakLiveBytes: this.#blocks.peakBytes,
      peakLiveBlocks: this.#blocks.peakBlocks,
      liveAtEnd: this.#blocks.liveBlocks,
      ...(recording ? { recording } : {}),
    };
    this.#json(Section.end, totals);
    return totals;
  }

  #allocate(opcode: number, id: number, size: number, alignment: number): void {
    if (!allocates(opcode)) this.#fail(`opcode ${opcode} is no heap call`);
    if (id > mostGivenNumber(this.#operations)) this.#fail(`block number ${id} is too large for this place`);
    const given = this.#numbers.next() !== id;
    this.#blocks.allocate(this.#refusal, id, size);
    this.#numbers.taken(id);
    this.#columns[Column.calls].byte((calls[opcode] as number) + (given ? Call.given : 0));
    if (given) this.#columns[Column.blocks].varint(id);
    if (opcode === Opcode.memalign) this.#columns[Column.alignments].varint(alignment);
    this.#columns[Column.sizes].varint(size);
  }

  #realloc(id: number, size: number): void {
    this.#blocks.resize(this.#refusal, id, size);
    this.#columns[Column.calls].byte(Call.realloc);
    this.#columns[Column.blocks].varint(this.#numbers.reference(id));
    this.#columns[Column.sizes].varint(size);
  }

  #free(id: number): void {
    this.#blocks.release(this.#refusal, id, false);
    this.#columns[Column.calls].byte(Call.free);
    this.#columns[Column.blocks].varint(this.#numbers.reference(id));
    this.#numbers.freed(id);
  }

  #done(): void {
    this.#operations++;
    this.#inSection++;
    this.#sinceSwitch++;
    if (this.#inSection === sectionOperations) this.#flush();
  }

  #flush(): void {
    const lengths = this.#columns.map(({ length }) => length);
    const total = lengths.reduce((sum, length) => sum + length, columnLengthsBytes);
    if (this.#inSection > 0) {
      const bytes = new Uint8Array(total);
      new Uint32Array(bytes.buffer, 0, columnCount).set(lengths);
      let at = columnLengthsBytes;
      for (const column of this.#columns) {
        bytes.set(column.bytes.subarray(0, column.length), at);
        at += column.length;
        column.clear();
      }
      this.#section(Section.operations, bytes, this.#inSection);
    }
    this.#inSection = 0;
    this.#sinceSwitch = 0;
  }

  #json(kind: number, document: object): void {
    this.#section(kind, new TextEncoder().encode(JSON.stringify(document)), 0);
  }

  #section(kind: number, bytes: Uint8Array, operations: number): void {
    const packed = this.#zlib.gzipSync(bytes);
    const header = new DataView(new ArrayBuffer(sectionHeaderBytes));
    header.setUint8(0, kind);
    header.setUint32(4, packed.length, true);
    header.setUint32(8, bytes.length, true);
    header.setUint32(12, operations, true);
    this.#emit(new Uint8Array(header.buffer));
    this.#emit(packed);
  }

  #fail(message: string): never {
    const where = `operation ${this.#operations}`;
    throw new TraceError('ERR_TRACE_FORMAT', this.#head.name, `${where}: ${message}`);
  }
}
