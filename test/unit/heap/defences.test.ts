/** Each defence: what it notices, and that ordinary programs never meet it. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, MiB } from '../../../lib/core/index.ts';
import { bufferWindow, type Defence, defences, type GlibcVersion, Heap } from '../../../lib/heap/index.ts';
import { generateTrace, replay, traceProfiles } from '../../../lib/trace/index.ts';
import { messageOf, openHeap, read, take, takeMany, write } from './tools.ts';

const names = Object.keys(defences) as Defence[];
/** One version of each family. */
const families: readonly GlibcVersion[] = ['2.23', '2.27', '2.31', '2.36', '2.42', '2.43'];
const profile = traceProfiles[0].name;

describe('a heap without defences', () => {
  it('is of the same class as ever', () => {
    const plain = openHeap({ sharedCode: true });
    const again = openHeap({ sharedCode: true, defences: [] });
    expect(Object.getPrototypeOf(again)).toBe(Object.getPrototypeOf(plain));
  });

  it('refuses a defence that does not exist', () => {
    expect(() => openHeap({ defences: ['moat' as Defence] })).toThrow(ArgumentError);
  });
});

describe.each(names)('%s', (name) => {
  it.each(families)('leaves a random program of glibc %s alone', (glibc) => {
    const source = bufferWindow({ sizeBytes: 1024 * MiB });
    const heap = Heap.create({ glibc, defences: [name], source, limitBytes: 800 * MiB });
    const trace = generateTrace(profile, { operations: 600, seed: 5 });
    const { operations } = replay(trace, heap, { verifyContents: true, checkEvery: 300 });
    expect(operations).toBe(trace.operationCount);
  });

  it('goes with all the others', () => {
    const heap = openHeap({ defences: [name, ...names] });
    const trace = generateTrace(profile, { operations: 600, seed: 7 });
    expect(replay(trace, heap, { verifyContents: true }).failedAllocations).toBe(0);
  });
});

describe('what is noticed', () => {
  it('canary: a byte too many, when the block is freed', () => {
    const heap = openHeap({ defences: ['canary'] });
    const block = take(heap, 24);
    expect(heap.usableSize(block)).toBe(32);
    heap.bytes[block + 32]++;
    expect(messageOf(() => heap.free(block))).toBe('canary: the bytes behind the block were overwritten');
  });

  it('header checksum: another size, and a block at another place', () => {
    const heap = openHeap({ defences: ['header-checksum'] });
    const [a, b] = takeMany(heap, 2, 24);
    expect(messageOf(() => heap.free(a + 16))).toMatch(/^header checksum: /);
    write(heap, b, -8, 0x51n);
    expect(messageOf(() => heap.free(b))).toMatch(/^header checksum: /);
    heap.free(a);
  });

  it('zero on free: a write after free, when the block is used again', () => {
    const heap = openHeap({ defences: ['zero-on-free'] });
    const block = take(heap, 100);
    heap.view(block).fill(7);
    heap.free(block);
    expect(read(heap, block, 48)).toBe(0n);
    heap.bytes[block + 60] = 1;
    expect(messageOf(() => heap.malloc(100))).toBe('zero on free: a free block was written to');
  });

  it('zero on free: the key stays where a second free finds it', () => {
    const heap = openHeap({ defences: ['zero-on-free'] });
    const block = take(heap, 100);
    heap.free(block);
    expect(messageOf(() => heap.free(block))).toBe('free(): double free detected in tcache 2');
  });

  it('quarantine: a second free, and a write after free when the block leaves', () => {
    const heap = openHeap({ defences: ['quarantine'] });
    const [a, b] = takeMany(heap, 2, 100);
    heap.free(a);
    expect(messageOf(() => heap.free(a))).toBe('quarantine: the block is already free');
    heap.free(b);
    heap.bytes[b] = 1;
    const rest = takeMany(heap, 300, 24);
    const late = (): void => {
      for (const block of rest) heap.free(block);
    };
    expect(messageOf(late)).toBe('quarantine: a free block was written to');
  });

  it('sampled guards: a word behind one block of eight', () => {
    const heap = openHeap({ defences: ['sampled-guards'] });
    const caught = takeMany(heap, 32, 64).filter(
      (block) => messageOf(() => write(heap, block, 64, 1n)) !== 'nothing was thrown',
    );
    expect(caught).toHaveLength(4);
    for (const block of caught) expect(heap.usableSize(block)).toBe(64);
  });

  it('metadata copy: a header that was written to, a pointer that was never given', () => {
    const heap = openHeap({ defences: ['metadata-copy'] });
    const [a, b] = takeMany(heap, 2, 24);
    write(heap, b, -8, 0x51n);
    expect(messageOf(() => heap.free(b))).toBe('free(): the header of the block was overwritten');
    expect(messageOf(() => heap.free(a + 16))).toBe('free(): no block begins there');
  });

  it('safe-linking: links of 2.27 are mangled and tested', () => {
    const heap = openHeap({ glibc: '2.27', defences: ['safe-linking'] });
    const [a, b] = takeMany(heap, 2, 24);
    heap.free(a);
    heap.free(b);
    expect(read(heap, b)).toBe(heap.address(a) ^ (heap.address(b) >> 12n));
    write(heap, b, 0, (heap.address(a) + 8n) ^ (heap.address(b) >> 12n));
    take(heap, 24);
    expect(messageOf(() => heap.malloc(24))).toBe('malloc(): unaligned tcache chunk detected');
  });

  it.each(['2.27', '2.31'] as const)(
    'random key: a second free in %s, and no address in the block',
    (glibc) => {
      const heap = openHeap({ glibc, defences: ['random-key'] });
      const block = take(heap, 24);
      heap.free(block);
      expect(read(heap, block, 8)).toBe(0x1122334455667788n);
      expect(messageOf(() => heap.free(block))).toBe('free(): double free detected in tcache 2');
    },
  );
});

describe('a top that claims to have no end, before 2.29', () => {
  it('gives a block of more than 2 GiB a sound header', () => {
    const heap = openHeap({ glibc: '2.27', source: bufferWindow({ sizeBytes: 4096 * MiB }) });
    const mapped = take(heap, 0x4_0000);
    const before = take(heap, 0x108);
    write(heap, before, 0x108, -1n);
    const top = before + 0x110;
    const moving = take(heap, mapped - top - 0x10);
    expect(moving).toBe(top);
    expect(read(heap, moving, -8)).toBe(BigInt(mapped - top + 1));
  });
});
