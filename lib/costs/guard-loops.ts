/** The cases about running into a guard page: one hit in JavaScript for each policy that survives it. */
import type { FaultPolicy } from '../core/index.ts';
import { GuardedPages, guard } from '../pages/index.ts';
import type { LoopCase } from './loops.ts';
import type { Loop } from './measure.ts';

type Hits = (pages: GuardedPages) => Loop;

/** A store that is recorded; then the page is closed again, as the next safepoint would do. */
const recordHits: Hits = (pages) => {
  const { bytes } = pages;
  return (operations) => {
    for (let i = 0; i < operations; i++) {
      bytes[0] = i;
      pages.rearm();
    }
  };
};

/** A store that goes through and leaves the page closed. */
const traceHits: Hits = (pages) => {
  const { bytes } = pages;
  return (operations) => {
    for (let i = 0; i < operations; i++) bytes[0] = i;
  };
};

/** A store that ends the function around it by a MemoryFaultError. */
const throwHits: Hits = (pages) => {
  const { bytes } = pages;
  const store = (): void => {
    bytes[0] = 1;
  };
  return (operations) => {
    for (let i = 0; i < operations; i++) {
      try {
        guard.run(store);
      } catch {
        // What is timed is the way here.
      }
      pages.rearm();
    }
  };
};

const ways: readonly (readonly [name: string, policy: FaultPolicy, hits: Hits, captureStack: boolean])[] = [
  ['guard-hit-record', 'record', recordHits, false],
  ['guard-hit-record-stack', 'record', recordHits, true],
  ['guard-hit-trace', 'trace', traceHits, false],
  ['guard-hit-exception', 'throw', throwHits, false],
];

/** @returns a case for each way in which a hit can end other than in death */
export function guardLoops(): LoopCase[] {
  return [
    ...ways.map(([name, policy, hits, captureStack]) => ({
      name,
      make: () => {
        const pages = GuardedPages.create({ lengthBytes: 1, name: 'chunkyard costs', policy, captureStack });
        return { loop: hits(pages), end: () => pages.release() };
      },
    })),
    { name: 'guard-open-close', make: openAndClose },
  ];
}

/** What a guarded heap does for each block besides. */
function openAndClose(): { loop: Loop; end: () => void } {
  const pages = GuardedPages.create({ lengthBytes: 1, name: 'chunkyard costs' });
  const { pageSizeBytes } = pages;
  const loop: Loop = (operations) => {
    for (let i = 0; i < operations; i++) {
      pages.open(0, pageSizeBytes);
      pages.close(0, pageSizeBytes);
    }
  };
  return { loop, end: () => pages.release() };
}
