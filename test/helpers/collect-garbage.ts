/** Garbage collection on demand; the test runner starts Node with --expose-gc. */

/**
 * Collects and lets finalizers run, which takes turns of the event loop, until a condition holds.
 * @param isDone asked after each round
 * @returns what `isDone` said last; false when 50 rounds did not help
 */
export async function collectUntil(isDone: () => boolean): Promise<boolean> {
  for (let round = 0; round < 50; round++) {
    if (globalThis.gc === undefined) throw new Error('needs node --expose-gc');
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
    if (isDone()) return true;
  }
  return false;
}
