/** Heaps in real files: the same heap after each opening, and a clear refusal of what is none. */
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { GlibcVersion } from '../../../lib/heap/index.ts';
import { profiles } from '../../../lib/heap/index.ts';
import { HeapFileError as FileError, Heap, type HeapFileError, Mapping, mmap } from '../../../lib/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
let count = 0;
const newFile = (): string => folder.file(`${count++}.heap`);

/** A heap with blocks of all kinds: cached, binned, mapped, live. */
function filled(file: string, glibc: GlibcVersion = '2.36'): { heap: Heap; live: Map<number, number> } {
  const heap = Heap.create({ source: { file }, glibc, limitBytes: 64 * 2 ** 20 });
  const live = new Map<number, number>();
  const pointers = Array.from({ length: 400 }, (_, k) => heap.malloc(16 + ((k * 7919) % 3000)) ?? 0);
  pointers.push(heap.malloc(300_000) ?? 0);
  pointers.forEach((pointer, k) => {
    heap.view(pointer).fill(k & 255);
    if (k % 3 === 0) live.set(pointer, k & 255);
    else heap.free(pointer);
  });
  heap.root = pointers[0];
  return { heap, live };
}

function expectLive(heap: Heap, live: Map<number, number>): void {
  for (const [pointer, mark] of live) expect(heap.view(pointer).every((byte) => byte === mark)).toBe(true);
}

function refusal(file: string, options = {}): HeapFileError {
  const before = readFileSync(file);
  try {
    Heap.open(file, options).destroy();
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    expect(readFileSync(file).equals(before)).toBe(true);
    return error as HeapFileError;
  }
  throw new Error('the file was opened');
}

describe.each(Object.keys(profiles) as GlibcVersion[])('a file heap of glibc %s', (glibc) => {
  it('is the same heap when it is opened again', () => {
    const file = newFile();
    const { heap, live } = filled(file, glibc);
    const [address, chunks, bins, root] = [heap.address(0), heap.chunks(), heap.bins(), heap.root];
    heap.destroy();
    using again = Heap.open(file);
    expect(again.glibc).toBe(glibc);
    expect(again.address(0)).toBe(address);
    expect(again.chunks()).toEqual(chunks);
    expect(again.bins()).toEqual(bins);
    expect(again.root).toBe(root);
    expect(again.recovery).toBe(null);
    expectLive(again, live);
  });

  it('has its links rewritten where its address is taken', () => {
    const file = newFile();
    const { heap, live } = filled(file, glibc);
    const next = heap.malloc(40);
    heap.free(next);
    const [address, chunks, bins] = [heap.address(0), heap.chunks(), heap.bins()];
    heap.destroy();
    using taken = mmap({ length: 4096, address });
    expect(taken).toBeInstanceOf(Mapping);
    using again = Heap.open(file);
    expect(again.address(0)).not.toBe(address);
    expect(again.check()).toEqual([]);
    expect(again.chunks().map(({ offset }) => offset)).toEqual(chunks.map(({ offset }) => offset));
    expect(again.bins()).toEqual(bins);
    expect(again.malloc(40)).toBe(next);
    expectLive(again, live);
  });
});

describe('a heap file is refused, unharmed,', () => {
  it('when another opening has it', () => {
    const file = newFile();
    const { heap } = filled(file);
    expect(() => Heap.open(file)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_FILE_LOCKED' }));
    heap.destroy();
    Heap.open(file).destroy();
  });

  it('when it is no heap', () => {
    const file = newFile();
    writeFileSync(file, 'a letter');
    expect(refusal(file).code).toBe('ERR_HEAP_FILE_FOREIGN');
    writeFileSync(file, '');
    expect(refusal(file).code).toBe('ERR_HEAP_FILE_FOREIGN');
  });

  it('when it is there already and a heap is to be made', () => {
    const file = newFile();
    writeFileSync(file, 'a letter');
    expect(() => Heap.create({ source: { file } })).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(readFileSync(file, 'utf8')).toBe('a letter');
  });

  it('when it is newer, cut short or changed', () => {
    const file = newFile();
    filled(file).heap.destroy();
    const sound = readFileSync(file);
    const changed = (offset: number, value: number): string => {
      const bytes = Buffer.from(sound);
      bytes[offset] = value;
      writeFileSync(file, bytes);
      return refusal(file).code;
    };
    expect(changed(8, 2)).toBe('ERR_HEAP_FILE_VERSION');
    expect(changed(24, 0xee)).toBe('ERR_HEAP_FILE_CHANGED');
    expect(changed(0x2_0100, sound[0x2_0100] ^ 1)).toBe('ERR_HEAP_FILE_CHANGED');
    writeFileSync(file, sound);
    truncateSync(file, 0x2_1000);
    expect(refusal(file).code).toBe('ERR_HEAP_FILE_TRUNCATED');
    truncateSync(file, 100);
    expect(refusal(file).code).toBe('ERR_HEAP_FILE_TRUNCATED');
    writeFileSync(file, sound);
    Heap.open(file).destroy();
  });

  it('when its process died inside it, unless it may be recovered', () => {
    const [file, left] = [newFile(), newFile()];
    const { heap, live } = filled(file);
    const tcacheCount = Number(heap.landmarks().cache) % 2 ** 32;
    heap.bytes[tcacheCount] += 1;
    heap.sync();
    copyFileSync(file, left);
    heap.bytes[tcacheCount] -= 1;
    heap.destroy();
    const error = refusal(left);
    expect(error.code).toBe('ERR_HEAP_FILE_DAMAGED');
    expect(error.violations.map(({ rule }) => rule)).toEqual(['cache-entries']);
    using again = Heap.open(left, { recover: true });
    expect(again.recovery?.violations).toEqual(error.violations);
    expect(again.check()).toEqual([]);
    expectLive(again, live);
  });
});

describe('a file heap', () => {
  it('opens after a crash between calls as if nothing had happened', () => {
    const [file, left] = [newFile(), newFile()];
    const { heap, live } = filled(file);
    heap.sync();
    copyFileSync(file, left);
    heap.destroy();
    using again = Heap.open(left);
    expect(again.recovery).toBe(null);
    expectLive(again, live);
  });

  it('takes pages that read as zero, whatever a dead process or a stranger left in the file', () => {
    const [file, left] = [newFile(), newFile()];
    using heap = Heap.create({ source: { file }, limitBytes: 64 * 2 ** 20 });
    heap.malloc(100);
    heap.malloc(4 * 2 ** 20);
    heap.sync();
    const bytes = readFileSync(file);
    // The hole between the break and the mapping, and what is behind the heap.
    bytes.fill(0xaa, 0x2_0000 + 132 * 1024 + 4096, bytes.length - 5 * 2 ** 20);
    writeFileSync(left, Buffer.concat([bytes, Buffer.alloc(2 ** 20, 0xaa)]));
    using again = Heap.open(left);
    for (const size of [100_000, 200_000, 300_000, 1_000_000, 5_000_000]) {
      const block = again.calloc(1, size) ?? 0;
      expect(again.view(block).every((byte) => byte === 0)).toBe(true);
    }
  });

  it('cannot be made with what lives outside of its file', () => {
    const file = newFile();
    for (const options of [{ strict: true }, { threads: 2 }, { arena: 'thread' as const }]) {
      expect(() => Heap.create({ ...options, source: { file } })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
      );
      expect(existsSync(file)).toBe(false);
    }
  });

  it('gives pages back to the disk', () => {
    const file = newFile();
    using heap = Heap.create({ source: { file } });
    const used = (): number => statSync(file).blocks * 512;
    const before = used();
    const big = heap.malloc(32 * 2 ** 20) ?? 0;
    heap.view(big).fill(1);
    expect(used()).toBeGreaterThan(before + 31 * 2 ** 20);
    heap.free(big);
    expect(used()).toBeLessThan(before + 2 ** 20);
  });

  it('has the limit it was made with', () => {
    const file = newFile();
    Heap.create({ source: { file }, limitBytes: 2 ** 21 }).destroy();
    using heap = Heap.open(file);
    expect(heap.malloc(2 ** 22)).toBe(null);
    expect(heap.malloc(2 ** 20)).not.toBe(null);
  });
});
