/** The patterns near a rack's blocks, against a picture of the page drawn byte by byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fillHead,
  fillSlack,
  headEnd,
  isHeadWhole,
  isSlackWhole,
  nearEnd,
  nearStart,
} from '../../../lib/guarded/near.ts';
import { FREED_BYTE, SLACK_BYTE } from '../../../lib/guarded/patterns.ts';

const pageBytes = 4096;
/** The page that is looked at lies between two others, which nothing may touch. */
const usable = pageBytes;
const usableEnd = 2 * pageBytes;
const other = 0x55;

const seed = Number(process.env.CHUNKYARD_SEED ?? 20_267);

/** Blocks anywhere, at the ends of the page more often, with starts as alignments give them. */
const blocks = fc
  .record({
    sizeBytes: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: pageBytes })),
    place: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    alignment: fc.constantFrom(1, 2, 4, 8, 16, 16, 16, 64),
  })
  .map(({ sizeBytes, place, alignment }) => {
    const start = usable + (Math.floor((pageBytes - sizeBytes) * place) & -alignment);
    return { start, end: start + sizeBytes };
  });

const check = (property: (block: { start: number; end: number }) => void): void =>
  fc.assert(fc.property(blocks, property), { seed, numRuns: 2000 });

function openPage(): { bytes: Uint8Array; words: Int32Array } {
  const bytes = new Uint8Array(3 * pageBytes).fill(other);
  return { bytes, words: new Int32Array(bytes.buffer) };
}

/** Fills as a heap does: slack, then what the program puts into its block, then the head when it is freed. */
function filled(start: number, end: number, isFreed: boolean): ReturnType<typeof openPage> {
  const page = openPage();
  fillSlack(page.words, start, end, usable, usableEnd);
  page.bytes.fill(other, start, end);
  if (isFreed) fillHead(page.words, start, end);
  return page;
}

const offsets = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k);

describe(`patterns near a block, seed ${seed}`, () => {
  it('reach 16 bytes before it and to the next multiple of 16 behind it, never out of its page', () => {
    check(({ start, end }) => {
      expect(nearStart(start, usable)).toBe(Math.max(usable, start - 16));
      expect(nearEnd(end, usableEnd)).toBe(Math.min(usableEnd, 16 * Math.floor(end / 16) + 16));
      expect(headEnd(start, end)).toBe(Math.min(end, start + 16));
    });
  });

  it('are where they belong, and bytes elsewhere are as they were', () => {
    check(({ start, end }) => {
      const drawn = openPage().bytes;
      drawn.fill(SLACK_BYTE, nearStart(start, usable), start);
      drawn.fill(SLACK_BYTE, end, nearEnd(end, usableEnd));
      const live = filled(start, end, false).bytes;
      expect(Buffer.compare(live.subarray(0, usableEnd), drawn.subarray(0, usableEnd))).toBe(0);
      expect(live.subarray(usableEnd).every((byte) => byte === other)).toBe(true);
      drawn.fill(FREED_BYTE, start, headEnd(start, end));
      expect(Buffer.compare(filled(start, end, true).bytes, drawn)).toBe(0);
    });
  });

  it.each([false, true])('one byte that is changed is found, and no other, freed: %s', (isFreed) => {
    check(({ start, end }) => {
      const { bytes, words } = filled(start, end, isFreed);
      const isSlack = (): boolean => isSlackWhole(words, start, end, usable, usableEnd);
      const isHead = (): boolean => !isFreed || isHeadWhole(words, start, end);
      expect([isSlack(), isHead()]).toEqual([true, true]);
      for (const at of offsets(Math.max(0, start - 40), Math.min(bytes.length, end + 40))) {
        const inSlack =
          at < start ? at >= nearStart(start, usable) : at >= end && at < nearEnd(end, usableEnd);
        const inHead = isFreed && at >= start && at < headEnd(start, end);
        const was = bytes[at];
        bytes[at] ^= 1 << (at & 7);
        if (isSlack() === inSlack || (isHead() && inHead)) expect.fail(`at ${at} of ${start}..${end}`);
        bytes[at] = was;
      }
    });
  });
});
