/**
 * The lecture's free() on real bytes: four blocks of 16 bytes, A B C D, the second is freed. Which neighbours are
 * free decides what is merged. Expected words are typed by hand from the drawing in lib/chunklist/layout.ts, and
 * docs/chunk-layout.md shows the same ones.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dumpHeaders, layout, malloc, openList } from './arena-bytes.ts';

const [A, B, C, D, REST] = [0x30, 0x60, 0x90, 0xc0, 0xf0];

interface MergeCase {
  name: string;
  /** Blocks freed beforehand. */
  freedBefore: ('A' | 'C')[];
  before: string[];
  after: string[];
  /** The chunks that are left, free ones among them. */
  layout: string[];
}

const cases: MergeCase[] = [
  {
    name: 'both neighbours in use: nothing is merged',
    freedBefore: [],
    before: [
      '0x030  0000000000000031 00007f0000000060 0000000000000000 0000000000000010',
      '0x060  0000000000000031 00007f0000000090 00007f0000000030 0000000000000010',
      '0x090  0000000000000031 00007f00000000c0 00007f0000000060 0000000000000010',
      '0x0c0  0000000000000031 00007f00000000f0 00007f0000000090 0000000000000010',
    ],
    after: [
      '0x030  0000000000000031 00007f0000000060 0000000000000000 0000000000000010',
      '0x060  0000000000000030 00007f0000000090 00007f0000000030 0000000000000000',
      '0x090  0000000000000031 00007f00000000c0 00007f0000000060 0000000000000010',
      '0x0c0  0000000000000031 00007f00000000f0 00007f0000000090 0000000000000010',
    ],
    layout: ['0x30 48 in-use', '0x60 48 free', '0x90 48 in-use', '0xc0 48 in-use', '0xf0 65296 free'],
  },
  {
    name: 'bck chunk free: A takes B in',
    freedBefore: ['A'],
    before: [
      '0x030  0000000000000030 00007f0000000060 0000000000000000 0000000000000000',
      '0x060  0000000000000031 00007f0000000090 00007f0000000030 0000000000000010',
      '0x090  0000000000000031 00007f00000000c0 00007f0000000060 0000000000000010',
      '0x0c0  0000000000000031 00007f00000000f0 00007f0000000090 0000000000000010',
    ],
    after: [
      '0x030  0000000000000060 00007f0000000090 0000000000000000 0000000000000000',
      '0x060  0000000000000030 00007f0000000090 00007f0000000030 0000000000000000',
      '0x090  0000000000000031 00007f00000000c0 00007f0000000030 0000000000000010',
      '0x0c0  0000000000000031 00007f00000000f0 00007f0000000090 0000000000000010',
    ],
    layout: ['0x30 96 free', '0x90 48 in-use', '0xc0 48 in-use', '0xf0 65296 free'],
  },
  {
    name: 'fwd chunk free: B takes C in',
    freedBefore: ['C'],
    before: [
      '0x030  0000000000000031 00007f0000000060 0000000000000000 0000000000000010',
      '0x060  0000000000000031 00007f0000000090 00007f0000000030 0000000000000010',
      '0x090  0000000000000030 00007f00000000c0 00007f0000000060 0000000000000000',
      '0x0c0  0000000000000031 00007f00000000f0 00007f0000000090 0000000000000010',
    ],
    after: [
      '0x030  0000000000000031 00007f0000000060 0000000000000000 0000000000000010',
      '0x060  0000000000000060 00007f00000000c0 00007f0000000030 0000000000000000',
      '0x090  0000000000000030 00007f00000000c0 00007f0000000060 0000000000000000',
      '0x0c0  0000000000000031 00007f00000000f0 00007f0000000060 0000000000000010',
    ],
    layout: ['0x30 48 in-use', '0x60 96 free', '0xc0 48 in-use', '0xf0 65296 free'],
  },
  {
    name: 'both neighbours free: A takes B in, then C',
    freedBefore: ['A', 'C'],
    before: [
      '0x030  0000000000000030 00007f0000000060 0000000000000000 0000000000000000',
      '0x060  0000000000000031 00007f0000000090 00007f0000000030 0000000000000010',
      '0x090  0000000000000030 00007f00000000c0 00007f0000000060 0000000000000000',
      '0x0c0  0000000000000031 00007f00000000f0 00007f0000000090 0000000000000010',
    ],
    after: [
      '0x030  0000000000000090 00007f00000000c0 0000000000000000 0000000000000000',
      '0x060  0000000000000030 00007f0000000090 00007f0000000030 0000000000000000',
      '0x090  0000000000000030 00007f00000000c0 00007f0000000030 0000000000000000',
      '0x0c0  0000000000000031 00007f00000000f0 00007f0000000030 0000000000000010',
    ],
    layout: ['0x30 144 free', '0xc0 48 in-use', '0xf0 65296 free'],
  },
];

describe('free merges with free neighbours', () => {
  it.each(cases)('$name', ({ freedBefore, before, after, layout: expectedLayout }) => {
    const heap = openList();
    const block = Object.fromEntries(['A', 'B', 'C', 'D'].map((name) => [name, malloc(heap, 16)]));
    expect(block).toEqual({ A: 0x50, B: 0x80, C: 0xb0, D: 0xe0 });
    for (const name of freedBefore) heap.free(block[name]);
    expect(dumpHeaders(heap, [A, B, C, D])).toEqual(before);
    heap.free(block.B);
    expect(dumpHeaders(heap, [A, B, C, D])).toEqual(after);
    expect(layout(heap)).toEqual(expectedLayout);
    expect(heap.check()).toEqual([]);
  });

  it('merges the last block with the free rest of the arena', () => {
    const heap = openList();
    const [a, b] = [malloc(heap, 16), malloc(heap, 16)];
    heap.free(b);
    expect(layout(heap)).toEqual(['0x30 48 in-use', '0x60 65440 free']);
    heap.free(a);
    expect(layout(heap)).toEqual(['0x30 65488 free']);
    expect(dumpHeaders(heap, [A])).toEqual([
      '0x030  000000000000ffd0 0000000000000000 0000000000000000 0000000000000000',
    ]);
  });

  it('leaves one free chunk whatever the order of the frees', () => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
      [2, 0, 3, 1],
    ]) {
      const heap = openList();
      const blocks = [16, 40, 200, 16].map((size) => malloc(heap, size));
      for (const index of order) heap.free(blocks[index]);
      expect(layout(heap)).toEqual(['0x30 65488 free']);
      expect(heap.check()).toEqual([]);
    }
  });

  it('is shown in docs/chunk-layout.md with these very bytes', () => {
    const page = readFileSync(new URL('../../../docs/chunk-layout.md', import.meta.url), 'utf8');
    for (const { before, after } of cases) {
      expect(page).toContain(before.join('\n'));
      expect(page).toContain(after.join('\n'));
    }
  });

  it('starts an arena as drawn: header words at 0x00 to 0x28, then one free chunk', () => {
    const heap = openList();
    expect(Buffer.from(heap.bytes.slice(0, 8)).toString('latin1')).toBe('CHUNKS\0\0');
    expect(dumpHeaders(heap, [0x08, A])).toEqual([
      // first, last, rover, end; the word behind them is the peak
      '0x008  00007f0000000030 00007f0000000030 00007f0000000030 00007f0000010000',
      '0x030  000000000000ffd0 0000000000000000 0000000000000000 0000000000000000',
    ]);
    expect(heap.snapshot().chunks[0].fields.at(-1)).toEqual({ name: 'peak', offset: 0x28, value: 0x10000n });
    malloc(heap, 16);
    malloc(heap, 16);
    malloc(heap, 16);
    malloc(heap, 16);
    expect(dumpHeaders(heap, [REST])).toEqual([
      '0x0f0  000000000000ff10 0000000000000000 00007f00000000c0 0000000000000000',
    ]);
  });
});
