/** Agreement, rows, measurements: structure and counts; never a time. */
import { describe, expect, test } from 'vitest';
import {
  comparePlacements,
  comparePlaces,
  compareTrace,
  encodeProgram,
  type Measurement,
  machineGlibc,
  makeSubject,
  measureSubject,
  placementLines,
  placementsOn,
  rowOf,
} from '../../../lib/compare/index.ts';
import { parseTrace, readTrace, type Trace } from '../../../lib/trace/index.ts';

function parse(text: string): Trace {
  return parseTrace(Buffer.from(`# heap-trace 1\n${text}`), { name: 'tiny' });
}

describe('agreement', () => {
  test('equal', () => {
    expect(comparePlacements(['16', '-'], ['16', '-'])).toEqual({
      operations: 2,
      equal: 2,
      firstDifference: null,
    });
  });

  test('the first difference is told, all are counted', () => {
    expect(comparePlacements(['16', '-', '48', '0'], ['16', '-', '64', '1'])).toEqual({
      operations: 4,
      equal: 2,
      firstDifference: { operation: 2, expected: '48', actual: '64' },
    });
  });

  test.each([
    [['16', '! SEGV'], ['16'], { operation: 1, expected: '! SEGV', actual: null }],
    [['16'], ['16', '48'], { operation: 1, expected: null, actual: '48' }],
  ])('one that ended before the other', (expected, actual, difference) => {
    expect(comparePlacements(expected, actual)).toEqual({
      operations: 2,
      equal: 1,
      firstDifference: difference,
    });
  });
});

test('placement lines of the chunk list count from its first chunk', () => {
  const subject = makeSubject('chunklist');
  using heap = subject.allocator;
  const lines = placementLines(parse('a 0 16\na 1 16\nf 0\na 2 16\nf -1\n'), subject);
  // The first block lies one header behind the first chunk; a freed block of the size is the first fit.
  const first = heap.snapshot().chunks.find((chunk) => chunk.state === 'in-use')!;
  expect(lines[0]).toBe(String(first.pointer - first.offset));
  expect(lines[3]).toBe(lines[0]);
  expect(Number(lines[1])).toBeGreaterThan(Number(lines[0]));
  expect([lines[2], lines[4]]).toEqual(['-', '-']);
});

describe('placement lines of the heap', () => {
  const script = 'a 0 24\na 1 24\nf 0\na 2 10\na 3 200000\nm 4 64 100\nf 3\na 5 9007199254740991\n';

  test('main arena: from the break on; the cache struct lies before the first block', () => {
    const lines = placementsOn(parse(script), 'heap', { glibc: '2.36' });
    expect(lines).toEqual(['672', '704', '-', '672', 'M 200704 16', '768', '-', '0']);
  });

  test('thread arena: from the chunk behind the state struct', () => {
    const lines = placementsOn(parse(script), 'heap', { glibc: '2.36', arena: 'thread' });
    expect(lines.slice(0, 5)).toEqual(['672', '704', '-', '672', 'M 200704 16']);
  });

  test('tunables are obeyed', () => {
    const lines = placementsOn(parse(script), 'heap', {
      tunables: { tcache_count: 0, mmap_threshold: 2 ** 20 },
    });
    expect(lines[4]).not.toMatch(/^M/);
  });
});

test('agreement of places leaves out what gives no block', () => {
  expect(comparePlaces(['16', '-', '48', '-'], ['16', '-', '64', '-'])).toEqual({
    placements: 2,
    equal: 1,
    firstDifference: { operation: 2, expected: '48', actual: '64' },
  });
});

test('a program is the trace in fixed records', () => {
  const trace = parse('a 0 4294967297\nm 1 64 10\nw 0 -8 0xfedcba9876543210\nf -1\n');
  const bytes = Buffer.from(encodeProgram(trace));
  expect(bytes.toString('latin1', 0, 8)).toBe('cyreplay');
  expect(bytes.subarray(8, 32).toString('hex')).toBe(
    '01000000' + '02000000' + '0400000000000000' + '0600000000000000',
  );
  const records = bytes.subarray(32).toString('hex').match(/.{32}/g);
  expect(records).toEqual([
    '61000000' + '00000000' + '0100000001000000',
    '6d000000' + '01000000' + '0a00000000000000',
    '4000000000000000' + '00000000' + '00000000',
    '77000000' + '00000000' + 'f8ffffffffffffff',
    '1032547698badcfe' + '00000000' + '00000000',
    '66000000' + 'ffffffff' + '0000000000000000',
  ]);
});

describe('measuring', () => {
  test('each round has a fresh arena', async () => {
    const trace = await readTrace('python-json');
    const one = measureSubject(trace, 'chunklist', { rounds: 1 });
    const three = measureSubject(trace, 'chunklist', { rounds: 3 });
    expect(one.rounds).toHaveLength(1);
    expect(three.rounds).toHaveLength(3);
    expect(three.peakHeapBytes).toBe(one.peakHeapBytes);
    expect(three.systemCalls).toEqual(one.systemCalls);
    expect(one.systemCalls).toMatchObject({ mmap: expect.any(Number), mprotect: expect.any(Number) });
  });

  test('the budget ends it', () => {
    const { rounds } = measureSubject(parse('a 0 1\n'), 'chunklist', { rounds: 10_000, budgetMs: 20 });
    expect(rounds.length).toBeGreaterThan(0);
    expect(rounds.length).toBeLessThan(10_000);
  });

  test('a row is the best round', () => {
    const rounds = [
      { cpuNs: 900, wallNs: 1000, minorFaults: 9 },
      { cpuNs: 300, wallNs: 500, minorFaults: 4 },
      { cpuNs: 600, wallNs: 400, minorFaults: 7 },
    ];
    const trace = parse('a 0 100\na 1 50\nf 0\n');
    expect(rowOf(trace, 'chunklist', { rounds, peakHeapBytes: 600, systemCalls: { mmap: 2 } })).toEqual({
      trace: 'tiny',
      allocator: 'chunklist',
      operations: 3,
      nsPerOperation: 100,
      nsInterval: null,
      leastNsPerOperation: 100,
      firstRunNsPerOperation: 300,
      turns: 1,
      runs: 3,
      peakHeapBytes: 600,
      peakLiveBytes: 150,
      utilization: 0.25,
      systemCalls: { mmap: 2 },
      minorFaults: 4,
    });
  });

  test('of several turns the median of the least counts, with an interval from six on', () => {
    const turn = (cpuNs: number): Measurement => ({
      rounds: [
        { cpuNs: cpuNs + 1000, wallNs: 1, minorFaults: 5 },
        { cpuNs, wallNs: 1, minorFaults: 5 },
      ],
      peakHeapBytes: 0,
      systemCalls: null,
    });
    const trace = parse('a 0 100\n');
    const turns = [60, 10, 50, 20, 40, 30].map(turn) as [Measurement, ...Measurement[]];
    expect(rowOf(trace, 'native', ...turns)).toMatchObject({
      nsPerOperation: 35,
      nsInterval: [10, 60],
      leastNsPerOperation: 10,
      firstRunNsPerOperation: 1035,
      turns: 6,
      runs: 12,
    });
  });

  test('a trace without operations has a row', () => {
    const rounds = [{ cpuNs: 0, wallNs: 10, minorFaults: 0 }];
    const row = rowOf(parse(''), 'native', { rounds, peakHeapBytes: 0, systemCalls: null });
    expect(row).toMatchObject({ nsPerOperation: 0, utilization: null, systemCalls: null });
  });
});

describe('all allocators side by side', () => {
  test('take turns; each has a row', async () => {
    const trace = await readTrace('python-json');
    const turns: string[] = [];
    const names = ['heap', 'chunklist', 'native', 'buffer'] as const;
    const rows = await compareTrace(trace, {
      allocators: names,
      passes: 2,
      rounds: 2,
      onProgress: (allocator, pass) => turns.push(`${allocator} ${pass}`),
    });
    expect(turns).toEqual([0, 1, 'sizes'].flatMap((pass) => names.map((name) => `${name} ${pass}`)));
    expect(rows.map((row) => row.allocator)).toEqual(names);
    for (const row of rows) {
      expect(row).toMatchObject({
        trace: 'python-json',
        operations: 9200,
        peakLiveBytes: 3685087,
        runs: 4,
      });
      expect(row.nsPerOperation).toBeGreaterThan(0);
      expect(row.peakHeapBytes === 0 || row.peakHeapBytes >= row.peakLiveBytes).toBe(true);
    }
    expect(rows.map((row) => row.agreement !== undefined)).toEqual([true, false, false, false]);
  });

  test.runIf(machineGlibc() !== null).each(['main', 'thread'] as const)(
    'the heap puts every block where the native malloc does, %s arena',
    async (arena) => {
      const trace = await readTrace('git-repack');
      const [heap, native] = await compareTrace(trace, {
        allocators: ['heap', 'native'],
        arena,
        tunables: { mmap_threshold: 65_536 },
        passes: 1,
        rounds: 1,
      });
      expect(heap).toMatchObject({ glibc: machineGlibc(), agreement: { firstDifference: null } });
      expect(heap.agreement!.equal).toBe(heap.agreement!.placements);
      expect(heap.agreement!.placements).toBeGreaterThan(20_000);
      expect(heap.peakHeapBytes).toBeGreaterThan(0);
      expect(native.agreement).toBeUndefined();
    },
  );
});
