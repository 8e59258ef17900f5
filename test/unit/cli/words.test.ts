/** Numbers and texts as people read them, at the edges where rounding changes the unit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callList, duration, integerOption, percent, shorten, times, wrap } from '../../../lib/cli/words.ts';

describe('words', () => {
  it.each([
    [0, '0 ns'],
    [6.046, '6.05 ns'],
    [35.1, '35.1 ns'],
    [131.4, '131 ns'],
    [999.4, '999 ns'],
    [999.6, '1.00 us'],
    [6_131_000, '6.13 ms'],
    [1_900_000_000, '1.90 s'],
    [4_000_000_000_000, '4000 s'],
  ])('%d ns is %s', (ns, text) => {
    expect(duration(ns)).toBe(text);
  });

  it.each([
    [1.04, '1.0'],
    [9.94, '9.9'],
    [9.96, '10'],
    [121.8, '122'],
    [5469, '5,469'],
  ])('%d times is %s', (ratio, text) => {
    expect(times(ratio)).toBe(text);
  });

  it('dashes stand for what is not known', () => {
    expect([percent(null), callList(null)]).toEqual(['-', '-']);
    expect([percent(0.935), callList({}), callList({ mmap: 2, munmap: 1000 })]).toEqual([
      '93.5 %',
      'none',
      'mmap 2, munmap 1,000',
    ]);
  });

  it.each(['', '-1', '1.5', '1e3', 'ten', '0x', '9007199254740992', '101'])(
    'refuses %j as an integer',
    (text) => {
      expect(() => integerOption(0, 100)(text)).toThrow(/Expected an integer from 0 to 100/);
    },
  );

  it('accepts decimal and hexadecimal integers', () => {
    expect([integerOption(0)('42'), integerOption(0)('0x2a')]).toEqual([42, 42]);
  });

  it('wrapping keeps every word and the width', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/)),
        fc.integer({ min: 12, max: 60 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width);
          expect(lines.join(' ')).toBe(words.join(' '));
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it('shortening keeps both ends and the width', () => {
    expect(shorten('/usr/lib/x86_64-linux-gnu/libc.so.6', 20, '...')).toBe('/usr/...nu/libc.so.6');
  });
});
