/**
 * `.cytrace` under random traces and random damage: what is written reads back, and mutated bytes are a valid trace or
 * a `TraceError`, whatever layer of the format they hit, within bounded memory. CHUNKYARD_FUZZ=10000 runs as many
 * mutated files of each kind, CHUNKYARD_SEED others; a failure prints its seed and path.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeTrace,
  formatTrace,
  generateDamage,
  generateTrace,
  parseTrace,
  type Trace,
  TraceError,
  traceProfiles,
} from '../../lib/trace/index.ts';
import { putTogether, readCytrace, takeApart } from '../helpers/cytrace.ts';
import { mutate, mutations, validTraces } from './trace-arbitraries.ts';

const numRuns = Number(process.env.CHUNKYARD_FUZZ ?? 300);
const seed = Number(process.env.CHUNKYARD_SEED ?? 20_261);
const timeout = 20 * 60_000;

/** The trace with a time and a call site for each operation. */
function withColumns(trace: Trace): Trace {
  const { operationCount: count } = trace;
  return {
    ...trace,
    timesNs: Float64Array.from({ length: count }, (_, index) => index * index * 1000),
    sites: Uint32Array.from({ length: count }, (_, index) => index % 7),
    siteNames: Array.from({ length: 7 }, (_, index) => `program+0x${index}`),
    recording: { command: ['program', 'argument'] },
  };
}

/** Switches that switch: not to the thread that runs, not behind the last operation. */
function threadsOf({ threadSwitches, operationCount }: Trace): Partial<Trace> {
  const kept = threadSwitches.filter(
    ({ operation, thread }, place) =>
      operation < operationCount && thread !== (threadSwitches[place - 1]?.thread ?? 0),
  );
  const threadCount = Math.max(1, ...kept.map(({ thread }) => thread + 1));
  return { threadSwitches: kept, threadCount };
}

/** Reads, and holds what was read to the promises of a trace; null when it is refused. */
async function readOrRefuse(bytes: Uint8Array, limitBytes?: number): Promise<Trace | null> {
  let trace: Trace;
  try {
    trace = await readCytrace(bytes, 4096, limitBytes);
  } catch (error) {
    expect(error).toBeInstanceOf(TraceError);
    return null;
  }
  const { operationCount, blockCount } = trace;
  expect(blockCount).toBeLessThanOrEqual(Math.max(2 ** 20, 2 * operationCount));
  const text = formatTrace(trace);
  // The text's reader judges by its own rules that a replay is valid.
  expect(parseTrace(Buffer.from(text)).operationCount).toBe(operationCount);
  return trace;
}

describe('what is written reads back', () => {
  test('random traces', async () => {
    await fc.assert(
      fc.asyncProperty(validTraces, fc.integer({ min: 1, max: 100 }), async (text, pieceBytes) => {
        const trace = parseTrace(Buffer.from(text));
        const again = await readCytrace(await encodeTrace(trace), pieceBytes);
        expect(again).toEqual({ ...trace, ...threadsOf(trace), format: 'cytrace' });
      }),
      { numRuns: 100, seed },
    );
  });

  test.each(traceProfiles.map(({ name }) => name))('profile %s', async (name) => {
    const trace = generateTrace(name, { operations: 2000, seed });
    expect(await readCytrace(await encodeTrace(trace))).toEqual({ ...trace, format: 'cytrace' });
  });

  test('damage, times, call sites', async () => {
    for (let number = 0; number < 20; number++) {
      const trace = withColumns(generateDamage(seed + number));
      expect(await readCytrace(await encodeTrace(trace))).toEqual({ ...trace, format: 'cytrace' });
    }
  });
});

describe('mutated files are read or refused', () => {
  const plain = generateTrace('all-calls', { operations: 300, seed });
  const sources = [
    plain,
    generateDamage(seed),
    withColumns(generateTrace('reallocs', { operations: 200, seed })),
  ];
  const files = Promise.all(sources.map(encodeTrace));
  const whichFile = fc.nat(sources.length - 1);

  test(
    'their bytes',
    async () => {
      await fc.assert(
        fc.asyncProperty(whichFile, mutations, async (which, changes) => {
          const file = (await files)[which];
          const mutated = mutate(file, changes);
          const trace = await readOrRefuse(mutated);
          // A packed section cannot change and keep its checksum: only the same file is read.
          if (trace && !Buffer.from(file).equals(mutated)) {
            expect(trace.operationCount).toBe(sources[which].operationCount);
          }
        }),
        { numRuns, seed },
      );
    },
    timeout,
  );

  test(
    'the bytes inside a section, packed anew',
    async () => {
      await fc.assert(
        fc.asyncProperty(whichFile, fc.nat(), mutations, async (which, section, changes) => {
          const sections = takeApart((await files)[which]);
          const chosen = sections[section % sections.length];
          chosen.bytes = mutate(chosen.bytes, changes);
          await readOrRefuse(putTogether(sections));
        }),
        { numRuns, seed },
      );
    },
    timeout,
  );

  test(
    'sections left out, twice, or in another order',
    async () => {
      await fc.assert(
        fc.asyncProperty(whichFile, fc.array(fc.nat(9), { maxLength: 6 }), async (which, order) => {
          const sections = takeApart((await files)[which]);
          await readOrRefuse(putTogether(order.map((place) => sections[place % sections.length])));
        }),
        { numRuns, seed },
      );
    },
    timeout,
  );
});

test(
  'logs of other tools, mutated, are read or refused',
  async () => {
    const logs = [
      '= Start\n@ ./a:[0x1] + 0x10 0xa\n@ ./a:[0x2] < 0x10\n@ ./a:[0x2] > 0x40 0x3e8\n@ ./a:[0x3] - 0x40\n= End\n',
      'v 10400 3\nX a\n+ 10 1 55d0\n+ 8 1 55e0\n- 55d0\n+ 20 2 55d0\n- 55e0\n',
      'v 10400 3\nX a\na 10 1\na 20 2\n+ 0\n+ 1\n+ 1\n- 1\n- 0\n- 1\n',
    ];
    await fc.assert(
      fc.property(fc.constantFrom(...logs), mutations, (log, changes) => {
        try {
          const trace = parseTrace(mutate(Buffer.from(log), changes));
          expect(parseTrace(Buffer.from(formatTrace(trace))).operationCount).toBe(trace.operationCount);
        } catch (error) {
          expect(error).toBeInstanceOf(TraceError);
        }
      }),
      { numRuns, seed },
    );
  },
  timeout,
);
