/** The key of a stack: equal where the stack is, different where any place in it differs. */
import { describe, expect, it } from 'vitest';
import { native } from '../../../lib/posix/index.ts';
import { stackKey } from '../../../lib/posix/stack-key.ts';

const isKnown = stackKey(8) !== 0;
const here = (frames: number): number => stackKey(frames);
const fromOne = (frames: number): number => here(frames);
const fromOther = (frames: number): number => here(frames);
const collect = (globalThis as { gc?: () => void }).gc;

describe.skipIf(!isKnown)('stackKey', () => {
  it('is the same at the same places, another elsewhere, as far down as it looks', () => {
    const keys = { one: new Set<number>(), other: new Set<number>(), near: new Set<number>() };
    for (let i = 0; i < 5; i++) {
      keys.one.add(fromOne(8));
      keys.other.add(fromOther(8));
      keys.near.add(fromOne(1));
      keys.near.add(fromOther(1));
    }
    // Code may be compiled, and garbage collected, on the way: a few keys more, but never a common one.
    expect(keys.one.size).toBeLessThan(5);
    expect(keys.other.size).toBeLessThan(5);
    expect(keys.near.size).toBeLessThan(10);
    expect([...keys.one].filter((key) => keys.other.has(key))).toEqual([]);
    for (const key of keys.one) expect(Number.isSafeInteger(key) && key > 0).toBe(true);
  });

  it('two calls on one line differ', () => {
    // biome-ignore format: on one line
    const [a, b] = [here(8), here(8)];
    expect(a).not.toBe(b);
  });

  it.skipIf(!collect)('is another after a collection, which may move code', () => {
    const keys = new Set<number>();
    for (let i = 0; i < 4; i++) {
      keys.add(here(8));
      collect?.();
    }
    expect(keys.size).toBe(4);
  });

  it('tells methods and callbacks apart while they are compiled', () => {
    const seen = new Map<number, string>();
    const note = (name: string): void => {
      const key = stackKey(12);
      const known = seen.get(key);
      if (known !== undefined && known !== name) throw new Error(`${known} and ${name} have one key`);
      seen.set(key, name);
    };
    const inner = { first: () => note('first'), second: () => note('second') };
    const viaMap = (): void => void [1].map(() => note('map'));
    const viaSome = (): void => void [1].some(() => note('some'));
    for (let i = 0; i < 30_000; i++) {
      inner.first();
      inner.second();
      viaMap();
      viaSome();
    }
    expect(new Set(seen.values())).toEqual(new Set(['first', 'second', 'map', 'some']));
  });
});

it('is 0 for what cannot be a number of frames', () => {
  expect(native().stackKey(0)).toBe(0);
  expect(native().stackKey(1000)).toBe(0);
  expect(native().stackKey('8' as never)).toBe(0);
});
