/**
 * Random traces read back as they were written; mutated ones and random bytes are either a valid trace or a
 * `TraceError`, never anything else. A failure prints its seed and path: pass them to fc.assert to run it again.
 */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decompress, formatTrace, parseTrace, type Trace, TraceError } from '../../lib/trace/index.ts';
import { mutate, mutations, validTraces } from './trace-arbitraries.ts';

/** Reads, and holds what was read to the promises of a trace. */
function readOrRefuse(bytes: Uint8Array): Trace | null {
  let trace: Trace;
  try {
    trace = parseTrace(bytes, { file: 'fuzz' });
  } catch (error) {
    expect(error).toBeInstanceOf(TraceError);
    expect((error as TraceError).line).toBeGreaterThan(0);
    return null;
  }
  expect(trace.opcodes).toHaveLength(trace.operationCount);
  expect(trace.blockCount).toBeLessThanOrEqual(Math.max(2 ** 20, bytes.length));
  for (let index = 0; index < trace.operationCount; index++) {
    expect(trace.ids[index]).toBeGreaterThanOrEqual(-1);
    expect(trace.ids[index]).toBeLessThan(trace.blockCount);
    expect(Number.isSafeInteger(trace.sizes[index])).toBe(true);
  }
  return trace;
}

describe('any input', () => {
  test('a valid trace reads back as it was written', () => {
    fc.assert(
      fc.property(validTraces, (text) => {
        const trace = parseTrace(Buffer.from(text));
        const again = parseTrace(Buffer.from(formatTrace(trace)));
        expect(again).toEqual(trace);
      }),
      { numRuns: 200 },
    );
  });

  test('a mutated trace is read or refused', () => {
    fc.assert(
      fc.property(validTraces, mutations, (text, changes) => {
        const trace = readOrRefuse(mutate(Buffer.from(text), changes));
        if (trace) expect(formatTrace(parseTrace(Buffer.from(formatTrace(trace))))).toBe(formatTrace(trace));
      }),
      { numRuns: 500 },
    );
  });

  test('random bytes are read or refused', () => {
    const openings = fc.constantFrom('', '# heap-trace 1\n', '1\n2\n', 'a 0 1\n');
    fc.assert(
      fc.property(openings, fc.uint8Array({ maxLength: 300 }), (opening, bytes) => {
        readOrRefuse(Buffer.concat([Buffer.from(opening), bytes]));
      }),
      { numRuns: 500 },
    );
  });

  test('mutated and random packed bytes are unpacked or refused', async () => {
    const packed = [
      gzipSync('# heap-trace 1\na 0 1\n'),
      Buffer.from('KLUv/QRY0QAAIyBoZWFwLXRyYWNlIDEKYSAwIDI0CmYgMArAcWKc', 'base64'),
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...packed), mutations, async (bytes, changes) => {
        const mutated = mutate(bytes, changes);
        try {
          expect((await decompress(mutated, 'fuzz', 1024 * 1024)).length).toBeLessThanOrEqual(1024 * 1024);
        } catch (error) {
          expect(error).toBeInstanceOf(TraceError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
