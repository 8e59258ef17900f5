/** Misuse that needs no fault: each is an exception of its own kind, with the stacks of the block it is about. */
import { describe, expect, it } from 'vitest';
import { GuardedHeap, GuardedHeapError, Heap } from '../../../lib/index.ts';

function refusal(f: () => void): GuardedHeapError {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(GuardedHeapError);
    return error as GuardedHeapError;
  }
  throw new Error('nothing was thrown');
}

describe('free', () => {
  it('a second time names both stacks', () => {
    using heap = GuardedHeap.create({ policy: 'record' });
    function allocates(): number {
      return heap.malloc(61)!;
    }
    function frees(p: number): void {
      heap.free(p);
    }
    heap.malloc(1);
    const p = allocates();
    frees(p);
    const error = refusal(() => heap.free(p));
    expect(error.code).toBe('ERR_HEAP_DOUBLE_FREE');
    expect(error.message).toBe(
      `free(): double free: 0x${p.toString(16)}, 61-byte allocation #2, was freed before`,
    );
    expect(error.allocatedAt?.split('\n')[0]).toMatch(/^at allocates .*misuse\.test\.ts/);
    expect(error.freedAt?.split('\n')[0]).toMatch(/^at frees .*misuse\.test\.ts/);
  });

  it.each([
    [5, /lies 5 bytes into 61-byte allocation #1$/],
    [-16, /lies 16 bytes before 61-byte allocation #1$/],
    [61, /lies 0 bytes past the end of 61-byte allocation #1$/],
    [2 ** 20, /is no block of this heap$/],
  ])('%d bytes from a block says where it lies', (distance, message) => {
    using heap = GuardedHeap.create({ policy: 'record' });
    const p = heap.malloc(61)!;
    const error = refusal(() => heap.free(p + distance));
    expect(error.code).toBe('ERR_HEAP_INVALID_POINTER');
    expect(error.message).toMatch(message);
    heap.free(p);
    expect(refusal(() => heap.free(p + distance)).message).toMatch(
      distance > 1000 ? message : /freed 61-byte allocation #1$/,
    );
  });

  it("of another heap's pointer is refused", () => {
    using heap = GuardedHeap.create({ policy: 'record' });
    using other = Heap.create();
    const foreign = other.malloc(100)!;
    expect(refusal(() => heap.free(foreign)).code).toBe('ERR_HEAP_INVALID_POINTER');
  });
});

it.each(['usableSize', 'view', 'buffer'] as const)('%s of a freed block is refused', (call) => {
  using heap = GuardedHeap.create({ policy: 'record' });
  const p = heap.malloc(61)!;
  heap.free(p);
  const error = refusal(() => heap[call](p));
  expect(error.code).toBe('ERR_HEAP_INVALID_POINTER');
  expect(error.message).toMatch(/use after free/);
  expect(error.freedAt).toContain('misuse.test.ts');
});

it('keeps as many frames as asked for', () => {
  using heap = GuardedHeap.create({ policy: 'record', stackFrames: 3 });
  const deep = (n: number): number => (n === 0 ? heap.malloc(8)! : deep(n - 1));
  const p = deep(20);
  heap.free(p);
  expect(refusal(() => heap.free(p)).allocatedAt?.split('\n')).toHaveLength(3);
  using silent = GuardedHeap.create({ policy: 'record', stackFrames: 0 });
  const q = silent.malloc(8)!;
  silent.free(q);
  expect(refusal(() => silent.free(q)).allocatedAt).toBeNull();
});
