/** What these tests need: a C library whose malloc the heap knows, and the native replayer to run it. */
import { existsSync } from 'node:fs';
import { machineGlibc, replayerPath } from '../../lib/compare/index.ts';
import type { GlibcVersion } from '../../lib/heap/index.ts';

/** The machine's version; the default where there is none, for tests that are skipped then. */
export const glibc: GlibcVersion = machineGlibc() ?? '2.36';

/** Why the tests of this folder cannot run here; null when they can. */
export const reasonToSkip: string | null = ((): string | null => {
  if (machineGlibc() === null) return 'the C library is none that the heap knows';
  try {
    return existsSync(replayerPath()) ? null : 'no native replayer';
  } catch {
    return 'no native replayer';
  }
})();

/** Added to the names of tests, so that a skipped one says why. */
export const because: string = reasonToSkip === null ? '' : ` (skipped: ${reasonToSkip})`;

/**
 * Where the random traces of a test begin: the same everywhere, so that a commit fails for what it changed; another
 * number looks elsewhere, and `npm run fidelity` looks at many more.
 */
export const firstSeed: number = Number(process.env.CHUNKYARD_SEED ?? 20_000);
