/** Random lives of a heap: sound after every call, in every version; explainFree foretells what free does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MiB, seededRandom } from '../../lib/core/index.ts';
import { bufferWindow, type GlibcVersion, Heap, profiles } from '../../lib/heap/index.ts';

const versions = Object.keys(profiles) as GlibcVersion[];
/** Random lives for each version; more with CHUNKYARD_RUNS times as many. */
const times = Number(process.env.CHUNKYARD_RUNS ?? 1);
const sizeLimits = [120, 1040, 4096, 70_000, 300_000];

function open(glibc: GlibcVersion, arena: 'main' | 'thread'): Heap {
  return Heap.create({ glibc, arena, source: bufferWindow({ sizeBytes: 512 * MiB }) });
}

describe.each(versions)('a heap of glibc %s', (glibc) => {
  it('is sound after every call', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom('main' as const, 'thread' as const),
        fc.constantFrom(...sizeLimits),
        (seed, arena, limit) => {
          const heap = open(glibc, arena);
          const random = seededRandom(seed);
          const live: number[] = [];
          for (let step = 0; step < 120; step++) {
            runStep(heap, live, random.integer(0, 19), random.integer(0, limit), random.integer(0, 1e6));
            expect(heap.check()).toEqual([]);
          }
          for (const pointer of live) heap.free(pointer);
          expect(heap.check()).toEqual([]);
        },
      ),
      { numRuns: 8 * times },
    );
  });

  it('does what explainFree says, damaged or not', () => {
    fc.assert(
      fc.property(fc.integer(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (seed, value) => {
        const heap = open(glibc, 'main');
        const random = seededRandom(seed);
        const blocks = Array.from({ length: 24 }, () => heap.malloc(random.integer(0, 1500)) as number);
        for (let k = 0; k < 12; k++) heap.free(blocks.splice(random.integer(0, blocks.length - 1), 1)[0]);
        const victim = random.pick(blocks);
        const small = BigInt(random.integer(0, 400)) * 8n + BigInt(random.integer(0, 1));
        const place = heap.address(victim) + BigInt(random.pick([-16, -8, heap.usableSize(victim)]));
        heap.poke(place, random.fraction() < 0.5 ? small : value);
        const explanation = heap.explainFree(victim);
        const outcome = attempt(() => heap.free(victim));
        expect({ seed, value, message: outcome }).toEqual({ seed, value, message: explanation.message });
      }),
      { numRuns: 80 * times },
    );
  });
});

function runStep(heap: Heap, live: number[], choice: number, size: number, number: number): void {
  const take = (pointer: number | null): void => {
    if (pointer !== null) live.push(pointer);
  };
  const index = number % Math.max(1, live.length);
  if (choice < 7) take(heap.malloc(size));
  else if (choice < 9) take(heap.calloc(1, size));
  else if (choice < 10) take(heap.memalign(2 ** (number % 13), size));
  else if (choice === 18) heap.trim(number % 8192);
  else if (choice === 19) heap.mallopt('mxfast', number % 160);
  else if (live.length === 0) return;
  else if (choice < 12) live[index] = heap.realloc(live[index], Math.max(1, size)) ?? live[index];
  else heap.free(live.splice(index, 1)[0]);
}

function attempt(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
