/** Generated traces of any length, written as they are made: in memory for their live blocks. */
import { CytraceWriter } from './cytrace-write.ts';
import { type GenerateOptions, makeTrace } from './generate.ts';
import type { OperationList } from './operation-list.ts';
import { allocates, Opcode, type OpcodeValue } from './trace.ts';
import { TraceMaker } from './trace-maker.ts';

/** Numbers of a maker, which counts on, to numbers that are used again. */
class Renumbering {
  readonly #numbers = new Map<number, number>();
  readonly #freed: number[] = [];

  born(id: number): number {
    const number = this.#freed.pop() ?? this.#numbers.size;
    this.#numbers.set(id, number);
    return number;
  }

  of(id: number): number {
    return this.#numbers.get(id) ?? -1;
  }

  freed(id: number): number {
    const number = this.of(id);
    if (number < 0) return -1;
    this.#numbers.delete(id);
    this.#freed.push(number);
    return number;
  }
}

/**
 * Writes a generated trace as a `.cytrace`: the operations of `generateTrace`, their block numbers used again.
 * @param profile one of the names in `traceProfiles`
 * @param options seed and length
 * @param emit takes the pieces of the file, in order
 * @returns operations written
 * @throws ArgumentError ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export async function writeGenerated(
  profile: string,
  options: GenerateOptions,
  emit: (piece: Uint8Array) => void,
): Promise<number> {
  const { name, what, operations, write } = makeTrace(profile, options);
  const plain = { numbering: 'recycled', times: false, sites: false, source: 'generate' } as const;
  const writer = await CytraceWriter.open({ name, what, ...plain }, emit);
  const numbers = new Renumbering();
  const maker = new TraceMaker(operations, (piece) => writePiece(writer, piece, numbers));
  write(maker);
  maker.finish(name, what);
  writer.finish();
  return writer.operations;
}

function writePiece(writer: CytraceWriter, piece: OperationList, numbers: Renumbering): void {
  const { opcodes, ids, sizes, extras, secondIds, count } = piece;
  for (let index = 0; index < count; index++) {
    const opcode = opcodes[index] as OpcodeValue;
    const id = ids[index];
    if (opcode === Opcode.free) writer.push(opcode, numbers.freed(id), 0);
    else if (opcode === Opcode.realloc) writer.push(opcode, numbers.of(id), sizes[index]);
    else if (allocates(opcode)) writer.push(opcode, numbers.born(id), sizes[index], extras[index]);
    else writer.pushDamage(opcode, numbers.of(id), sizes[index], extras[index], secondIds[index] ?? 0, 0n);
  }
}
