/** Replay on an allocator: what is called, what is counted, and what a replay notices when the allocator is wrong. */
import { describe, expect, test } from 'vitest';
import { ChunkList } from '../../../lib/chunklist/index.ts';
import { type Allocator, KiB, MiB } from '../../../lib/core/index.ts';
import { bufferSource } from '../../../lib/pages/index.ts';
import {
  freeLeftovers,
  loopPointers,
  loopProgram,
  parseTrace,
  ReplayError,
  readTrace,
  replay,
  replayLoop,
  type Trace,
} from '../../../lib/trace/index.ts';

function parse(text: string): Trace {
  return parseTrace(Buffer.from(`# heap-trace 1\n${text}`));
}

function list(limitBytes = 16 * MiB): ChunkList {
  return ChunkList.create({ source: bufferSource({ limitBytes }) });
}

/** A real allocator with one method replaced by a wrong one. */
function broken(changes: (heap: ChunkList) => Partial<Allocator>): Allocator {
  const heap = list();
  return new Proxy(heap, {
    get: (target, key) => {
      const change = (changes(target) as Record<PropertyKey, unknown>)[key];
      const value = change ?? Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function failure(run: () => unknown): ReplayError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ReplayError);
    return error as ReplayError;
  }
  throw new Error('the replay went through');
}

describe('a replay', () => {
  test('runs every heap call and counts', () => {
    using heap = list();
    const trace = parse('a 0 100\nc 1 50\nm 2 256 10\nr 0 300\nf 1\nf -1\nf 0\n');
    const placed: (number | null)[] = [];
    const result = replay(trace, heap, {
      checkEvery: 1,
      verifyContents: true,
      onPlacement: (_, pointer) => placed.push(pointer),
    });
    expect(result).toMatchObject({
      operations: 7,
      skipped: 0,
      failedAllocations: 0,
      peakLiveBytes: 360,
      checks: 8,
    });
    expect(result.utilization).toBeCloseTo(360 / result.peakHeapBytes, 10);
    expect(placed).toHaveLength(4);
    expect(heap.stats().inUseChunks).toBe(1);
    expect(heap.address(placed[2]!) % 256n).toBe(0n);
  });

  test('leaves damage operations out', () => {
    using heap = list();
    const trace = parse('a 0 24\nw 0 -8 0xffff\nu 0\nD 0\nf 0\n');
    expect(replay(trace, heap, { checkEvery: 1 })).toMatchObject({ operations: 2, skipped: 3 });
    expect(heap.stats().inUseChunks).toBe(0);
  });

  test('goes on without memory: null is counted, its free is harmless', () => {
    using heap = list(64 * KiB);
    const result = replay(parse('a 0 1000000\nf 0\na 1 100\nr 1 1000000\nf 1\n'), heap, {
      verifyContents: true,
    });
    expect(result.failedAllocations).toBe(2);
    expect(heap.stats().inUseChunks).toBe(0);
  });

  test('realloc of a block that got no memory is a malloc', () => {
    using heap = list(64 * KiB);
    expect(replay(parse('a 0 1000000\nr 0 100\nf 0\n'), heap)).toMatchObject({ failedAllocations: 1 });
    expect(heap.stats().inUseChunks).toBe(0);
  });

  test('a built-in trace, contents verified, sound at the end', async () => {
    using heap = list();
    const trace = await readTrace('python-json');
    const result = replay(trace, heap, { checkEvery: 500, verifyContents: true });
    expect(result).toMatchObject({ operations: 9200, failedAllocations: 0, checks: 19 });
    expect(heap.stats().inUseChunks).toBe(101);
  });
});

describe('a replay notices', () => {
  test('blocks that overlap', () => {
    let same: number | null = null;
    const allocator = broken((heap) => ({
      malloc: (size) => {
        same ??= heap.malloc(size);
        return same;
      },
    }));
    const error = failure(() => replay(parse('a 0 64\na 1 64\nf 0\n'), allocator, { verifyContents: true }));
    expect(error).toMatchObject({ code: 'ERR_REPLAY_CONTENTS', operation: 2 });
    expect(error.message).toMatch(/operation 2: byte 0 of block 0/);
  });

  test('a realloc that forgets the contents', () => {
    const allocator = broken((heap) => ({ realloc: (_, size) => heap.malloc(size) }));
    const error = failure(() => replay(parse('a 0 64\nr 0 128\n'), allocator, { verifyContents: true }));
    expect(error).toMatchObject({ code: 'ERR_REPLAY_CONTENTS', operation: 1 });
  });

  test('a calloc that does not clear', () => {
    const allocator = broken((heap) => ({ calloc: (count, size) => heap.malloc(count * size) }));
    const text = 'a 0 64\nf 0\nc 1 64\n';
    const error = failure(() => replay(parse(text), allocator, { verifyContents: true }));
    expect(error).toMatchObject({ code: 'ERR_REPLAY_CONTENTS', operation: 2 });
  });

  test('a memalign that does not align', () => {
    const allocator = broken((heap) => ({ memalign: (_, size) => heap.malloc(size) }));
    const error = failure(() => replay(parse('a 0 24\nm 1 4096 64\n'), allocator, { verifyContents: true }));
    expect(error.message).toMatch(/not a multiple of 4096/);
  });

  test('a block beyond the arena', () => {
    const allocator = broken((heap) => ({ malloc: () => heap.bytes.length - 8 }));
    expect(failure(() => replay(parse('a 0 64\n'), allocator, { verifyContents: true })).message).toMatch(
      /leaves/,
    );
  });

  test('a broken heap, with the operation and the rule', () => {
    using heap = list();
    const error = failure(() =>
      replay(parse('a 0 24\na 1 24\nf 0\n'), heap, {
        checkEvery: 1,
        onPlacement: (operation, pointer) => {
          if (operation === 1) heap.bytes.fill(0x41, pointer!, pointer! + 64);
        },
      }),
    );
    expect(error).toMatchObject({ code: 'ERR_REPLAY_CHECK', operation: 1 });
    expect(error.violations.length).toBeGreaterThan(0);
    expect(error.message).toContain(error.violations[0].rule);
  });

  test('an allocator that throws', () => {
    const allocator = broken(() => ({
      free: () => {
        throw new RangeError('no');
      },
    }));
    const error = failure(() => replay(parse('a 0 24\nf 0\n'), allocator));
    expect(error).toMatchObject({ code: 'ERR_REPLAY_REFUSED', operation: 1, cause: expect.any(RangeError) });
    expect(error.message).toBe('operation 1: "f 0" failed: no');
  });
});

test('the bare loop places every block where the watched replay does', async () => {
  const trace = await readTrace('python-json');
  using watched = list();
  using bare = list();
  const last = new Float64Array(trace.blockCount);
  replay(trace, watched, {
    onPlacement: (operation, pointer) => {
      last[trace.ids[operation]] = pointer ?? 0;
    },
  });
  const program = loopProgram(trace);
  const pointers = loopPointers(program);
  replayLoop(program, bare);
  const live = [...pointers.keys()].filter((id) => pointers[id] !== 0);
  expect(live).toHaveLength(trace.liveAtEnd);
  for (const id of live) expect(pointers[id]).toBe(last[id]);
  freeLeftovers(program, bare);
  expect(bare.stats().inUseChunks).toBe(0);
  expect(pointers.every((pointer) => pointer === 0)).toBe(true);
});
