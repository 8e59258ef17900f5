/**
 * The demonstrations of `chunkyard guard`: one crime each, on a guarded heap. What they do is real; where they end is
 * said by `ends`, and checked.
 */
import { type FaultPolicy, hex } from '../../core/index.ts';
import type { GuardedHeap, GuardedHeapOptions } from '../../guarded/index.ts';
import { guard } from '../../pages/index.ts';

/**
 * How a demonstration ends: at a guard page, as the policy says; with the slack found damaged, as the policy says;
 * with an exception whatever the policy is; or with nothing noticed at all.
 */
export type DemoEnd = 'guard' | 'slack' | 'exception' | 'nothing';

/** One demonstration. */
export interface Demo {
  name: string;
  title: string;
  /** What it does and what catches it. */
  explanation: string;
  ends: DemoEnd;
  options?: GuardedHeapOptions;
  /** Commits the crime. `say` tells what is about to happen. */
  run(heap: GuardedHeap, say: (line: string) => void): void;
}

/** A block that must be there. */
function allocate(heap: GuardedHeap, sizeBytes: number): number {
  const pointer = heap.malloc(sizeBytes);
  if (pointer === null) throw new Error('the heap has no room');
  return pointer;
}

function put(bytes: Uint8Array, at: number): void {
  bytes[at] = 0x41;
}

/** A loop that does not look where the block ends. */
function fillTooMuch(bytes: Uint8Array, start: number, count: number): void {
  for (let i = 0; i < count; i++) put(bytes, start + i);
}

/** A loop that does not look where the block begins. */
function fillBackwards(bytes: Uint8Array, last: number, count: number): void {
  for (let i = 0; i < count; i++) put(bytes, last - i);
}

function get(bytes: Uint8Array, at: number): number {
  return bytes[at];
}

function sumUp(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += get(bytes, i);
  return sum;
}

/** All demonstrations, in the order they are shown. */
export const demos: readonly Demo[] = [
  {
    name: 'overflow',
    title: 'A loop runs past the end of its block',
    explanation:
      'The block of 64 bytes ends where a guard page begins. Byte 64 is the first that is not its own: the store ' +
      'meets the guard before it does any harm.',
    ends: 'guard',
    run: (heap, say) => {
      const block = allocate(heap, 64);
      say(`writes 80 bytes into 64, at ${hex(heap.address(block))}`);
      fillTooMuch(heap.bytes, block, 80);
    },
  },
  {
    name: 'underflow',
    title: 'A loop runs backwards past the start of its block',
    explanation:
      "With side 'left' a block begins where its guard page ends: the byte before it is out of reach.",
    ends: 'guard',
    options: { side: 'left' },
    run: (heap, say) => {
      const block = allocate(heap, 100);
      say('fills a block of 100 bytes from its end, 102 bytes');
      fillBackwards(heap.bytes, block + 99, 102);
    },
  },
  {
    name: 'use-after-free',
    title: 'A view outlives its block',
    explanation:
      'free closes the pages of a block, and they stay closed while the block is in quarantine. The old view is ' +
      'still there, and so is its address; the load is caught.',
    ends: 'guard',
    run: (heap, say) => {
      const block = allocate(heap, 100);
      const view = heap.view(block);
      heap.free(block);
      say('frees a block, then sums up its bytes through an old view');
      say(`the sum is ${sumUp(view)}`);
    },
  },
  {
    name: 'double-free',
    title: 'A block is freed twice',
    explanation:
      'No page is touched: the heap remembers the block and both stacks. An exception, whatever the policy.',
    ends: 'exception',
    run: (heap, say) => {
      const block = allocate(heap, 100);
      heap.free(block);
      say('frees a block, then frees it again');
      heap.free(block);
    },
  },
  {
    name: 'off-by-one',
    title: 'One byte too many, and no guard near',
    explanation:
      'Blocks are aligned to 16, so 61 bytes leave 3 bytes of slack before the guard. No fault tells of a write ' +
      'there; but the slack was filled with 0xfd, and free looks at it. With `alignment: 1` there is no slack.',
    ends: 'slack',
    run: (heap, say) => {
      const block = allocate(heap, 61);
      say('writes 62 bytes into 61, then frees the block');
      fillTooMuch(heap.bytes, block, 62);
      heap.free(block);
    },
  },
  {
    name: 'strcpy',
    title: 'strcpy copies until a zero byte comes',
    explanation:
      "The source is longer than the target: C's strcpy, called natively, runs on into the guard. A fault inside " +
      'a native accessor becomes an exception, whatever the policy.',
    ends: 'exception',
    run: (heap, say) => {
      const source = allocate(heap, 64);
      heap.buffer(source).fill(0x41).writeUInt8(0, 63);
      const target = allocate(heap, 16);
      say('strcpy of 63 letters into 16 bytes');
      guard.strcpy(heap.address(target), heap.address(source));
    },
  },
  {
    name: 'missed',
    title: 'An overflow that hits nothing',
    explanation:
      'Guards see the edges of pages only. A store that is wrong by more than a page jumps over the guard; when it ' +
      'lands in another block, nothing tells it from a right one. Here it does, byte for byte. A pattern in the ' +
      'slack would have seen a store beside that block, not one inside it.',
    ends: 'nothing',
    run: (heap, say) => {
      const block = allocate(heap, 64);
      const victim = allocate(heap, 64);
      say(`writes byte ${victim - block} of a block of 64`);
      heap.bytes[block + (victim - block)] = 0x41;
      say(`the other block now begins with 0x${heap.view(victim)[0].toString(16)}`);
      heap.free(victim);
      heap.free(block);
    },
  },
];

/** Policies in which the crime itself goes on. */
export const goesOn = (policy: FaultPolicy): boolean => policy === 'record' || policy === 'trace';
