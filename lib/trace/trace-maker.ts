/**
 * Writes a trace operation by operation, in a program's stead. Keeps the rules that the reader enforces, by
 * construction: what it makes can be written as text and read back.
 */
import { OperationList } from './operation-list.ts';
import { Opcode, type Trace } from './trace.ts';

const pieceOperations = 65_536;

/** A trace in the making. */
export class TraceMaker {
  /** Blocks that can be freed, oldest first, as far as nobody reordered them. */
  readonly live: number[] = [];
  /** Block numbers given so far. */
  blockCount = 0;
  #list: OperationList;
  readonly #capacity: number;
  readonly #onPiece: ((piece: OperationList) => void) | null;
  #given = 0;
  readonly #sizes = new Map<number, number>();
  #liveBytes = 0;
  #liveBlocks = 0;
  #peakBytes = 0;
  #peakBlocks = 0;

  /**
   * @param capacity most operations it can take, 1 or more
   * @param onPiece takes the operations piece by piece, the last piece at `finish`; without it they are kept
   */
  constructor(capacity: number, onPiece: ((piece: OperationList) => void) | null = null) {
    this.#capacity = capacity;
    this.#onPiece = onPiece;
    this.#list = new OperationList(onPiece ? Math.min(capacity, pieceOperations) : capacity);
  }

  /** Operations written. */
  get count(): number {
    return this.#given + this.#list.count;
  }

  /** True when no further operation fits; calls after that do nothing but number blocks. */
  get isFull(): boolean {
    if (this.count >= this.#capacity) return true;
    // Asked before each operation: there is room for it afterwards.
    if (this.#list.count === this.#list.opcodes.length) this.#givePiece();
    return false;
  }

  /** @returns bytes asked for last for a block */
  sizeOf(id: number): number {
    return this.#sizes.get(id) ?? 0;
  }

  /** @returns the number of the new block; when full a number that nothing will come of */
  malloc(size: number): number {
    if (this.isFull) return this.blockCount;
    this.#list.push(Opcode.malloc, this.blockCount, size);
    return this.#born(size);
  }

  calloc(size: number): number {
    if (this.isFull) return this.blockCount;
    this.#list.push(Opcode.calloc, this.blockCount, size);
    return this.#born(size);
  }

  memalign(alignment: number, size: number): number {
    if (this.isFull) return this.blockCount;
    this.#list.pushAligned(this.blockCount, alignment, size);
    return this.#born(size);
  }

  /** Resizes a live block; 0 bytes become 1, because realloc(p, 0) is a free. */
  realloc(id: number, size: number): void {
    if (this.isFull) return;
    const bytes = Math.max(1, size);
    this.#list.push(Opcode.realloc, id, bytes);
    this.#liveBytes -= this.sizeOf(id);
    this.#sizes.set(id, bytes);
    this.#account(bytes);
  }

  /** Frees the live block at a place of `live`; the last one takes its place. */
  freeAt(place: number): void {
    if (this.isFull) return;
    const id = this.live[place];
    const last = this.live.pop()!;
    if (place < this.live.length) this.live[place] = last;
    this.#list.push(Opcode.free, id, 0);
    this.#liveBlocks--;
    this.#forgetSize(id);
  }

  /** Frees the youngest block. */
  freeYoungest(): void {
    this.freeAt(this.live.length - 1);
  }

  /** Frees a block by its number; looked for among the youngest first. */
  free(id: number): void {
    if (!this.isFull) this.freeAt(this.live.lastIndexOf(id));
  }

  /** `D`: frees a block, live or not, and keeps its pointer. */
  freeAgain(id: number): void {
    if (this.isFull) return;
    const place = this.live.lastIndexOf(id);
    if (place >= 0) {
      this.live.splice(place, 1);
      this.#liveBlocks--;
      this.#forgetSize(id);
    }
    this.damage(Opcode.freeAgain, id, 0);
  }

  /** free(NULL). */
  freeNull(): void {
    if (!this.isFull) this.#list.push(Opcode.free, -1, 0);
  }

  usableSize(id: number): void {
    if (!this.isFull) this.#list.pushDamage(Opcode.usableSize, id, 0);
  }

  trim(pad: number): void {
    if (!this.isFull) this.#list.pushDamage(Opcode.trim, -1, pad);
  }

  mallopt(parameter: number, value: number): void {
    if (!this.isFull) this.#list.pushDamage(Opcode.mallopt, -1, parameter, value);
  }

  /** @returns a new block number that is not allocated: an alias is to be made of it */
  nextBlock(): number {
    return this.isFull ? this.blockCount - 1 : this.blockCount++;
  }

  /** Any other operation of damage traces, with the fields that lib/trace/trace.ts draws. */
  damage(opcode: number, id: number, size: number, extra = 0, secondId = 0): void {
    if (!this.isFull) this.#list.pushDamage(opcode, id, size, extra, secondId);
  }

  /** `w`: a 64-bit value at a block's offset. */
  write(id: number, offset: number, value: bigint): void {
    if (this.isFull) return;
    this.#list.pushDamage(Opcode.write, id, offset, this.#list.values.push(BigInt.asUintN(64, value)) - 1);
  }

  /** Takes a block out of `live` without an operation: it is not to be resized or freed any more. */
  forget(id: number): void {
    const place = this.live.lastIndexOf(id);
    if (place >= 0) this.live.splice(place, 1);
  }

  /**
   * Ends the trace; where pieces were given away, all but its operations is told.
   * @param name of the trace
   * @param what one line about it
   */
  finish(name: string, what: string): Trace {
    if (this.#onPiece && this.#list.count > 0) this.#givePiece();
    const { count, hasDamage, opcodes, ids, sizes, extras, secondIds, values } = this.#list;
    return {
      name,
      what,
      format: 'heap-trace',
      operationCount: count,
      blockCount: this.blockCount,
      threadCount: 1,
      opcodes: opcodes.subarray(0, count),
      ids: ids.subarray(0, count),
      sizes: sizes.subarray(0, count),
      extras: extras.subarray(0, count),
      secondIds: hasDamage ? secondIds.subarray(0, count) : secondIds,
      values: BigUint64Array.from(values),
      threadSwitches: [],
      hasDamage,
      peakLiveBytes: this.#peakBytes,
      peakLiveBlocks: this.#peakBlocks,
      liveAtEnd: this.#liveBlocks,
    };
  }

  #born(size: number): number {
    const id = this.blockCount++;
    this.#sizes.set(id, size);
    this.live.push(id);
    this.#liveBlocks++;
    this.#peakBlocks = Math.max(this.#peakBlocks, this.#liveBlocks);
    this.#account(size);
    return id;
  }

  #forgetSize(id: number): void {
    this.#account(-this.sizeOf(id));
    // Who makes damage asks for sizes of freed blocks; a trace given away in pieces keeps nothing of them.
    if (this.#onPiece) this.#sizes.delete(id);
  }

  #givePiece(): void {
    this.#given += this.#list.count;
    this.#onPiece?.(this.#list);
    this.#list = new OperationList(Math.min(pieceOperations, this.#capacity - this.#given));
  }

  #account(bytes: number): void {
    this.#liveBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
  }
}
