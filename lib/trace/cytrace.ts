/** Between a whole trace in memory and a `.cytrace`. */
import type { TraceBatch, TraceStream } from './batch.ts';
import type { CytraceHead } from './cytrace-layout.ts';
import type { CytraceWriter } from './cytrace-write.ts';
import { allocates, Opcode, type OpcodeValue, type ThreadSwitch, type Trace } from './trace.ts';

/** What a batch and a whole trace have in common. */
type Operations = Pick<Trace, 'opcodes' | 'ids' | 'sizes' | 'extras' | 'secondIds' | 'values'>;

/** Writes a batch, which may be a whole trace. */
export function writeOperations(writer: CytraceWriter, batch: TraceBatch): void {
  const { firstOperation, operationCount, threadSwitches, timesNs, sites } = batch;
  let switched = 0;
  for (let index = 0; index < operationCount; index++) {
    for (; threadSwitches[switched]?.operation === firstOperation + index; switched++) {
      writer.switchThread(threadSwitches[switched].thread);
    }
    if (timesNs.length > 0) writer.stamp(timesNs[index]);
    if (sites.length > 0) writer.site(sites[index]);
    writeOperation(writer, batch, index);
  }
}

function writeOperation(writer: CytraceWriter, batch: Operations, index: number): void {
  const { opcodes, ids, sizes, extras, secondIds, values } = batch;
  const opcode = opcodes[index] as OpcodeValue;
  if (opcode === Opcode.free || allocates(opcode)) {
    writer.push(opcode, ids[index], sizes[index], extras[index]);
  } else {
    const value = opcode === Opcode.write ? values[extras[index]] : 0n;
    writer.pushDamage(opcode, ids[index], sizes[index], extras[index], secondIds[index], value);
  }
}

/** Numbers that are used again are best told by which was freed last, others by counting on. */
export function numberingOf({
  opcodes,
  ids,
  blockCount,
}: Pick<Trace, 'opcodes' | 'ids' | 'blockCount'>): CytraceHead['numbering'] {
  let allocations = 0;
  for (let index = 0; index < opcodes.length; index++) {
    if (ids[index] >= 0 && opcodes[index] !== Opcode.realloc && allocates(opcodes[index])) allocations++;
  }
  return allocations > 2 * blockCount ? 'recycled' : 'counting';
}

/**
 * Reads a stream to its end into one trace.
 * @param stream not yet read
 * @param mostOperations where to stop
 * @param refuse called, and to throw, when there are more
 */
export async function collectTrace(
  stream: TraceStream,
  mostOperations: number,
  refuse: () => never,
): Promise<Trace> {
  const parts: ReturnType<typeof copyOf>[] = [];
  for await (const batch of stream) {
    if (batch.firstOperation + batch.operationCount > mostOperations) refuse();
    parts.push(copyOf(batch));
  }
  const { totals, head } = stream;
  if (totals === null) throw new Error('a trace stream ended without its totals');
  const { operationCount: count, hasDamage } = totals;
  const whole = {
    opcodes: new Uint8Array(count),
    ids: new Int32Array(count),
    sizes: new Float64Array(count),
    extras: new Float64Array(count),
    secondIds: new Int32Array(hasDamage ? count : 0),
  };
  const timesNs = new Float64Array(parts[0]?.timesNs.length ? count : 0);
  const sites = new Uint32Array(parts[0]?.sites.length ? count : 0);
  const threadSwitches: ThreadSwitch[] = [];
  const values: bigint[] = [];
  for (let place = 0; place < parts.length; place++) {
    const part = parts[place];
    parts[place] = null as never; // The halves together must not be held at once.
    const { firstOperation: at } = part;
    shiftValues(part, values.length);
    for (const key of ['opcodes', 'ids', 'sizes', 'extras'] as const) whole[key].set(part[key], at);
    if (part.secondIds.length > 0) whole.secondIds.set(part.secondIds, at);
    if (timesNs.length > 0) timesNs.set(part.timesNs, at);
    if (sites.length > 0) sites.set(part.sites, at);
    for (const one of part.threadSwitches) threadSwitches.push(one);
    for (const value of part.values) values.push(value);
  }
  return {
    ...head,
    ...totals,
    ...whole,
    values: BigUint64Array.from(values),
    threadSwitches,
    ...(timesNs.length > 0 ? { timesNs } : {}),
    ...(sites.length > 0 ? { sites } : {}),
  };
}

/** The value of a `w` is named by its place among those of the batch. */
function shiftValues({ opcodes, extras }: Operations, by: number): void {
  if (by === 0) return;
  for (let index = 0; index < opcodes.length; index++) {
    if (opcodes[index] === Opcode.write) extras[index] += by;
  }
}

function copyOf(batch: TraceBatch): TraceBatch {
  const { operationCount: count } = batch;
  return {
    ...batch,
    opcodes: batch.opcodes.slice(0, count),
    ids: batch.ids.slice(0, count),
    sizes: batch.sizes.slice(0, count),
    extras: batch.extras.slice(0, count),
    secondIds: batch.secondIds.slice(0, count),
    timesNs: batch.timesNs.slice(0, count),
    sites: batch.sites.slice(0, count),
    threadSwitches: [...batch.threadSwitches],
  };
}
