/** Step 1: address space is reserved with mmap, a part of it is made usable with mprotect; the process map shows both. */
import { formatBytes, GiB, hex, KiB, type PageSource } from '../../core/index.ts';
import { mmapSource } from '../../pages/index.ts';
import { isSupported, type MemoryRange, memoryMap } from '../../posix/index.ts';
import { renderMap } from '../commands/maps.ts';
import { Disappointment } from '../failure.ts';
import type { Output } from '../output.ts';
import { callList } from '../words.ts';
import { narrower, type StepReport, type TourStep } from './step.ts';

const reservedBytes = GiB;
const committedBytes = 64 * KiB;

/**
 * Makes the step.
 * @param keep gets the arena, for the next step; whoever takes it releases it
 */
export function arenaStep(keep: (source: PageSource) => void): TourStep {
  return {
    name: 'arena',
    title: 'Ask the system for memory',
    explanation:
      'mmap reserves a gigabyte of address space: no memory yet, and no access. mprotect then makes the first ' +
      'pages usable. That is an arena; the lines below are from the process map of this very process.',
    run: (output) => {
      const source = mmapSource({
        limitBytes: reservedBytes,
        commitStepBytes: committedBytes,
        name: 'chunkyard tour',
      });
      keep(source);
      const before = rangesOf(source);
      if (!source.grow(committedBytes)) throw new Disappointment('the system refused to commit pages');
      return report(source, before, rangesOf(source), output);
    },
  };
}

/** The lines of the process map that lie in the arena; null where the platform has no map to read. */
function rangesOf(source: PageSource): MemoryRange[] | null {
  if (!isSupported('memoryMap')) return null;
  const end = source.baseAddress + BigInt(source.limitBytes);
  return memoryMap().filter((range) => range.start < end && source.baseAddress < range.end);
}

function report(
  source: PageSource,
  before: MemoryRange[] | null,
  after: MemoryRange[] | null,
  output: Output,
): StepReport {
  const map = (ranges: MemoryRange[] | null): string[] =>
    ranges === null
      ? [`(${process.platform} has no process map to read)`]
      : renderMap(ranges, narrower(output));
  return {
    lines: [
      `the arena starts at ${output.palette.good(hex(source.baseAddress))}`,
      '(a multiple of 4 GiB: the low half of every address inside is its offset)',
      '',
      `reserved, ${formatBytes(reservedBytes)}:`,
      ...map(before),
      '',
      `committed, ${formatBytes(committedBytes)}:`,
      ...map(after),
      '',
      `system calls: ${callList(source.systemCalls)}; the first mmap looks for a hole`,
    ],
    facts: {
      address: source.baseAddress,
      reservedBytes,
      committedBytes: source.committedBytes,
      mapBefore: before,
      mapAfter: after,
      systemCalls: { ...source.systemCalls },
    },
  };
}
