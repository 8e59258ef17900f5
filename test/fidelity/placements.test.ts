/**
 * Programs on the native malloc and on the heap: every placement equal, every byte at the end equal. The long run
 * is `npm run fidelity`; this one takes a little of everything.
 */
import { describe, expect, it } from 'vitest';
import {
  compareFidelity,
  compareImages,
  drawDifference,
  heapPlacements,
  makeFidelityHeap,
  NativeReplayer,
} from '../../lib/compare/index.ts';
import { MiB } from '../../lib/core/index.ts';
import { builtInTraces, generateTrace, readTrace, traceProfiles } from '../../lib/trace/index.ts';
import { because, firstSeed, glibc, reasonToSkip } from './known-glibc.ts';

const arenas = ['main', 'thread'] as const;
const names = traceProfiles.map(({ name }) => name);
const operations = 800;
const seed = firstSeed;

describe.skipIf(reasonToSkip !== null)(`placements as the native malloc's${because}`, () => {
  describe.each(arenas)('%s arena', (arena) => {
    it.each(names)('%s', async (name) => {
      const trace = generateTrace(name, { seed, operations });
      const { equal, firstDifference, image } = await compareFidelity(trace, {
        glibc,
        arena,
        image: true,
      });
      expect(firstDifference, `${name}, seed ${seed}`).toBeNull();
      expect(equal).toBe(operations);
      // More is live than a heap at the native address could hold: its placements have to do.
      if (image === null) return expect(trace.peakLiveBytes).toBeGreaterThan(64 * MiB);
      expect(image, `${name}, seed ${seed}`).toMatchObject({ differingWords: 0, firstDifference: null });
      expect(image.bytes).toBeGreaterThan(2000);
    });

    it('recorded programs', async () => {
      for (const name of await builtInTraces()) {
        const trace = await readTrace(name);
        const { equal, firstDifference } = await compareFidelity(trace, { glibc, arena });
        expect(firstDifference, name).toBeNull();
        expect(equal).toBe(trace.operationCount);
      }
    });
  });
});

describe.skipIf(reasonToSkip !== null)(`the comparison itself${because}`, () => {
  const trace = generateTrace('uniform', { seed: 5, operations: 400 });

  it('finds the first operation where a heap of another version parts, and draws both heaps', async () => {
    const options = { glibc: glibc === '2.43' ? '2.31' : '2.43', arena: 'main' } as const;
    const { firstDifference, equal } = await compareFidelity(trace, options);
    expect(firstDifference).not.toBeNull();
    expect(equal).toBeLessThan(trace.operationCount);
    const picture = await drawDifference(trace, firstDifference!.operation, options);
    const marked = picture.filter((line) => line.startsWith('> '));
    expect(marked[0]).toContain(` ${firstDifference!.operation}  `.trimStart());
    expect(picture).toContain('native heap');
    expect(picture).toContain('simulated heap');
  });

  it('finds one flipped bit of a heap', async () => {
    using replayer = new NativeReplayer(trace, { damage: true });
    const { image } = await replayer.image();
    const heap = makeFidelityHeap({ glibc, arena: 'main', like: image });
    heapPlacements(trace, heap, { damage: true, like: image });
    expect(compareImages(image!, heap).differingWords).toBe(0);
    const at = heap.space.breakStart + 0x1230;
    heap.bytes[at] ^= 4;
    expect(compareImages(image!, heap)).toMatchObject({
      differingWords: 1,
      firstDifference: { section: 'main-heap', offset: 0x1230 },
    });
  });
});
