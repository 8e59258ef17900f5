/** The drawings as files: what a reader sees at 80 columns and in a browser, for heaps with fixed addresses. */
import { describe, expect, it } from 'vitest';
import {
  asciiGlyphs,
  diffHeaders,
  plainPalette,
  renderChanges,
  renderDump,
  renderStrip,
  renderSvg,
  unicodeGlyphs,
} from '../../lib/view/index.ts';
import { crowdedHeap, sampleAfter, sampleBefore } from '../helpers/sample-heap.ts';

const style = { width: 80, palette: plainPalette, glyphs: unicodeGlyphs };
const ascii = { ...style, glyphs: asciiGlyphs };
const text = (lines: string[]): string => `${lines.join('\n')}\n`;

describe('golden drawings', () => {
  it.each([
    ['strip', renderStrip([{ snapshot: sampleBefore }], style)],
    [
      'strip-two-rows',
      renderStrip(
        [
          { snapshot: sampleBefore, label: 'before' },
          { snapshot: sampleAfter, label: 'after' },
        ],
        style,
      ),
    ],
    ['strip-ascii', renderStrip([{ snapshot: sampleBefore }], ascii)],
    ['strip-bands', renderStrip([{ snapshot: crowdedHeap(60) }], style)],
    ['strip-dense', renderStrip([{ snapshot: crowdedHeap(5000) }], style)],
    ['dump', renderDump(sampleBefore, style)],
    ['dump-ascii', renderDump(sampleBefore, ascii)],
    ['changes', renderChanges(diffHeaders(sampleBefore, sampleAfter), style)],
  ])('%s', async (name, lines) => {
    await expect(text(lines)).toMatchFileSnapshot(`./view-${name}.golden.txt`);
  });

  it('svg', async () => {
    const svg = renderSvg(sampleBefore, { title: 'A heap of seven chunks' });
    await expect(svg).toMatchFileSnapshot('./view-heap.golden.svg');
  });
});
