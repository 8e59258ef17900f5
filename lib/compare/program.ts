/**
 * A trace as the native replayer reads it: fixed records, nothing to parse. The layout is drawn in
 * native/tools/replayer/program.h; both sides must change together.
 */
import { Opcode, type Trace } from '../trace/index.ts';

const headerBytes = 32;
const recordBytes = 16;
const programVersion = 1;
const magic = 'cyreplay';
/** The letter of a record that names a thread; the trace format's own. */
const threadRecord = 't'.charCodeAt(0);

/** What goes into a program besides the operations. */
export interface ProgramOptions {
  /** Tell which thread makes each call, where the trace tells it. @defaultValue false */
  threads?: boolean;
}

/**
 * Encodes a trace for `replayer`.
 * @param trace any trace; damage operations are encoded too, the replayer runs them when told to
 * @returns the program, in the machine's byte order (little-endian on every platform supported)
 */
export function encodeProgram(trace: Trace, options: ProgramOptions = {}): Uint8Array {
  const { opcodes, ids, sizes, operationCount, blockCount } = trace;
  const switches = options.threads ? trace.threadSwitches : [];
  const records = countRecords(opcodes) + switches.length;
  const bytes = new Uint8Array(headerBytes + records * recordBytes);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < magic.length; at++) bytes[at] = magic.charCodeAt(at);
  view.setUint32(8, programVersion, true);
  view.setUint32(12, blockCount, true);
  view.setBigUint64(16, BigInt(operationCount), true);
  view.setBigUint64(24, BigInt(records), true);
  let at = headerBytes;
  let nextSwitch = 0;
  for (let index = 0; index < operationCount; index++) {
    for (; switches[nextSwitch]?.operation === index; nextSwitch++) {
      bytes[at] = threadRecord;
      view.setInt32(at + 4, switches[nextSwitch].thread, true);
      at += recordBytes;
    }
    bytes[at] = opcodes[index];
    view.setInt32(at + 4, ids[index], true);
    setInt64(view, at + 8, sizes[index]);
    at += recordBytes;
    if (!isExtended(opcodes[index])) continue;
    writeExtension(view, at, trace, index);
    at += recordBytes;
  }
  return bytes;
}

function writeExtension(view: DataView, at: number, trace: Trace, index: number): void {
  if (trace.opcodes[index] === Opcode.write) view.setBigUint64(at, trace.values[trace.extras[index]], true);
  else setInt64(view, at, trace.extras[index]);
  if (trace.hasDamage) view.setInt32(at + 8, trace.secondIds[index], true);
}

/** A safe integer as 64 bits, two's complement, without a BigInt for each. */
function setInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
}

function countRecords(opcodes: Uint8Array): number {
  let records = opcodes.length;
  for (const opcode of opcodes) if (isExtended(opcode)) records++;
  return records;
}

/** Operations whose record is followed by an extension: m o w p q P Q n. */
function isExtended(opcode: number): boolean {
  switch (opcode) {
    case Opcode.memalign:
    case Opcode.mallopt:
    case Opcode.write:
    case Opcode.writeAddress:
    case Opcode.writeMangled:
    case Opcode.writeFirstChunk:
    case Opcode.writeFirstChunkMangled:
    case Opcode.alias:
      return true;
    default:
      return false;
  }
}
