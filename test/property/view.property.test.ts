/** Whatever the heap looks like: no line is wider than asked, and no chunk is left out of a picture. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChunkState, HeapSnapshot } from '../../lib/core/index.ts';
import {
  asciiGlyphs,
  diffHeaders,
  plainPalette,
  renderChanges,
  renderDump,
  renderStrip,
  renderSvg,
  unicodeGlyphs,
} from '../../lib/view/index.ts';
import { sampleHeap } from '../helpers/sample-heap.ts';
import { problemsInXml } from '../helpers/xml.ts';

const states: ChunkState[] = ['arena', 'in-use', 'free', 'cached', 'top', 'fence'];
const chunk = fc.record(
  {
    sizeBytes: fc
      .oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 4096 }))
      .map((n) => n * 16),
    state: fc.constantFrom(...states),
    requestBytes: fc.nat(100_000),
    label: fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.replace(/[^\x20-\x7e]/g, '?')),
  },
  { requiredKeys: ['sizeBytes', 'state'] },
);
const heap = (maxLength: number): fc.Arbitrary<HeapSnapshot> =>
  fc.array(chunk, { minLength: 1, maxLength }).map((chunks) => sampleHeap(chunks as never));
const style = fc
  .record({ width: fc.integer({ min: 40, max: 200 }), glyphs: fc.constantFrom(unicodeGlyphs, asciiGlyphs) })
  .map((choice) => ({ ...choice, palette: plainPalette }));
const widest = (lines: string[]): number => Math.max(0, ...lines.map((line) => [...line].length));

describe('drawings of any heap', () => {
  it('a strip has one bar for every chunk and keeps to its width', () => {
    fc.assert(
      fc.property(heap(120), style, (snapshot, look) => {
        const lines = renderStrip([{ snapshot }], { ...look, legend: false });
        expect(widest(lines)).toBeLessThanOrEqual(look.width);
        // Lines come in pairs: the axis, then the cells; every line of cells ends with one more bar.
        const cells = lines.filter((_, index) => index % 2 === 1);
        const bars = cells.join('').split(look.glyphs.bar).length - 1;
        expect(bars - cells.length).toBe(snapshot.chunks.length);
      }),
    );
  });

  it('rows of one picture put equal offsets into equal columns', () => {
    fc.assert(
      fc.property(heap(12), fc.nat(1000), style, (snapshot, pick, look) => {
        // The same heap after two neighbours became one.
        const chunks = [...snapshot.chunks];
        const at = pick % Math.max(1, chunks.length - 1);
        if (chunks.length < 2) return;
        const merged = { ...chunks[at], sizeBytes: chunks[at].sizeBytes + chunks[at + 1].sizeBytes };
        chunks.splice(at, 2, merged);
        const lines = renderStrip([{ snapshot }, { snapshot: { ...snapshot, chunks } }], {
          ...look,
          legend: false,
        });
        const bars = (line: string): number[] =>
          [...line].flatMap((character, column) => (character === look.glyphs.bar ? [column] : []));
        let lost = 0;
        for (let index = 1; index < lines.length; index += 3) {
          const before = bars(lines[index]);
          const after = bars(lines[index + 1]);
          expect(before).toEqual(expect.arrayContaining(after));
          lost += before.length - after.length;
        }
        expect(lost).toBe(1);
      }),
    );
  });

  it('heaps of thousands of chunks keep to the width', () => {
    fc.assert(
      fc.property(heap(4000), style, (snapshot, look) => {
        const lines = renderStrip([{ snapshot, label: 'a label' }], { ...look, maxBands: 8 });
        expect(widest(lines)).toBeLessThanOrEqual(look.width);
      }),
      { numRuns: 25 },
    );
  });

  it('a dump names every chunk and keeps to its width', () => {
    fc.assert(
      fc.property(heap(40), style, fc.integer({ min: 2, max: 40 }), (snapshot, look, maxLines) => {
        const lines = renderDump(snapshot, { ...look, maxLines });
        expect(widest(lines)).toBeLessThanOrEqual(look.width);
        const titles = lines.filter((line) => / \+0x[0-9a-f]+ [a-z]/.test(line));
        expect(titles.map((line) => Number(/\+(0x[0-9a-f]+)/.exec(line)?.[1]))).toEqual(
          snapshot.chunks.map((one) => one.offset),
        );
      }),
    );
  });

  it('a word is never cut, however narrow the dump', () => {
    fc.assert(
      fc.property(heap(8), style, (any, look) => {
        // No byte is a printable one, so that the text column never looks like a word.
        const snapshot = { ...any, bytes: any.bytes.map((byte) => byte | 0x80) };
        for (const line of renderDump(snapshot, { ...look, maxLines: 3 })) {
          for (const [found] of line.matchAll(/ {2}0x[0-9a-f]*/g)) expect(found).toHaveLength(20);
        }
      }),
    );
  });

  it('a link that was overwritten points outside', () => {
    const snapshot = sampleHeap([{ sizeBytes: 64, state: 'in-use' }]);
    const [first] = snapshot.chunks;
    const fields = first.fields.map((field) => ({ ...field, target: -(2 ** 47) }));
    const damaged = { ...snapshot, chunks: [{ ...first, fields }] };
    const text = renderDump(damaged, { width: 80, palette: plainPalette, glyphs: asciiGlyphs }).join('\n');
    expect(text).toContain('fwd -> outside');
    expect(text).not.toContain('0x-');
  });

  it('changes keep to the width, and there are none between a heap and itself', () => {
    fc.assert(
      fc.property(heap(20), heap(20), style, (before, after, look) => {
        expect(widest(renderChanges(diffHeaders(before, after), look))).toBeLessThanOrEqual(look.width);
        expect(diffHeaders(before, before)).toEqual([]);
      }),
    );
  });

  it('an SVG is well-formed whatever the titles hold, and has one box per chunk', () => {
    fc.assert(
      fc.property(heap(200), fc.string({ unit: 'binary' }), (snapshot, title) => {
        const svg = renderSvg(snapshot, { title });
        expect(problemsInXml(svg)).toEqual([]);
        const boxes = svg.match(/data-offset="\d+"/g) ?? [];
        expect(boxes.length).toBe(snapshot.chunks.length);
      }),
    );
  });
});
