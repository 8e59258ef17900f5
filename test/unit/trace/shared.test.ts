/** Every trace of the study that lies beside the checkout is read, with the counts of its table. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatTrace, parseTrace, readTrace } from '../../../lib/trace/index.ts';
import { listSharedTraces, sharedTraces } from '../../helpers/shared-traces.ts';

const traces = listSharedTraces();

describe.skipIf(traces.length === 0)('traces of the study', () => {
  test.each(traces)('$file', async ({ file, operations, peakLiveBytes }) => {
    const trace = await readTrace(sharedTraces + file);
    expect(trace).toMatchObject({ operationCount: operations, peakLiveBytes });
    const again = parseTrace(Buffer.from(formatTrace(trace)));
    for (const column of ['opcodes', 'ids', 'sizes', 'extras'] as const) {
      expect(Buffer.compare(bytesOf(again[column]), bytesOf(trace[column]))).toBe(0);
    }
  });

  test('the table names more traces than one folder has', () => {
    expect(readFileSync(`${sharedTraces}glibc-replay.tsv`, 'utf8')).toContain('recorded/');
    expect(traces.length).toBeGreaterThan(100);
  });
});

function bytesOf(column: ArrayBufferView): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength);
}
