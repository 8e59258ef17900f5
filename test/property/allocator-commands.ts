/** The calls of an allocator as fast-check commands; each is checked against the range list, then the whole heap. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Allocator } from '../../lib/core/index.ts';
import { addBlock, expectContents, expectWhole, type Model } from './range-list.ts';

type Step = fc.Command<Model, Allocator>;

/** Makes a command that is followed by a look at everything. */
function step(text: string, needsBlock: boolean, run: (model: Model, heap: Allocator) => void): Step {
  return {
    check: (model) => !needsBlock || model.blocks.length > 0,
    run: (model, heap) => {
      run(model, heap);
      expectWhole(model, heap);
    },
    toString: () => text,
  };
}

/** Sizes as programs ask for them: mostly small, some at borders, few large. */
const sizes: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 3, arbitrary: fc.integer({ min: 200, max: 6000 }) },
  { weight: 1, arbitrary: fc.constantFrom(4064, 4096, 16_384, 65_504, 65_536) },
  { weight: 1, arbitrary: fc.integer({ min: 50_000, max: 400_000 }) },
);

function mallocStep(size: number): Step {
  return step(`malloc(${size})`, false, (model, heap) => {
    const pointer = heap.malloc(size);
    if (pointer !== null) addBlock(model, heap, pointer, size);
  });
}

function callocStep(count: number, size: number): Step {
  return step(`calloc(${count}, ${size})`, false, (model, heap) => {
    const pointer = heap.calloc(count, size);
    if (pointer === null) return;
    expect(heap.bytes.subarray(pointer, pointer + count * size).every((byte) => byte === 0)).toBe(true);
    addBlock(model, heap, pointer, count * size);
  });
}

function memalignStep(shift: number, size: number): Step {
  return step(`memalign(${2 ** shift}, ${size})`, false, (model, heap) => {
    const pointer = heap.memalign(2 ** shift, size);
    if (pointer !== null) addBlock(model, heap, pointer, size, 2 ** shift);
  });
}

function reallocStep(choice: number, size: number): Step {
  return step(`realloc(#${choice}, ${size})`, true, (model, heap) => {
    const index = choice % model.blocks.length;
    const block = model.blocks[index];
    const pointer = heap.realloc(block.pointer, size);
    if (pointer === null && size > 0) return;
    model.blocks.splice(index, 1);
    if (pointer === null) return;
    expectContents(heap, { ...block, pointer }, Math.min(block.sizeBytes, size));
    addBlock(model, heap, pointer, size);
  });
}

function freeStep(choice: number): Step {
  return step(`free(#${choice})`, true, (model, heap) => {
    const [block] = model.blocks.splice(choice % model.blocks.length, 1);
    expect(heap.explainFree(block.pointer).ok).toBe(true);
    heap.free(block.pointer);
  });
}

function trimStep(pad: number): Step {
  return step(`trim(${pad})`, false, (_, heap) => {
    if ('trim' in heap) (heap as Allocator & { trim(pad: number): unknown }).trim(pad);
  });
}

const choices = fc.nat(1000);

/** A program: a list of calls. */
export const programs: fc.Arbitrary<Iterable<Step>> = fc.commands(
  [
    sizes.map(mallocStep),
    sizes.map(mallocStep),
    fc
      .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 3000 }))
      .map(([n, size]) => callocStep(n, size)),
    fc.tuple(fc.integer({ min: 0, max: 13 }), sizes).map(([shift, size]) => memalignStep(shift, size)),
    fc.tuple(choices, sizes).map(([choice, size]) => reallocStep(choice, size)),
    choices.map(freeStep),
    choices.map(freeStep),
    fc.constantFrom(0, 1, 5000, 100_000).map(trimStep),
  ],
  { maxCommands: 80, size: 'max' },
);

/** Runs a program on a heap, from empty to empty. */
export function runProgram(heap: Allocator, program: Iterable<Step>): void {
  const model: Model = { blocks: [], nextSeed: 1 };
  fc.modelRun(() => ({ model, real: heap }), program);
  for (const block of model.blocks.splice(0)) heap.free(block.pointer);
  expectWhole(model, heap);
}
