/** Step 2: blocks are allocated and freed in the arena of step 1, and the headers are watched while they merge. */
import { ChunkList } from '../../chunklist/index.ts';
import { type HeapSnapshot, hex, type PageSource, type Pointer } from '../../core/index.ts';
import { type ChunkChange, diffHeaders, renderChanges, renderDump, renderStrip } from '../../view/index.ts';
import { Disappointment } from '../failure.ts';
import type { Output } from '../output.ts';
import { narrower, type StepReport, type TourStep } from './step.ts';

/** What is asked for, and the letter each block is filled with. */
const requests = [
  { name: 'a', sizeBytes: 40 },
  { name: 'b', sizeBytes: 100 },
  { name: 'c', sizeBytes: 24 },
] as const;

/**
 * Makes the step.
 * @param takeArena gives the arena of the step before, committed and empty; the step's heap releases it
 */
export function coalesceStep(takeArena: () => PageSource): TourStep {
  return {
    name: 'coalesce',
    title: 'Be malloc: allocate, free, coalesce',
    explanation:
      'malloc cuts the arena into chunks. Each begins with a 32-byte header: its size and use bit, fwd and bck to ' +
      'its neighbours, the size asked for. free(b) finds the chunk before it free and merges the two: see what it writes.',
    run: (output) => {
      using heap = ChunkList.create({ source: takeArena() });
      const [a, b, c] = requests.map(({ name, sizeBytes }) => allocate(heap, name, sizeBytes));
      const full = heap.snapshot();
      heap.free(a);
      const hole = heap.snapshot();
      heap.free(b);
      const merged = heap.snapshot();
      return report({ full, hole, merged }, { a, b, c }, heap, narrower(output));
    },
  };
}

function allocate(heap: ChunkList, name: string, sizeBytes: number): Pointer {
  const pointer = heap.malloc(sizeBytes);
  if (pointer === null) throw new Disappointment(`malloc(${sizeBytes}) found no memory`);
  heap.view(pointer).fill(name.charCodeAt(0));
  return pointer;
}

function report(
  { full, hole, merged }: Record<'full' | 'hole' | 'merged', HeapSnapshot>,
  pointers: Record<'a' | 'b' | 'c', Pointer>,
  heap: ChunkList,
  output: Output,
): StepReport {
  const changes = diffHeaders(hole, merged);
  const calls = requests.map(
    ({ name, sizeBytes }) =>
      `${name} = malloc(${sizeBytes}) = ${output.palette.good(hex(heap.address(pointers[name])))}`,
  );
  return {
    lines: [
      ...calls,
      '',
      ...renderStrip(
        [
          { snapshot: full, label: 'a, b, c' },
          { snapshot: hole, label: 'free(a)' },
          { snapshot: merged, label: 'free(b)' },
        ],
        output,
      ),
      '',
      'the headers before free(b):',
      ...dumpAround(hole, pointers, output),
      '',
      'and after it:',
      ...dumpAround(merged, pointers, output),
      '',
      'so free(b) changed:',
      ...renderChanges(changes, output),
    ],
    facts: {
      pointers: Object.entries(pointers).map(([name, pointer]) => ({ name, address: heap.address(pointer) })),
      before: plain(hole),
      after: plain(merged),
      changes: changes.map(plainChange),
      violations: heap.check(),
    },
  };
}

/** The chunks from a to just before c: those that take part in the merge. */
function dumpAround(snapshot: HeapSnapshot, { a, c }: { a: Pointer; c: Pointer }, output: Output): string[] {
  const chunkOf = (pointer: Pointer): number =>
    Math.max(...snapshot.chunks.map((chunk) => chunk.offset).filter((offset) => offset < pointer));
  const range = { startOffset: chunkOf(a), endOffset: chunkOf(c) };
  return renderDump(snapshot, { ...output, maxLines: 0, range });
}

function plain({ chunks }: HeapSnapshot): object[] {
  return chunks.map(({ offset, sizeBytes, state, fields }) => ({ offset, sizeBytes, state, fields }));
}

function plainChange({ offset, kind, fields }: ChunkChange): object {
  return { offset, kind, fields };
}
