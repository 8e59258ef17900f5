/** Decodes the operations of one section into a batch, checking that a replay of them is valid. */
import type { TraceBatch } from './batch.ts';
import { Blocks, type Refusal } from './blocks.ts';
import { ColumnReader } from './columns.ts';
import {
  Call,
  Column,
  type CytraceHead,
  columnCount,
  columnLengthsBytes,
  sectionOperations,
} from './cytrace-layout.ts';
import { BlockNumbers, mostGivenNumber } from './numbering.ts';
import { Opcode } from './trace.ts';

const opcodes = [Opcode.malloc, Opcode.calloc, Opcode.memalign] as const;
const damageOpcodes: ReadonlySet<number> = new Set<number>(Object.values(Opcode).slice(5));
const mostThread = 65_535;

/** What is known between two sections. */
export class SectionDecoder {
  readonly blocks: Blocks = new Blocks();
  readonly #numbers: BlockNumbers;
  readonly #head: CytraceHead;
  readonly #refusal: Refusal;
  readonly #batch: TraceBatch;
  threadCount = 1;
  hasDamage = false;
  /** Largest index of a call site seen, -1 for none. */
  largestSite = -1;
  #time = 0;
  #values: bigint[] = [];

  constructor(head: CytraceHead, refusal: Refusal) {
    this.#head = head;
    this.#refusal = refusal;
    this.#numbers = new BlockNumbers(head.numbering);
    this.#batch = emptyBatch(head);
  }

  /** Operations decoded. */
  get operations(): number {
    return this.#batch.firstOperation + this.#batch.operationCount;
  }

  /**
   * Decodes a section.
   * @param bytes unpacked
   * @param count operations in it, 1 to `sectionOperations`
   * @returns a batch whose arrays the next call overwrites
   */
  decode(bytes: Uint8Array, count: number): TraceBatch {
    const batch = this.#batch;
    batch.firstOperation += batch.operationCount;
    batch.operationCount = count;
    batch.secondIds = new Int32Array(0);
    this.#values = [];
    batch.extras.fill(0);
    const columns = this.#openColumns(bytes);
    this.#operations(columns, count);
    this.#threads(columns[Column.threads], count);
    if (this.#head.times) this.#times(columns[Column.times], count);
    if (this.#head.sites) this.#sites(columns[Column.sites], count);
    for (const column of columns)
      if (!column.isAtEnd) this.#refusal.fail('a column is longer than it must be');
    batch.values = BigUint64Array.from(this.#values);
    batch.blockCount = this.blocks.count;
    return batch;
  }

  #openColumns(bytes: Uint8Array): ColumnReader[] {
    if (bytes.length < columnLengthsBytes) this.#refusal.fail('a section is too short for its columns');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = columnLengthsBytes;
    const columns = Array.from({ length: columnCount }, (_, place) => {
      const first = at;
      at += view.getUint32(4 * place, true);
      return new ColumnReader(bytes, first, Math.min(at, bytes.length), this.#refusal);
    });
    if (at !== bytes.length) this.#refusal.fail('the columns do not fill their section');
    return columns;
  }

  #operations(columns: readonly ColumnReader[], count: number): void {
    const calls = columns[Column.calls];
    const references = columns[Column.blocks];
    const sizes = columns[Column.sizes];
    const numbers = this.#numbers;
    const { blocks } = this;
    const refusal = this.#refusal;
    const batch = this.#batch;
    for (let index = 0; index < count; index++) {
      const call = calls.byte();
      let size = 0;
      let id = -1;
      if (call === Call.free) {
        id = numbers.reference(references.varint());
        blocks.release(refusal, id, false);
        numbers.freed(id);
        batch.opcodes[index] = Opcode.free;
      } else if ((call & ~Call.given) <= Call.memalign) {
        id = numbers.next();
        if (call >= Call.given) id = references.varint();
        if (id > mostGivenNumber(batch.firstOperation + index))
          refusal.fail(`block number ${id} is too large`);
        size = sizes.varint();
        blocks.allocate(refusal, id, size);
        numbers.taken(id);
        const kind = call & ~Call.given;
        batch.opcodes[index] = opcodes[kind];
        if (kind === Call.memalign) batch.extras[index] = columns[Column.alignments].varint();
      } else if (call === Call.realloc) {
        id = numbers.reference(references.varint());
        size = sizes.varint();
        blocks.resize(refusal, id, size);
        batch.opcodes[index] = Opcode.realloc;
      } else if (call === Call.freeNull) {
        batch.opcodes[index] = Opcode.free;
      } else if (call === Call.damage) {
        this.#damage(columns[Column.damage], index);
        continue;
      } else {
        refusal.fail(`call ${call} is unknown`);
      }
      batch.ids[index] = id;
      batch.sizes[index] = size;
    }
  }

  #damage(column: ColumnReader, index: number): void {
    const batch = this.#batch;
    const refusal = this.#refusal;
    const opcode = column.byte();
    if (!damageOpcodes.has(opcode)) refusal.fail(`operation ${opcode} is unknown`);
    const id = column.signed() - 1;
    if (id < -1 || id > mostGivenNumber(this.operations)) refusal.fail(`block number ${id} is wrong`);
    batch.opcodes[index] = opcode;
    batch.ids[index] = id;
    batch.sizes[index] = column.signed();
    if (opcode === Opcode.write) {
      batch.extras[index] = this.#values.push(column.word64()) - 1;
    } else {
      batch.extras[index] = column.signed();
    }
    const secondId = column.signed();
    if (batch.secondIds.length === 0) batch.secondIds = new Int32Array(sectionOperations);
    batch.secondIds[index] = secondId;
    this.hasDamage = true;
    this.#judgeDamage(opcode, id, secondId);
  }

  #judgeDamage(opcode: number, id: number, secondId: number): void {
    const { blocks } = this;
    const refusal = this.#refusal;
    if (opcode === Opcode.alias) {
      blocks.requireKnown(refusal, secondId);
      blocks.makeAlias(refusal, id);
      this.#numbers.taken(id);
      return;
    }
    if (opcode !== Opcode.trim && opcode !== Opcode.mallopt) blocks.requireKnown(refusal, id);
    if (opcode === Opcode.freeAgain) blocks.release(refusal, id, true);
    if (opcode === Opcode.writeAddress || opcode === Opcode.writeMangled) {
      blocks.requireKnown(refusal, secondId);
    }
  }

  #threads(column: ColumnReader, count: number): void {
    const batch = this.#batch;
    batch.threadSwitches = [];
    for (let done = 0; !column.isAtEnd; ) {
      done += column.varint();
      const thread = column.varint();
      if (done > count || thread > mostThread) this.#refusal.fail('a thread begins where no operation is');
      batch.threadSwitches.push({ operation: batch.firstOperation + done, thread });
      this.threadCount = Math.max(this.threadCount, thread + 1);
    }
  }

  #times(column: ColumnReader, count: number): void {
    for (let index = 0; index < count; index++) {
      this.#time += column.varint();
      this.#batch.timesNs[index] = this.#time;
    }
  }

  #sites(column: ColumnReader, count: number): void {
    for (let index = 0; index < count; index++) {
      const site = column.varint();
      if (site > this.largestSite) this.largestSite = site;
      this.#batch.sites[index] = site;
    }
  }
}

function emptyBatch(head: CytraceHead): TraceBatch {
  const length = sectionOperations;
  return {
    firstOperation: 0,
    operationCount: 0,
    blockCount: 0,
    opcodes: new Uint8Array(length),
    ids: new Int32Array(length),
    sizes: new Float64Array(length),
    extras: new Float64Array(length),
    secondIds: new Int32Array(0),
    values: new BigUint64Array(0),
    threadSwitches: [],
    timesNs: new Float64Array(head.times ? length : 0),
    sites: new Uint32Array(head.sites ? length : 0),
  };
}
