/**
 * The heap that people read (lib/heap) and the one that the package ships (dist/heap, its long ways written out by
 * lib/heap/flatten) are one: same placements, same words read, same errors, same bytes, whatever is done to them.
 */
import { describe, expect, it, vi } from 'vitest';
import { heapPlacements } from '../../../lib/compare/index.ts';
import { bufferWindow, type GlibcVersion, Heap, type HeapOptions } from '../../../lib/heap/index.ts';
import { generateDamage, generateTrace, type Trace, traceProfiles } from '../../../lib/trace/index.ts';
import { compilePackage } from '../../helpers/child.ts';

type Parts = { create: (options: HeapOptions) => Heap; heapPlacements: typeof heapPlacements };

await compilePackage();
const dist = new URL('../../../dist/', import.meta.url).href;
const { Heap: ShippedHeap }: { Heap: typeof Heap } = await import(`${dist}heap/index.js`);
const { firstHeapClass }: typeof import('../../../lib/heap/variants.ts') = await import(
  `${dist}heap/variants.js`
);
/** Made before any other. */
const firstHeap = ShippedHeap.create();
const shipped: Parts = {
  create: (options) => ShippedHeap.create(options),
  heapPlacements: (await import(`${dist}compare/index.js`)).heapPlacements,
};
/** Each heap with the code that a thread's first one has. */
const shippedFirst: Parts = { ...shipped, create: (options) => asFirst(ShippedHeap.create(options)) };
const source: Parts = { create: (options) => Heap.create(options), heapPlacements };
/** Those of the classes that are written out, and of the data that differ most; the other classes ship as they are. */
const versions: readonly GlibcVersion[] = ['2.31', '2.36', '2.41', '2.43'];
const arenas = ['main', 'thread'] as const;

/** Of a larger range the beginning is compared: what follows is mostly untouched, and reading it makes pages. */
const mostBytes = 2 ** 20;

function asFirst(heap: Heap): Heap {
  return Object.setPrototypeOf(heap, firstHeapClass(heap.w, heap.h).prototype);
}

function run({ create, heapPlacements }: Parts, trace: Trace, options: HeapOptions): [string, Buffer] {
  const window = bufferWindow({ sizeBytes: 2 ** 30, baseAddress: 0x7f00_0000_0000n });
  const heap = create({ ...options, key: 0x1234_5678_9abc_def0n, source: window });
  const lines = heapPlacements(trace, heap, { damage: true }).join('\n');
  const ranges = heap.space.accessibleRanges();
  const parts = ranges.map(([start, end]) => heap.bytes.subarray(start, Math.min(end, start + mostBytes)));
  return [`${lines}\n${ranges.join(' ')}`, Buffer.concat(parts)];
}

function expectSame(trace: Trace, options: HeapOptions, parts = shipped): void {
  const [lines, bytes] = run(source, trace, options);
  const [shippedLines, shippedBytes] = run(parts, trace, options);
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

describe('the first heap of a thread', () => {
  it('does the same under every kind of program', () => {
    for (const [seed, { name }] of traceProfiles.entries())
      expectSame(generateTrace(name, { seed, operations: 400 }), { glibc: '2.36' }, shippedFirst);
  });

  it('ends the same way when it is damaged', () => {
    for (let seed = 1; seed <= 20; seed++) expectSame(generateDamage(seed), { glibc: '2.36' }, shippedFirst);
  });

  it('is of a class of its own, unless it is one that does not ask for it', async () => {
    const classOf = (heap: Heap): string => heap.constructor.name;
    expect(classOf(firstHeap)).toBe('FirstHeap');
    expect(classOf(ShippedHeap.create())).toBe('MainHeap');
    // Modules in which no heap was made yet.
    vi.resetModules();
    const { Heap: NewHeap } = await import('../../../lib/heap/index.ts');
    const classes = [{ sharedCode: true }, {}, {}].map((options) => classOf(NewHeap.create(options)));
    expect(classes).toEqual(['MainHeap', 'FirstHeap', 'MainHeap']);
  });

  it('is closed for every call when it is destroyed, though its code still knows the window', () => {
    const heap = asFirst(ShippedHeap.create());
    const [small, large] = [heap.malloc(100), heap.malloc(5000)] as [number, number];
    heap.destroy();
    const calls = [
      () => heap.malloc(100),
      () => heap.malloc(5000),
      () => heap.calloc(1, 100),
      () => heap.calloc(1, 5000),
      () => heap.realloc(small, 200),
      () => heap.realloc(large, 9000),
      () => heap.realloc(null, 9000),
      () => heap.memalign(64, 5000),
      () => heap.free(small),
      () => heap.free(large),
    ];
    for (const call of calls) expect(call).toThrow(expect.objectContaining({ code: 'ERR_HEAP_CLOSED' }));
  });
});

it('the shipped classes hold their long ways themselves', () => {
  const methods = (heap: Heap): string[] => Object.getOwnPropertyNames(Object.getPrototypeOf(heap));
  expect(methods(ShippedHeap.create())).toContain('mallocUncached');
  expect(methods(firstHeap)).toContain('mallocUncached');
  expect(methods(Heap.create())).not.toContain('mallocUncached');
});
