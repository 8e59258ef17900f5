/** Garbage collection on demand; the test runner starts Node with --expose-gc. */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Collects and lets finalizers run until a condition holds. They wait for other threads of the engine, so on a
 * busy machine some turns of the event loop are not enough: time is what counts.
 * @param isDone asked after each round
 * @param timeoutMs gives up after this long
 * @returns what `isDone` said last
 */
export async function collectUntil(isDone: () => boolean, timeoutMs = 15_000): Promise<boolean> {
  if (globalThis.gc === undefined) throw new Error('needs node --expose-gc');
  const deadline = Date.now() + timeoutMs;
  do {
    globalThis.gc();
    await sleep(1);
    if (isDone()) return true;
  } while (Date.now() < deadline);
  return false;
}
