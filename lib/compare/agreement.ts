/** Do two replays put every block at the same place? Placement lines compared, operation by operation. */

/** The first operation where two replays part. */
export interface Difference {
  /** Index of the operation, from 0. */
  operation: number;
  /** Placement line of each; null where one has ended already. */
  expected: string | null;
  actual: string | null;
}

/** How far two replays agree. */
export interface Agreement {
  /** Lines compared: those of the longer replay. */
  operations: number;
  /** Lines that are equal. */
  equal: number;
  firstDifference: Difference | null;
}

/**
 * Compares placements.
 * @param expected lines of one replay, the native one as a rule
 * @param actual lines of the other
 * @returns counts, and where they first differ
 */
export function comparePlacements(expected: readonly string[], actual: readonly string[]): Agreement {
  const operations = Math.max(expected.length, actual.length);
  let equal = 0;
  let firstDifference: Difference | null = null;
  for (let operation = 0; operation < operations; operation++) {
    if (expected[operation] === actual[operation]) equal++;
    else
      firstDifference ??= {
        operation,
        expected: expected[operation] ?? null,
        actual: actual[operation] ?? null,
      };
  }
  return { operations, equal, firstDifference };
}

/** How many blocks lie at the same place. */
export interface PlacementAgreement {
  /** Allocations compared; operations that give no block do not count. */
  placements: number;
  /** Those whose lines are equal. */
  equal: number;
  firstDifference: Difference | null;
}

/**
 * Compares where blocks were put, leaving out the operations that put none anywhere.
 * @param expected lines of one replay, the native one as a rule
 * @param actual lines of the other
 */
export function comparePlaces(expected: readonly string[], actual: readonly string[]): PlacementAgreement {
  const { operations, equal, firstDifference } = comparePlacements(expected, actual);
  let empty = 0;
  for (let k = 0; k < operations; k++) if (expected[k] === '-' && actual[k] === '-') empty++;
  return { placements: operations - empty, equal: equal - empty, firstDifference };
}
