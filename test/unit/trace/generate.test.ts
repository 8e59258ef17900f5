/** Generated traces: valid, repeatable, as long as asked for, and as different as their profiles promise. */
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../../lib/core/index.ts';
import {
  formatTrace,
  generateDamage,
  generateTrace,
  Opcode,
  parseTrace,
  traceInfo,
  traceProfiles,
} from '../../../lib/trace/index.ts';

const names = traceProfiles.map(({ name }) => name);
const readBack = (text: string) => parseTrace(new TextEncoder().encode(text));

describe('generateTrace', () => {
  it('knows at least 23 profiles, each under a name of its own', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(23);
  });

  it.each(names)('%s: reads back as the same trace, counts included', (name) => {
    const trace = generateTrace(name, { seed: 3, operations: 3000 });
    const again = readBack(formatTrace(trace));
    expect(trace.operationCount).toBe(3000);
    expect(again.opcodes).toEqual(trace.opcodes);
    expect(again.ids).toEqual(trace.ids);
    expect(again.sizes).toEqual(trace.sizes);
    const { peakLiveBytes, peakLiveBlocks, liveAtEnd, blockCount, hasDamage } = trace;
    expect(again).toMatchObject({ peakLiveBytes, peakLiveBlocks, liveAtEnd, blockCount, hasDamage });
  });

  it('gives the same trace for the same seed and another for another', () => {
    const text = (seed: number): string => formatTrace(generateTrace('all-calls', { seed, operations: 500 }));
    expect(text(7)).toBe(text(7));
    expect(text(7)).not.toBe(text(8));
  });

  it.each([1, 2, 17])('stops at %i operations', (operations) => {
    for (const name of names) expect(generateTrace(name, { operations }).operationCount).toBe(operations);
  });

  it('covers every operation of a heap, and sizes from 0 to beyond the largest heap', () => {
    const letters = new Set<string>();
    let largest = 0;
    for (const name of names) {
      const info = traceInfo(generateTrace(name, { operations: 4000 }));
      for (const letter of Object.keys(info.counts)) letters.add(letter);
      largest = Math.max(largest, info.largestBytes);
    }
    expect([...letters].sort().join('')).toBe('acfmorsu');
    expect(largest).toBeGreaterThan(2 ** 40);
  });

  it('frees the youngest first in a stack', () => {
    const { opcodes, ids } = generateTrace('stack', { operations: 2000 });
    const stack: number[] = [];
    opcodes.forEach((opcode, index) => {
      if (opcode === Opcode.malloc) stack.push(ids[index]);
      else expect(ids[index]).toBe(stack.pop());
    });
  });

  it('names the profiles when it does not know one', () => {
    expect(() => generateTrace('nonsense')).toThrow(ArgumentError);
    expect(() => generateTrace('nonsense')).toThrow(/uniform/);
    expect(() => generateTrace('uniform', { operations: 0 })).toThrow(ArgumentError);
  });
});

describe('generateDamage', () => {
  it('makes traces that read back, every one of them', () => {
    for (let seed = 0; seed < 300; seed++) {
      const trace = generateDamage(seed);
      const again = readBack(formatTrace(trace));
      const { opcodes, ids, sizes, extras, secondIds, values, peakLiveBytes, liveAtEnd, blockCount } = trace;
      expect(again, `seed ${seed}`).toMatchObject({ peakLiveBytes, liveAtEnd, blockCount, hasDamage: true });
      expect(again.opcodes).toEqual(opcodes);
      expect([again.ids, again.sizes, again.extras]).toEqual([ids, sizes, extras]);
      expect([again.secondIds, again.values]).toEqual([secondIds, values]);
    }
  });

  it('uses every operation that damage traces have', () => {
    const letters = new Set<number>();
    for (let seed = 0; seed < 300; seed++) for (const code of generateDamage(seed).opcodes) letters.add(code);
    expect(letters).toEqual(new Set(Object.values(Opcode)));
  });
});
