/**
 * Replays a trace on the simulated heap, all its operations if told to, and writes the lines that the native
 * replayer writes (docs/trace-format.md, placements). Block numbers hold 64-bit addresses in damaged traces, so
 * that a pointer may lead anywhere.
 */
import { HeapError } from '../core/index.ts';
import { type Heap, MAIN_ARENA } from '../heap/index.ts';
import { Opcode, type Trace } from '../trace/index.ts';
import { HeapPlaces } from './heap-places.ts';
import type { NativeImage } from './native-image.ts';

/** How to replay. */
export interface HeapReplayOptions {
  /** Run the operations of damage traces too. @defaultValue false */
  damage?: boolean;
  /** A word that is read and points into our main arena's struct is written as this run's. */
  like?: NativeImage | null;
  /** Told when all operations are done, before the thread ends: what the native image shows. */
  onEnd?: () => void;
}

/**
 * Replays.
 * @param trace what to run
 * @param heap where, fresh
 * @returns one line per operation; `! message` last if the run died
 */
export function heapPlacements(trace: Trace, heap: Heap, options: HeapReplayOptions = {}): string[] {
  const run = new HeapRun(trace, heap, options);
  try {
    for (let index = 0; index < trace.operationCount; index++) run.step(index);
    options.onEnd?.();
    // The native thread ends too, and gives back what it has cached: damage may be found even then.
    if (heap.threaded) heap.exitThread();
  } catch (error) {
    run.lines.push(`! ${endingOf(error)}`);
  }
  return run.lines;
}

/** @returns what the native replayer says of such an end; a defect of ours is told as one */
function endingOf(error: unknown): string {
  if (!(error instanceof HeapError)) return `DEFECT ${error instanceof Error ? error.stack : String(error)}`;
  if (error.code !== 'ERR_HEAP_FAULT') return error.message;
  return error.message.startsWith('TIMEOUT') ? 'TIMEOUT' : 'SEGV';
}

/** memalign rounds other alignments up; the heap wants them rounded already. */
function powerOfTwo(alignment: number): number {
  return alignment <= 1 ? 1 : 2 ** Math.ceil(Math.log2(alignment));
}

class HeapRun {
  readonly lines: string[] = [];
  readonly #trace: Trace;
  readonly #heap: Heap;
  readonly #damage: boolean;
  readonly #like: NativeImage | null;
  /** Window offsets; 0 is null, -1 an address elsewhere. */
  readonly #pointers: Float64Array;
  readonly #wild = new Map<number, bigint>();
  readonly #places: HeapPlaces;

  constructor(trace: Trace, heap: Heap, options: HeapReplayOptions) {
    this.#trace = trace;
    this.#heap = heap;
    this.#damage = options.damage ?? false;
    this.#like = options.like ?? null;
    this.#pointers = new Float64Array(trace.blockCount);
    this.#places = new HeapPlaces(heap);
  }

  step(index: number): void {
    const { opcodes, ids, sizes, extras } = this.#trace;
    const heap = this.#heap;
    const id = ids[index];
    const size = sizes[index];
    switch (opcodes[index]) {
      case Opcode.malloc:
        this.#given(id, heap.malloc(size));
        break;
      case Opcode.calloc:
        this.#given(id, heap.calloc(1, size));
        break;
      case Opcode.memalign:
        this.#given(id, heap.memalign(powerOfTwo(extras[index]), size));
        break;
      case Opcode.realloc:
        this.#resized(id, heap.realloc(this.#pointer(id), size));
        break;
      case Opcode.free:
        heap.free(id < 0 ? null : this.#pointer(id));
        this.lines.push('-');
        break;
      default:
        this.lines.push(this.#damage ? this.#study(index) : '-');
    }
  }

  /** @returns a pointer that a call can be made with; faults when it leads out of the window */
  #pointer(id: number): number | null {
    const pointer = this.#pointers[id];
    if (pointer > 0) return pointer;
    return pointer === 0 ? null : this.#heap.fault(this.#wild.get(id)!);
  }

  #address(id: number): bigint {
    const pointer = this.#pointers[id];
    if (pointer > 0) return this.#heap.real(pointer);
    return pointer === 0 ? 0n : this.#wild.get(id)!;
  }

  #setAddress(id: number, address: bigint): void {
    const isHere = Number(address >> 32n) === this.#heap.hi && (address & 0xffff_ffffn) !== 0n;
    this.#pointers[id] = isHere ? Number(address & 0xffff_ffffn) : address === 0n ? 0 : -1;
    this.#wild.set(id, address);
  }

  #given(id: number, pointer: number | null): void {
    this.#pointers[id] = pointer ?? 0;
    this.lines.push(this.#places.line(pointer));
  }

  /** A failed realloc leaves the block alone. */
  #resized(id: number, pointer: number | null): void {
    if (pointer !== null) this.#pointers[id] = pointer;
    this.lines.push(this.#places.line(pointer));
  }

  /** Runs an operation that is no heap call of a program. @returns its line */
  #study(index: number): string {
    const { opcodes, ids, sizes, extras } = this.#trace;
    const heap = this.#heap;
    switch (opcodes[index]) {
      case Opcode.usableSize: {
        const pointer = this.#pointer(ids[index]);
        return `= ${pointer === null ? 0 : BigInt.asUintN(64, BigInt(heap.usableSize(pointer)))}`;
      }
      case Opcode.read:
        return `= ${this.#translated(heap.peek(this.#location(index)))}`;
      case Opcode.trim:
        heap.trim(sizes[index]);
        break;
      case Opcode.mallopt:
        heap.mallopt(sizes[index], extras[index]);
        break;
      case Opcode.freeAgain:
        heap.free(this.#pointer(ids[index]));
        break;
      case Opcode.alias:
        this.#setAddress(ids[index], this.#target(index));
        break;
      default:
        heap.poke(this.#location(index), this.#value(index));
    }
    return '-';
  }

  #location(index: number): bigint {
    const { ids, sizes } = this.#trace;
    return BigInt.asUintN(64, this.#address(ids[index]) + BigInt(sizes[index]));
  }

  /** Address that `p q n` name. */
  #target(index: number): bigint {
    const { secondIds, extras } = this.#trace;
    return BigInt.asUintN(64, this.#address(secondIds[index]) + BigInt(extras[index]));
  }

  /** The word that a writing operation writes. */
  #value(index: number): bigint {
    const { opcodes, extras, values } = this.#trace;
    const mangle = (value: bigint): bigint => (this.#location(index) >> 12n) ^ value;
    const chunk = BigInt.asUintN(64, this.#heap.real(this.#places.firstChunk) + BigInt(extras[index]));
    switch (opcodes[index]) {
      case Opcode.write:
        return values[extras[index]];
      case Opcode.writeAddress:
        return this.#target(index);
      case Opcode.writeMangled:
        return mangle(this.#target(index));
      case Opcode.writeFirstChunk:
        return chunk;
      default:
        return mangle(chunk);
    }
  }

  #translated(word: bigint): bigint {
    if (this.#like === null) return word;
    const start = this.#heap.real(MAIN_ARENA);
    const isInside = word >= start && word < start + BigInt(this.#heap.profile.state.sizeBytes);
    return isInside ? word - start + this.#like.mainArena : word;
  }
}
