/** What heaps take over time, as a file; and as XML whatever the names hold. */
import { describe, expect, it } from 'vitest';
import { type FootprintPicture, renderFootprints } from '../../lib/view/index.ts';
import { problemsInXml } from '../helpers/xml.ts';

const point = (
  operations: number,
  liveBytes: number,
  heapBytes: number | null,
  residentBytes: number | null,
) => ({
  ...{ operations, liveBytes, heapBytes, residentBytes },
});

const picture: FootprintPicture = {
  title: 'sample',
  subtitle: ['3 operations'],
  panels: [
    {
      name: 'tells all',
      points: [point(1, 1000, 4096, 2048), point(2, 3000, 8192, 4096), point(3, 0, 8192, 4096)],
    },
    { name: 'tells no heap', points: [point(1, 1000, null, 2048), point(3, 500, null, 4096)] },
    { name: 'tells nothing', points: [point(1, 1000, null, null)] },
  ],
};

describe('footprints', () => {
  it('as a file', async () => {
    await expect(renderFootprints(picture)).toMatchFileSnapshot('./view-footprints.golden.svg');
  });

  it.each([
    ['names that look like XML', { ...picture, title: '<&">', panels: [{ name: '<a&b>', points: [] }] }],
    ['no panel', { ...picture, panels: [] }],
    ['a heap of nothing', { ...picture, panels: [{ name: 'empty', points: [point(0, 0, 0, 0)] }] }],
  ])('is well-formed: %s', (_, odd) => {
    const svg = renderFootprints(odd);
    expect(problemsInXml(svg)).toEqual([]);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});
