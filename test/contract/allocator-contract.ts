/**
 * What every allocator of this package promises, as one suite: the type in lib/core/allocator.ts in tests.
 * A file beside this one runs it for each allocator and each page source.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { type Allocator, MiB } from '../../lib/core/index.ts';
import { describeAllocating } from './allocating.ts';
import { describeLooking } from './looking.ts';
import { describeMisuse } from './misuse.ts';

/** One allocator to run the suite on. */
export interface AllocatorCase {
  name: string;
  /** Makes an empty heap that can grow to about `limitBytes`. */
  create(limitBytes: number): Allocator;
  /** Tests that mean nothing to this allocator, by name: why. */
  except?: Readonly<Record<string, string>>;
}

/** Opens the heap of one test; it is destroyed when the test ends. */
export type OpenHeap = (limitBytes?: number) => Allocator;

/** Runs the suite. */
export function describeAllocator({ name, create, except = {} }: AllocatorCase): void {
  describe(name, () => {
    const opened: Allocator[] = [];
    const open: OpenHeap = (limitBytes = 4 * MiB) => {
      const heap = create(limitBytes);
      opened.push(heap);
      return heap;
    };
    beforeEach(({ task, skip }) => {
      if (task.name in except) skip(except[task.name]);
    });
    afterEach(() => {
      for (const heap of opened.splice(0)) heap.destroy();
    });

    describeAllocating(open);
    describeMisuse(open);
    describeLooking(open);
  });
}
