/** The head of a trace is what the reader makes of the text's first lines. */
import { describe, expect, it } from 'vitest';
import { parseTrace, readTrace, traceHead } from '../../../lib/trace/index.ts';

const operations = ['a 0 100', 'c 1 50', 'r 0 300', 'f 1', 'f -1', 'm 1 64 10', 'f 0', 'a 2 7'];
const parse = (lines: string[]): ReturnType<typeof parseTrace> =>
  parseTrace(new TextEncoder().encode(['# heap-trace 1', '# name sample', ...lines, ''].join('\n')));

describe('traceHead', () => {
  it.each(operations.map((_, index) => index + 1))('of %i operations', (count) => {
    const head = traceHead(parse(operations), count);
    const expected = parse(operations.slice(0, count));
    for (const key of ['operationCount', 'peakLiveBytes', 'peakLiveBlocks', 'liveAtEnd'] as const) {
      expect([key, head[key]]).toEqual([key, expected[key]]);
    }
    expect([...head.opcodes]).toEqual([...expected.opcodes]);
    expect([...head.sizes]).toEqual([...expected.sizes]);
  });

  it('agrees with the reader on a whole recorded trace', async () => {
    const trace = await readTrace('git-repack');
    const head = traceHead(trace, trace.operationCount);
    expect(head.peakLiveBytes).toBe(trace.peakLiveBytes);
    expect(head.peakLiveBlocks).toBe(trace.peakLiveBlocks);
    expect(head.liveAtEnd).toBe(trace.liveAtEnd);
    expect(head.threadSwitches).toEqual(trace.threadSwitches);
  });

  it('refuses more than there is', () => {
    expect(() => traceHead(parse(operations), operations.length + 1)).toThrow(/operations/);
  });
});
