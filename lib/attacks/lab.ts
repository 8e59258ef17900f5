/**
 * Where a technique runs: the calls of a program and the wild writes of its mistake, on one heap. Everything is
 * told as a step, and recorded as a trace with writes, which the native malloc can replay (docs/trace-format.md).
 *
 * Guarantee: writes go through the heap's address space only. What is outside of its accessible memory ends as a
 * simulated segmentation fault, as in a process; nothing outside the window is ever touched.
 */
import { HeapError, hex } from '../core/index.ts';
import { type Heap, MAIN_ARENA } from '../heap/index.ts';
import { Opcode, TraceMaker } from '../trace/index.ts';
import type { Facts } from './facts.ts';
import { NoEffect } from './technique.ts';
import { address, type Block, type Claim, type Step, size, slot } from './telling.ts';

const mostOperations = 4000;
/** Written through one pointer and read through another. */
const signature = 0x6368_756e_6b79_6172n;

/** One run. */
export class Lab {
  readonly heap: Heap;
  readonly facts: Facts;
  readonly steps: Step[] = [];
  readonly claims: Claim[] = [];
  readonly trace: TraceMaker = new TraceMaker(mostOperations);
  /** Why this run cannot be repeated natively; null while it can. */
  notNative: string | null = null;
  /** Bytes that a defence adds to each block: asked for less, so that chunks have the sizes a technique wants. */
  readonly #extraBytes: number;
  #first: Block | null = null;
  #signatures = 0n;

  constructor(heap: Heap, facts: Facts, extraBytes = 0) {
    this.heap = heap;
    this.facts = facts;
    this.#extraBytes = extraBytes;
  }

  /** A first block comes and goes, of a size that nobody asks for again: from now on there is a cache. */
  makeCache(): void {
    this.free(this.malloc(0x1c8, 'first'));
  }

  /** Tells what happens next, and why. */
  say(text: string): void {
    this.steps.push({ kind: 'say', text });
  }

  /** @throws NoEffect when there is no memory */
  malloc(bytes: number, name = ''): Block {
    const id = this.trace.malloc(bytes);
    return this.#given(id, bytes, `malloc(${size(bytes)})`, name, () =>
      this.heap.malloc(this.#request(bytes)),
    );
  }

  /** @throws NoEffect when there is no memory */
  calloc(bytes: number, name = ''): Block {
    const id = this.trace.calloc(bytes);
    return this.#given(id, bytes, `calloc(1, ${size(bytes)})`, name, () =>
      this.heap.calloc(1, this.#request(bytes)),
    );
  }

  /** Frees; the program keeps the pointer, as it does by mistake. */
  free(block: Block): void {
    this.#step('call', `free(${block.name})`);
    this.trace.freeAgain(block.id);
    this.heap.free(block.pointer);
  }

  /** @returns so many blocks of one size */
  mallocMany(count: number, bytes: number): Block[] {
    return this.#quietly(`${count} x malloc(${size(bytes)})`, count, () =>
      Array.from({ length: count }, (_, k) => this.malloc(bytes, `f${k}`)),
    );
  }

  freeMany(blocks: readonly Block[]): void {
    this.#quietly(`free the ${blocks.length} of them`, blocks.length, () => {
      for (const block of blocks) this.free(block);
    });
  }

  /** mallopt(M_MMAP_MAX, 0): no block becomes a mapping of its own. */
  forbidMappings(): void {
    this.#step('call', 'mallopt(M_MMAP_MAX, 0)');
    this.trace.mallopt(-4, 0);
    this.heap.mallopt('mmap_max', 0);
  }

  /** A pointer to the inside of a block, or to any place of the heap. No operation of the allocator. */
  at(block: Block, offset: number, name: string): Block {
    const id = this.trace.nextBlock();
    this.trace.damage(Opcode.alias, id, 0, offset, block.id);
    return { name, id, pointer: (block.pointer + offset) >>> 0, bytes: Number.POSITIVE_INFINITY };
  }

  /** A pointer to a place of the heap whose distance from the first block is known. */
  place(pointer: number, name: string): Block {
    if (this.#first === null) throw new Error('no block yet: nothing that a place could be told from');
    return this.at(this.#first, pointer - this.#first.pointer, name);
  }

  /** A pointer into the C library's own data: there in the simulation, out of a trace's reach. */
  library(pointer: number, name: string): Block {
    this.notNative ??= "it names addresses of the C library's own data";
    return { name, id: 0, pointer, bytes: Number.POSITIVE_INFINITY };
  }

  /** The cache's struct. */
  cacheStruct(): Block {
    return this.place(this.heap.tcache, 'cache');
  }

  /** The top chunk's place: known to whoever counts what was allocated. */
  get top(): number {
    return this.heap.w[(MAIN_ARENA + this.heap.topAt) >>> 2];
  }

  /** Writes a 64-bit number. */
  write(block: Block, offset: number, value: bigint | number): void {
    const word = BigInt.asUintN(64, BigInt(value));
    this.#step('write', `${slot(block, offset)} = ${hex(word)}`);
    this.trace.write(block.id, offset, word);
    this.#poke(block, offset, word);
  }

  /** Writes the address of another block's byte. */
  writeAddress(block: Block, offset: number, target: Block, targetOffset = 0): void {
    this.#step('write', `${slot(block, offset)} = ${address(target, targetOffset)}`);
    this.trace.damage(Opcode.writeAddress, block.id, offset, targetOffset, target.id);
    this.#poke(block, offset, this.real(target, targetOffset));
  }

  /** The same where only the lowest bytes are overwritten; whoever does so need not know the others. */
  writeLowBytes(block: Block, offset: number, count: 1 | 2, target: Block, targetOffset = 0): void {
    this.#step(
      'write',
      `low ${count === 1 ? 'byte' : '2 bytes'} of ${slot(block, offset)} -> ${address(target, targetOffset)}`,
    );
    this.trace.damage(Opcode.writeAddress, block.id, offset, targetOffset, target.id);
    const mask = (1n << BigInt(8 * count)) - 1n;
    const place = this.real(block, offset);
    this.#poke(block, offset, (this.heap.peek(place) & ~mask) | (this.real(target, targetOffset) & mask));
  }

  /** Writes a link of a single list: as the version keeps it, mangled or plain. */
  writeLink(block: Block, offset: number, target: Block, targetOffset = 0): void {
    if (!this.facts.safeLinking) {
      this.writeAddress(block, offset, target, targetOffset);
      return;
    }
    this.#step(
      'write',
      `${slot(block, offset)} = ${address(target, targetOffset)} ^ (its own address >> 12)`,
    );
    this.trace.damage(Opcode.writeMangled, block.id, offset, targetOffset, target.id);
    const place = this.real(block, offset);
    this.#poke(block, offset, this.real(target, targetOffset) ^ (place >> 12n));
  }

  /** @returns the 64-bit word there */
  read(block: Block, offset: number): bigint {
    const value = this.#read(block, offset);
    this.#step('read', `${slot(block, offset)} is ${hex(value)}`);
    return value;
  }

  /** A pointer that was read from memory and is followed: no trace can do that. */
  follow(pointer: bigint, name: string): Block {
    this.notNative ??= 'it follows a pointer that it read from memory';
    if (Number(pointer >> 32n) !== this.heap.hi) this.heap.fault(pointer);
    return { name, id: 0, pointer: Number(pointer & 0xffff_ffffn), bytes: Number.POSITIVE_INFINITY };
  }

  /**
   * Proves that two pointers name the same memory: writes through one, reads through the other.
   * @param written a block that was handed out; only what its owner may use is written
   */
  proveSame(what: string, written: Block, seen: Block, offset = 0, seenOffset: number = offset): void {
    if (offset < 0 || offset + 8 > written.bytes) throw new NoEffect(`${what}: ${written.name} ends before`);
    const value = signature + this.#signatures++;
    this.trace.write(written.id, offset, value);
    this.#poke(written, offset, value);
    this.prove(
      `${what}: written as ${slot(written, offset)}, read as ${slot(seen, seenOffset)}`,
      seen,
      seenOffset,
      (word) => word === value,
    );
  }

  /** Proves that a word is the address of some place of the heap. */
  proveAddress(what: string, block: Block, offset: number, target: Block, targetOffset = 0): void {
    const distance = BigInt(target.pointer + targetOffset - this.heap.space.breakStart);
    this.prove(what, block, offset, (word, { heap }) => word === heap + distance);
  }

  /** Proves that a word is the address of a bin's head, or of anything else in the main arena's struct. */
  proveArenaAddress(what: string, block: Block, offset: number): void {
    const bytes = BigInt(this.facts.profile.state.sizeBytes);
    this.prove(what, block, offset, (word, { arena }) => word >= arena && word < arena + bytes);
  }

  /**
   * Proves a claim about a word.
   * @throws NoEffect when it does not hold
   */
  prove(what: string, block: Block, offset: number, holds: Claim['holds']): void {
    const operation = this.trace.count;
    const value = this.#read(block, offset);
    this.claims.push({ operation, what, holds });
    const places = { heap: this.heap.real(this.heap.space.breakStart), arena: this.heap.real(MAIN_ARENA) };
    if (!holds(value, places)) throw new NoEffect(what);
    this.#step('proof', `${what}: ${hex(value)}`);
  }

  /** Lets a call end as it likes. @returns the abort's message, null when it came back */
  attempt(call: () => void): string | null {
    try {
      call();
      return null;
    } catch (error) {
      if (!(error instanceof HeapError)) throw error;
      this.notNative ??= 'it goes on after an abort, as the handlers of a process do';
      this.#step('call', `ends with "${error.message}"`);
      return error.message;
    }
  }

  /** @returns the real address of a block's byte */
  real(block: Block, offset = 0): bigint {
    return BigInt.asUintN(64, this.heap.real(block.pointer) + BigInt(offset));
  }

  #given(id: number, bytes: number, call: string, name: string, make: () => number | null): Block {
    const step = this.#step('call', call);
    const pointer = make();
    if (pointer === null) throw new NoEffect(`${call} found no memory`);
    const block = { name: name === '' ? `b${id}` : name, id, pointer, bytes };
    step.text = `${block.name} = ${call} -> ${hex(pointer)}`;
    this.#first ??= block;
    return block;
  }

  #request(bytes: number): number {
    return Math.max(0, bytes - this.#extraBytes);
  }

  #step(kind: Step['kind'], text: string): Step {
    const step = { kind, text };
    this.steps.push(step);
    return step;
  }

  /** Many calls of one kind are one step. */
  #quietly<T>(text: string, count: number, calls: () => T): T {
    const before = this.steps.length;
    const result = calls();
    if (count > 2) {
      this.steps.length = before;
      this.#step('call', text);
    }
    return result;
  }

  #read(block: Block, offset: number): bigint {
    this.trace.damage(Opcode.read, block.id, offset);
    return this.heap.peek(this.real(block, offset));
  }

  #poke(block: Block, offset: number, value: bigint): void {
    this.heap.poke(this.real(block, offset), value);
  }
}
