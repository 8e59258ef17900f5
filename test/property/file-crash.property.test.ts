/**
 * A process that stops between any two stores of any call leaves a heap file that opens intact, or recovered with
 * every live block byte for byte, or is refused: never a heap that is wrong and says nothing.
 *
 * The stop is an exception thrown by the store itself. CHUNKYARD_RUNS stops more often, CHUNKYARD_SEED elsewhere.
 */
import { describe, expect, it } from 'vitest';
import { type GlibcVersion, profiles } from '../../lib/heap/index.ts';
import { crashOnce, type Outcome } from '../helpers/crashing-heap.ts';

const firstSeed = Number(process.env.CHUNKYARD_SEED ?? 81_000);
const stops = 10 * Number(process.env.CHUNKYARD_RUNS ?? 1);

describe.each(Object.keys(profiles) as GlibcVersion[])(
  'a file heap of glibc %s that stops anywhere',
  (glibc) => {
    it('is intact, recovered or refused', () => {
      const outcomes: Record<Outcome, number> = { intact: 0, recovered: 0, refused: 0 };
      for (let seed = firstSeed; seed < firstSeed + stops; seed++) outcomes[crashOnce(glibc, seed)]++;
      console.log(`glibc ${glibc}, seeds from ${firstSeed}: ${JSON.stringify(outcomes)}`);
      expect(outcomes.intact).toBeGreaterThan(0);
      expect(outcomes.recovered).toBeGreaterThan(0);
      expect(outcomes.refused).toBeLessThanOrEqual(stops / 10);
    });
  },
);
