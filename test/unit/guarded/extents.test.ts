/** Address space for slots: holes are used first, neighbours join, alignment leaves holes and loses nothing. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../lib/core/index.ts';
import { Extents } from '../../../lib/guarded/extents.ts';

const page = 4096;

describe('extents', () => {
  it('come from the end, up to the limit', () => {
    const extents = new Extents(2 * page, 8 * page);
    expect(extents.take(3 * page, page, page)).toEqual({ start: 2 * page, bytes: 3 * page });
    expect(extents.take(3 * page, page, page)).toEqual({ start: 5 * page, bytes: 3 * page });
    expect(extents.take(page, page, page)).toBeNull();
    expect(extents.peakBytes).toBe(6 * page);
  });

  it('come from a hole where one is large enough; neighbours join', () => {
    const extents = new Extents(0, 100 * page);
    const taken = [3, 4, 5, 6].map((pages) => extents.take(pages * page, page, page)!);
    extents.add([taken[2], taken[1]]);
    expect(extents.holes).toEqual([{ start: 3 * page, bytes: 9 * page }]);
    expect(extents.take(8 * page, page, page)).toEqual({ start: 3 * page, bytes: 8 * page });
    expect(extents.holes).toEqual([{ start: 11 * page, bytes: page }]);
  });

  it('at the end give the end back', () => {
    const extents = new Extents(0, 100 * page);
    const [, second, third] = [3, 4, 5].map((pages) => extents.take(pages * page, page, page)!);
    extents.add([second]);
    extents.add([third]);
    expect(extents.end).toBe(3 * page);
    expect(extents.holes).toEqual([]);
  });

  it('align the page behind the first guard, and keep what lies before as a hole', () => {
    const extents = new Extents(0, 100 * page);
    const { start } = extents.take(4 * page, 16 * page, page)!;
    expect((start + page) % (16 * page)).toBe(0);
    expect(extents.holes).toEqual([{ start: 0, bytes: start }]);
  });

  it('never overlap, whatever is taken and given back', () => {
    const random = seededRandom(7);
    const extents = new Extents(0, 400 * page);
    const live: { start: number; bytes: number }[] = [];
    for (let step = 0; step < 3000; step++) {
      if (live.length > 0 && random.fraction() < 0.5) {
        extents.add(live.splice(random.integer(0, live.length - 1), 1));
      } else {
        const made = extents.take(random.integer(3, 20) * page, random.pick([1, 1, 4, 16]) * page, page);
        if (made !== null) live.push(made);
      }
    }
    const all = [...live, ...extents.holes].sort((a, b) => a.start - b.start);
    let at = 0;
    for (const { start, bytes } of all) {
      expect(start).toBe(at);
      at = start + bytes;
    }
    expect(at).toBe(extents.end);
  });
});
