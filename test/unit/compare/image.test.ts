/** The image of a native heap: its bytes are where its addresses say, alive or dead. */
import { describe, expect, test } from 'vitest';
import {
  type NativeImage,
  type NativeOptions,
  NativeReplayer,
  parseNativeImage,
} from '../../../lib/compare/index.ts';
import { parseTrace, readTrace } from '../../../lib/trace/index.ts';
import { glibcMinor, hasCacheChunk } from '../../helpers/glibc.ts';

async function imageOf(
  text: string,
  options: NativeOptions = {},
): Promise<{ placements: string[]; image: NativeImage }> {
  using native = new NativeReplayer(parseTrace(Buffer.from(`# heap-trace 1\n${text}`)), options);
  const { placements, image } = await native.image();
  return { placements, image: image! };
}

/** The word at an address of the native process. */
function word(image: NativeImage, address: bigint): bigint {
  for (const { address: start, bytes } of image.sections) {
    const at = Number(address - start);
    if (at >= 0 && at + 8 <= bytes.length) {
      return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
    }
  }
  throw new Error(`0x${address.toString(16)} is in no section`);
}

const unsortedAt = 96n;

describe.skipIf(!hasCacheChunk || glibcMinor < 34)('the image of a native heap', () => {
  test('main arena: struct, cache, key and chunks agree', async () => {
    const { image } = await imageOf('a 0 24\na 1 2000\na 2 24\nf 1\nf 0\n');
    const { mainStart, mainArena, tcache, tcacheKey } = image;
    expect(image.libc).toBe(`2.${glibcMinor}`);
    expect(image.sections.map(({ name, address, bytes }) => [name, address, bytes.length])).toEqual([
      ['main-state', mainArena, 0x898],
      ['main-heap', mainStart, 0x21000],
    ]);
    expect(tcache).toBe(mainStart + 16n);
    expect(word(image, mainStart + 8n)).toBe(0x291n);
    // One cached block of the smallest class: count, list head, link mangled by its own place, key.
    expect(word(image, tcache)).toBe(1n);
    expect(word(image, tcache + 128n)).toBe(mainStart + 672n);
    if (glibcMinor >= 32) expect(word(image, mainStart + 672n)).toBe((mainStart + 672n) >> 12n);
    expect(word(image, mainStart + 680n)).toBe(tcacheKey);
    // One chunk in the unsorted list: both links of the arena and both of the chunk.
    const chunk = mainStart + 688n;
    expect(word(image, mainArena + unsortedAt + 16n)).toBe(chunk);
    expect(word(image, mainArena + unsortedAt + 24n)).toBe(chunk);
    expect(word(image, chunk + 16n)).toBe(mainArena + unsortedAt);
    expect(word(image, chunk + 8n)).toBe(0x7e1n);
    // Top: behind everything, up to the end of the heap.
    const top = word(image, mainArena + unsortedAt);
    expect(top + (word(image, top + 8n) & ~7n)).toBe(mainStart + 0x21000n);
  });

  test('thread arena: struct behind heap_info, first chunk behind both', async () => {
    const { image } = await imageOf('a 0 24\nf 0\n', { arena: 'thread' });
    const heap = image.sections.find(({ name }) => name === 'thread-heap')!;
    const state = image.sections.find(({ name }) => name === 'thread-state')!;
    expect(heap.address % (64n << 20n)).toBe(0n);
    expect(word(image, heap.address)).toBe(state.address);
    expect(image.tcache).toBe(heap.address + (glibcMinor >= 35 ? 0x8e0n : 0x8d0n));
    expect(word(image, image.tcache + 0x290n + 8n)).toBe(image.tcacheKey);
    expect(heap.bytes.length).toBe(Number(word(image, heap.address + 16n)));
  });

  test('several heaps of one arena, from the newest to the first', async () => {
    const lines = Array.from({ length: 140 }, (_, id) => `a ${id} 1000000`);
    const { image, placements } = await imageOf(`o -4 0\n${lines.join('\n')}\n`, {
      arena: 'thread',
      damage: true,
    });
    const heaps = image.sections.filter(({ name }) => name === 'thread-heap');
    expect(heaps).toHaveLength(3);
    expect(word(image, heaps[0].address + 8n)).toBe(heaps[1].address);
    expect(word(image, heaps[1].address + 8n)).toBe(heaps[2].address);
    expect(word(image, heaps[2].address + 8n)).toBe(0n);
    const [, offset] = placements.find((line) => line.startsWith('h1:'))!.split(':');
    expect(word(image, heaps[1].address + BigInt(offset) - 8n) & ~7n).toBe(1000016n);
  });

  test.each([
    ['abort', 'a 0 24\nw 0 8 0x1234\nD 0\nf 0\n', /double free/],
    ['fault', 'a 0 24\nw 0 16 0x1234\nw 0 100000000000000 1\n', /SEGV/],
    ['fault at a wild address of the thread', 'a 0 24\nw 0 -8 0xfffffffffffffff1\nf 0\n', /./],
  ])('is made also after an %s', async (_, text, message) => {
    for (const arena of ['main', 'thread'] as const) {
      const { placements, image } = await imageOf(text, { damage: true, arena });
      expect(placements.at(-1)).toMatch(/^! /);
      expect(placements.at(-1)).toMatch(message);
      expect(image.sections.length).toBe(arena === 'main' ? 2 : 4);
    }
  });

  test('an endless loop leaves one too', async () => {
    const free = 'a 0 1048\na 1 24\na 2 1064\na 3 24\nD 0\nD 2\na 4 5000\n';
    const text = `${free}p 0 24 0 -16\na 5 1064\n`;
    const { placements, image } = await imageOf(text, { damage: true, timeoutSeconds: 1 });
    expect(placements.at(-1)).toBe('! TIMEOUT');
    expect(image.sections).toHaveLength(2);
  });

  test('words read in the run are those of its own addresses', async () => {
    const text = 'a 0 24\na 1 2000\na 2 24\nD 1\nl 1 0\nD 0\nl 0 8\np 2 0 0 0\nl 2 0\n';
    const { placements, image } = await imageOf(text, { damage: true });
    const read = placements.filter((line) => line.startsWith('= ')).map((line) => BigInt(line.slice(2)));
    expect(read).toEqual([image.mainArena + unsortedAt, image.tcacheKey, image.mainStart + 672n]);
  });

  test('does not change the run', async () => {
    const trace = await readTrace('python-json');
    for (const arena of ['main', 'thread'] as const) {
      using native = new NativeReplayer(trace, { arena });
      const { placements } = await native.image();
      expect(placements).toEqual(await native.placements());
    }
  });
});

describe('image files', () => {
  test.each([
    ['rubbish', 'no image'],
    ['chunkyard-image 1\nlibc 2.36\n', 'no image'],
    ['chunkyard-image 1\nlibc 2.36\nend\n', 'no main-start'],
    ['chunkyard-image 1\nsection main-heap 0x1000 16\nend\nabc', 'section main-heap is cut off'],
  ])('%j is refused', (text, message) => {
    expect(() => parseNativeImage(Buffer.from(text))).toThrow(message);
  });

  test('an empty one means there is none', () => {
    expect(parseNativeImage(new Uint8Array())).toBeNull();
  });
});
