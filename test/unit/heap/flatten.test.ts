/**
 * The heap that people read (lib/heap) and the one that the package ships (dist/heap, its long ways written out by
 * lib/heap/flatten) are one: same placements, same words read, same errors, same bytes, whatever is done to them.
 */
import { describe, expect, it } from 'vitest';
import { heapPlacements } from '../../../lib/compare/index.ts';
import { bufferWindow, type GlibcVersion, Heap, type HeapOptions } from '../../../lib/heap/index.ts';
import { generateDamage, generateTrace, type Trace, traceProfiles } from '../../../lib/trace/index.ts';
import { compilePackage } from '../../helpers/child.ts';

type Parts = { Heap: Pick<typeof Heap, 'create'>; heapPlacements: typeof heapPlacements };

await compilePackage();
const dist = new URL('../../../dist/', import.meta.url).href;
const shipped: Parts = {
  Heap: (await import(`${dist}heap/index.js`)).Heap,
  heapPlacements: (await import(`${dist}compare/index.js`)).heapPlacements,
};
const source: Parts = { Heap, heapPlacements };
/** Those of the classes that are written out, and of the data that differ most; the other classes ship as they are. */
const versions: readonly GlibcVersion[] = ['2.31', '2.36', '2.41', '2.43'];
const arenas = ['main', 'thread'] as const;

/** Of a larger range the beginning is compared: what follows is mostly untouched, and reading it makes pages. */
const mostBytes = 2 ** 20;

function run({ Heap, heapPlacements }: Parts, trace: Trace, options: HeapOptions): [string, Buffer] {
  const window = bufferWindow({ sizeBytes: 2 ** 30, baseAddress: 0x7f00_0000_0000n });
  const heap = Heap.create({ ...options, key: 0x1234_5678_9abc_def0n, source: window });
  const lines = heapPlacements(trace, heap, { damage: true }).join('\n');
  const ranges = heap.space.accessibleRanges();
  const parts = ranges.map(([start, end]) => heap.bytes.subarray(start, Math.min(end, start + mostBytes)));
  return [`${lines}\n${ranges.join(' ')}`, Buffer.concat(parts)];
}

function expectSame(trace: Trace, options: HeapOptions): void {
  const [lines, bytes] = run(source, trace, options);
  const [shippedLines, shippedBytes] = run(shipped, trace, options);
  const what = `${trace.name} on ${options.glibc}, ${options.arena} arena`;
  expect(shippedLines, what).toBe(lines);
  expect(Buffer.compare(shippedBytes, bytes), `${what}: bytes`).toBe(0);
}

describe.each(versions)('glibc %s, as written and as shipped', (glibc) => {
  it.each(arenas)('does the same under every kind of program, %s arena', (arena) => {
    // Each class sees every profile, as two versions are of one class or the arenas take turns.
    const turn = versions.indexOf(glibc) + arenas.indexOf(arena);
    for (const [k, { name }] of traceProfiles.entries()) {
      if ((k + turn) % 2 === 0)
        expectSame(generateTrace(name, { seed: k, operations: 400 }), { glibc, arena });
    }
  });

  it.each(arenas)('ends the same way when it is damaged, %s arena', (arena) => {
    for (let seed = 1; seed <= 20; seed++) expectSame(generateDamage(seed), { glibc, arena });
  });
});

it('the shipped classes hold their long ways themselves', () => {
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(shipped.Heap.create()));
  expect(own).toContain('mallocUncached');
  expect(Object.getOwnPropertyNames(Object.getPrototypeOf(Heap.create()))).not.toContain('mallocUncached');
});
