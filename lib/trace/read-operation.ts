/** One line of a trace, after its letter: fields read, rules checked, operation stored. */
import type { Blocks } from './blocks.ts';
import type { Cursor } from './cursor.ts';
import type { OperationList } from './operation-list.ts';
import { Opcode } from './trace.ts';

/** What a line is read with. */
export interface LineReader {
  cursor: Cursor;
  blocks: Blocks;
  list: OperationList;
  /** Largest block number allowed. */
  lastBlock: number;
  /** Malloc-lab: `r` on an empty number is a malloc, and `f` of one freed by `r id 0` is harmless. */
  lenient: boolean;
}

const maximumSize = Number.MAX_SAFE_INTEGER;
const threadLetter = 0x74;

/** Reads `a`, `c`, `m`, `r` and `f`. @returns false when the letter is another */
export function readHeapCall(reader: LineReader, opcode: number): boolean {
  const { cursor, blocks, list, lastBlock } = reader;
  if (opcode === Opcode.free) {
    readFree(reader);
  } else if (opcode === Opcode.malloc || opcode === Opcode.calloc) {
    const id = cursor.block(lastBlock);
    const size = cursor.natural('a size in bytes', maximumSize);
    blocks.allocate(cursor, id, size);
    list.push(opcode, id, size);
  } else if (opcode === Opcode.realloc) {
    readRealloc(reader);
  } else if (opcode === Opcode.memalign) {
    const id = cursor.block(lastBlock);
    const alignment = cursor.natural('an alignment in bytes', maximumSize);
    const size = cursor.natural('a size in bytes', maximumSize);
    blocks.allocate(cursor, id, size);
    list.pushAligned(id, alignment, size);
  } else {
    return false;
  }
  return true;
}

function readFree({ cursor, blocks, list, lastBlock, lenient }: LineReader): void {
  const id = cursor.block(lastBlock, true);
  if (id < 0 || (lenient && blocks.wasEmptied(id))) {
    list.push(Opcode.free, -1, 0);
    return;
  }
  blocks.release(cursor, id, false);
  list.push(Opcode.free, id, 0);
}

function readRealloc({ cursor, blocks, list, lastBlock, lenient }: LineReader): void {
  const id = cursor.block(lastBlock);
  const size = cursor.natural('a size in bytes', maximumSize);
  if (lenient && !blocks.isLive(id)) {
    blocks.allocate(cursor, id, size);
    list.push(Opcode.malloc, id, size);
  } else if (size === 0) {
    blocks.release(cursor, id, false);
    blocks.markEmptied(id);
    list.push(Opcode.free, id, 0);
  } else {
    blocks.resize(cursor, id, size);
    list.push(Opcode.realloc, id, size);
  }
}

/** Reads the operations that only damage traces have, and `t`. @returns false when the letter is another */
export function readRareLine(reader: LineReader, opcode: number): boolean {
  const { cursor, blocks, list, lastBlock } = reader;
  switch (opcode) {
    case threadLetter:
      list.switchThread(cursor.natural('a thread number', 65535));
      return true;
    case Opcode.trim:
      list.pushDamage(opcode, -1, cursor.natural('a pad in bytes', maximumSize));
      return true;
    case Opcode.mallopt: {
      const parameter = cursor.signed('a mallopt parameter', -(2 ** 31), 2 ** 31 - 1);
      list.pushDamage(opcode, -1, parameter, cursor.signed('an int', -(2 ** 31), 2 ** 31 - 1));
      return true;
    }
    case Opcode.usableSize:
    case Opcode.freeAgain: {
      const id = knownBlock(reader);
      if (opcode === Opcode.freeAgain) blocks.release(cursor, id, true);
      list.pushDamage(opcode, id, 0);
      return true;
    }
    case Opcode.alias: {
      const id = cursor.block(lastBlock);
      const secondId = knownBlock(reader);
      list.pushDamage(opcode, id, 0, offset(cursor), secondId);
      blocks.makeAlias(cursor, id);
      return true;
    }
    default:
      return readMemoryAccess(reader, opcode);
  }
}

function readMemoryAccess(reader: LineReader, opcode: number): boolean {
  const { cursor, list } = reader;
  switch (opcode) {
    case Opcode.read:
      list.pushDamage(opcode, knownBlock(reader), offset(cursor));
      return true;
    case Opcode.write: {
      const id = knownBlock(reader);
      const at = offset(cursor);
      list.pushDamage(opcode, id, at, list.values.push(cursor.word64('a 64-bit value')) - 1);
      return true;
    }
    case Opcode.writeAddress:
    case Opcode.writeMangled: {
      const id = knownBlock(reader);
      const at = offset(cursor);
      const secondId = knownBlock(reader);
      list.pushDamage(opcode, id, at, offset(cursor), secondId);
      return true;
    }
    case Opcode.writeFirstChunk:
    case Opcode.writeFirstChunkMangled: {
      const id = knownBlock(reader);
      const at = offset(cursor);
      list.pushDamage(opcode, id, at, offset(cursor));
      return true;
    }
    default:
      return false;
  }
}

function knownBlock({ cursor, blocks, lastBlock }: LineReader): number {
  const id = cursor.block(lastBlock);
  blocks.requireKnown(cursor, id);
  return id;
}

function offset(cursor: Cursor): number {
  return cursor.signed('an offset in bytes', -maximumSize, maximumSize);
}
