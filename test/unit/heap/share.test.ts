/** A shared heap, step by step: several attachments of one thread stand for several threads, each with its own buffers. */
import { afterEach, describe, expect, it } from 'vitest';
import { Heap as PlainHeap } from '../../../lib/heap/index.ts';
import { arenaLock, LOCK_WORD, lockRecord, SYSTEM_LOCK } from '../../../lib/heap/shared/control.ts';
import type { SharedHeap } from '../../../lib/heap/shared/shared.ts';
import type { ThreadsTable } from '../../../lib/heap/shared/threads-table.ts';
import { BlockQueue, bufferWindow, Heap, mmapWindow } from '../../../lib/index.ts';
import { attachWindow } from '../../../lib/pages/index.ts';

/** A shared heap with what the package does not show. */
type Inside = Opened & SharedHeap & { slots: ThreadsTable; slot: number; reclaim(): void };
type Opened = ReturnType<typeof Heap.create>;
const opened: Opened[] = [];

function create(...options: Parameters<typeof Heap.create>): Opened {
  const heap = Heap.create(...options);
  opened.push(heap);
  return heap;
}

function attach(heap: Opened): Opened {
  const other = Heap.attach(heap.share());
  opened.push(other);
  return other;
}

/** What becomes of an attachment whose thread ends without a word. */
function die(heap: Opened): void {
  const { slots, slot, space } = heap as unknown as SharedHeap & {
    slots: { abandon(slot: number): void };
    slot: number;
  };
  slots.abandon(slot);
  space.source.release();
}

/** Runs something right behind the next operation on a word, as another thread could. */
function interrupt(name: 'load' | 'compareExchange', at: number, between: () => void): void {
  const own = Atomics[name] as (words: Int32Array, index: number, ...rest: number[]) => number;
  const interrupted: typeof own = (words, index, ...rest) => {
    const seen = own.call(Atomics, words, index, ...rest);
    if (index === at) {
      Object.assign(Atomics, { [name]: own });
      between();
    }
    return seen;
  };
  Object.assign(Atomics, { [name]: interrupted });
}

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

afterEach(() => {
  for (const heap of opened.splice(0).toReversed()) heap.detach();
});

describe('memory and blocks', () => {
  it('is the same through the buffers of each, blocks from before share() too', () => {
    const heap = create();
    const early = heap.malloc(100)!;
    heap.view(early).fill(1);
    const other = attach(heap);
    // Not toBe: its message would look at 4 GiB.
    expect(other.bytes.buffer === heap.bytes.buffer).toBe(false);
    expect(other.address(early)).toBe(heap.address(early));
    other.view(early).fill(2);
    expect([...heap.view(early).subarray(0, 3)]).toEqual([2, 2, 2]);
    other.free(early);
    expect(other.malloc(100)).toBe(early);
  });

  it.each([24, 5000, 300_000])('a block of %i bytes of one is freed by the other, and resized', (bytes) => {
    const heap = create();
    const other = attach(heap);
    const p = other.malloc(bytes)!;
    other.view(p).fill(9);
    const q = heap.realloc(p, 3 * bytes)!;
    expect(heap.view(q)[bytes - 1]).toBe(9);
    expect(other.usableSize(q)).toBeGreaterThanOrEqual(3 * bytes);
    other.free(q);
    expect(heap.check()).toEqual([]);
    expect(other.check()).toEqual([]);
  });

  it('a hit in the cache takes no lock', () => {
    const heap = create();
    heap.share();
    heap.free(heap.malloc(40)!);
    const sections = (): number =>
      (heap.stats() as { arenas?: { sections: number }[] }).arenas?.[0]?.sections ?? -1;
    const before = sections();
    for (let k = 0; k < 1000; k++) heap.free(heap.malloc(40)!);
    // stats() itself takes every lock once.
    expect(sections()).toBe(before + 1);
  });
});

describe('arenas', () => {
  const arenasOf = (heap: Opened): bigint[] => [heap.landmarks().arena!];

  it('each thread gets its own, until they are as many as allowed; then they share', () => {
    const heap = create({ tunables: { arena_max: 3 } });
    const others = Array.from({ length: 5 }, () => attach(heap));
    for (const other of others) other.malloc(10);
    expect(new Set([heap, ...others].flatMap(arenasOf)).size).toBe(3);
    const { arenas, threads } = heap.stats() as unknown as { arenas: { threads: number }[]; threads: number };
    expect(threads).toBe(6);
    expect(arenas.map((arena) => arena.threads).reduce((a, b) => a + b)).toBe(6);
  });

  it('an arena that its thread has left goes to the next one', () => {
    const heap = create();
    const first = attach(heap);
    first.malloc(10);
    const arena = first.landmarks().arena;
    first.detach();
    const second = attach(heap);
    second.malloc(10);
    expect(second.landmarks().arena).toBe(arena);
  });
});

describe('the end of a thread', () => {
  it('its cached blocks are given back', () => {
    const heap = create();
    const other = attach(heap);
    const blocks = Array.from({ length: 7 }, () => other.malloc(200)!);
    for (const p of blocks) other.free(p);
    expect(heap.stats().inUseChunks).toBeGreaterThan(7);
    die(other);
    heap.malloc(5000);
    expect(heap.stats()).toMatchObject({ inUseChunks: 2, threads: 1 });
  });

  it.each([
    ['an arena', arenaLock(0)],
    ['the system', SYSTEM_LOCK],
  ])('with the lock of %s: refused until check() has passed', (_, lock) => {
    const heap = create({ tunables: { arena_max: 1 } });
    const other = attach(heap) as unknown as SharedHeap;
    other.malloc(10);
    other.locks.enter(lock);
    die(other as unknown as Opened);
    const allocate = (): unknown => [heap.malloc(5000), heap.malloc(300_000)];
    expect(allocate).toThrow(code('ERR_HEAP_OWNER_DIED'));
    expect(allocate).toThrow(code('ERR_HEAP_OWNER_DIED'));
    expect(heap.check()).toEqual([]);
    expect(allocate).not.toThrow();
  });

  it('with a lock, while another end is being cleared away: the lock is not left to nobody', () => {
    const heap = create() as Inside;
    const [first, second] = [attach(heap), attach(heap) as Inside];
    second.malloc(10);
    heap.locks.onStep = () => {
      heap.locks.onStep = undefined;
      second.locks.enter(arenaLock(0));
      die(second);
    };
    die(first);
    heap.reclaim();
    expect([heap.slots.goneSlots(), heap.locks.isDamaged(arenaLock(0))]).toEqual([[], true]);
    expect(heap.check()).toEqual([]);
  });

  it('with a lock that two others find at the same time: one of them gets it', () => {
    const heap = create() as Inside;
    const [ended, other] = [attach(heap) as Inside, attach(heap) as Inside];
    const lock = arenaLock(0);
    ended.locks.enter(lock);
    die(ended);
    other.locks.ignoresDeaths = true;
    interrupt('load', lockRecord(lock) + LOCK_WORD, () => other.locks.enter(lock));
    heap.locks.takeFrom(ended.slot);
    expect(heap.locks.isFree(lock)).toBe(false);
    other.locks.leave(lock);
    other.locks.ignoresDeaths = false;
    expect(heap.check()).toEqual([]);
  });

  it('before it is wholly attached: it is not among the threads', () => {
    const heap = create();
    const handle = heap.share();
    const window = attachWindow(handle.window)!;
    window.noteEnd = () => {
      throw new Error('terminated');
    };
    expect(() => PlainHeap.attach(handle, window)).toThrow('terminated');
    window.release();
    expect(heap.stats()).toMatchObject({ threads: 1 });
  });

  it('with a heap half changed: check() tells what, and the heap stays closed', () => {
    const heap = create({ tunables: { arena_max: 1 } });
    const other = attach(heap) as unknown as SharedHeap;
    const p = other.malloc(5000)!;
    other.locks.enter(arenaLock(0));
    other.w[(p >>> 2) - 2] = 64;
    die(other as unknown as Opened);
    expect(heap.check()).not.toEqual([]);
    expect(() => heap.malloc(5000)).toThrow(code('ERR_HEAP_OWNER_DIED'));
  });
});

describe('the end of the heap', () => {
  it('is refused while others are attached; the last one gives the memory back', () => {
    const heap = create();
    const handle = heap.share();
    const other = attach(heap);
    expect(() => heap.destroy()).toThrow(code('ERR_HEAP_ATTACHED'));
    heap.detach();
    heap.detach();
    expect(() => heap.malloc(1)).toThrow(code('ERR_HEAP_CLOSED'));
    expect(other.malloc(5000)).not.toBeNull();
    other.destroy();
    expect(() => other.malloc(1)).toThrow(code('ERR_HEAP_CLOSED'));
    expect(() => Heap.attach(handle)).toThrow(code('ERR_HEAP_CLOSED'));
  });

  it('a heap that is not shared ends by detach as by destroy', () => {
    const heap = create();
    heap.detach();
    expect(() => heap.malloc(1)).toThrow(code('ERR_HEAP_CLOSED'));
  });
});

describe('what cannot be shared', () => {
  it.each([
    ['a plain ArrayBuffer', () => create({ source: bufferWindow() })],
    ['strict mode', () => create({ source: mmapWindow(), strict: true })],
    ['a defence', () => create({ defences: ['canary'] })],
    ['simulated threads', () => create({ threads: 2 })],
  ])('%s', (_, make) => {
    expect(() => make().share()).toThrow(code('ERR_HEAP_NOT_SHAREABLE'));
  });

  it('more than 64 threads', () => {
    const heap = create();
    for (let k = 1; k < 64; k++) attach(heap);
    expect(() => attach(heap)).toThrow(code('ERR_HEAP_NOT_SHAREABLE'));
    expect(heap.malloc(100)).not.toBeNull();
  });

  it('something that is no handle', () => {
    expect(() => Heap.attach({} as never)).toThrow(code('ERR_INVALID_ARG_VALUE'));
  });
});

describe('BlockQueue', () => {
  it('gives back in order, waits for room and for blocks only as long as asked', () => {
    const queue = BlockQueue.create(3);
    const other = BlockQueue.attach(queue.handle);
    for (let lap = 0; lap < 5; lap++) {
      for (let k = 1; k <= 4; k++) expect(queue.push(0xffff_fff0 - k, 0)).toBe(true);
      expect(queue.push(5, 1)).toBe(false);
      for (let k = 1; k <= 4; k++) expect(other.pop(0)).toBe(0xffff_fff0 - k);
      expect(other.pop(1)).toBeNull();
    }
  });

  it('closed, it gives what it has and takes no more', () => {
    const queue = BlockQueue.create(2);
    queue.push(16);
    queue.close();
    expect(() => queue.push(32)).toThrow(code('ERR_HEAP_CLOSED'));
    expect(queue.pop()).toBe(16);
    expect(queue.pop()).toBeNull();
  });

  it('closed in the middle of a push: what others are pushing still comes', () => {
    const queue = BlockQueue.create(4);
    const words = new Int32Array(queue.handle);
    interrupt('compareExchange', 0, () => {
      // Another has its place already, and has not yet written its block.
      Atomics.add(words, 0, 1);
      queue.close();
    });
    expect(() => queue.push(16)).toThrow(code('ERR_HEAP_CLOSED'));
    expect(queue.pop(1)).toBeNull();
    words[4 + 2 + 1] = 32;
    Atomics.add(words, 4 + 2, 1);
    expect([queue.pop(), queue.pop()]).toEqual([32, null]);
  });

  it('refuses a capacity that cannot be meant', () => {
    expect(() => BlockQueue.create(1)).toThrow(code('ERR_OUT_OF_RANGE'));
  });
});
