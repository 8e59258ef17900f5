/** The native replayer against what is known of this machine's malloc, run for real. */
import { describe, expect, test } from 'vitest';
import { type NativeOptions, NativeReplayer, replayerPath } from '../../../lib/compare/index.ts';
import { parseTrace, readTrace, type Trace } from '../../../lib/trace/index.ts';
import { glibcMinor, hasCacheChunk } from '../../helpers/glibc.ts';
import { listSharedTraces, sharedTraces } from '../../helpers/shared-traces.ts';

function parse(text: string): Trace {
  return parseTrace(Buffer.from(`# heap-trace 1\n${text}`));
}

async function placements(text: string, options: NativeOptions = {}): Promise<string[]> {
  using native = new NativeReplayer(parse(text), options);
  return await native.placements();
}

test('the executable is found', () => {
  expect(replayerPath()).toMatch(/replayer$/);
});

// Offsets worked out by hand: cache struct 0x290, then chunks of 0x20 (24 bytes), and so on; blocks 16 further on.
describe.skipIf(!hasCacheChunk)('placements, main arena', () => {
  test.each<[string, string, string[]]>([
    ['the first block lies behind the cache struct', 'a 0 24\n', ['672']],
    ['chunks of 32, 48 and 32 bytes', 'a 0 24\na 1 25\na 2 0\n', ['672', '704', '752']],
    ['a freed block comes back from the cache', 'a 0 24\na 1 24\nf 0\na 2 20\n', ['672', '704', '-', '672']],
    ['free(NULL)', 'f -1\na 0 24\n', ['-', '672']],
    ['own mapping: header size and place in the page', 'a 0 200000\n', ['M 200704 16']],
    ['own mapping that grows', 'a 0 200000\nr 0 400000\nf 0\n', ['M 200704 16', 'M 401408 16', '-']],
    ['the threshold follows a freed mapping', 'a 0 200000\nf 0\na 1 200000\n', ['M 200704 16', '-', '672']],
    ['memalign takes an aligned block out of the middle', 'a 0 24\nm 1 4096 100\n', ['672', '4096']],
    // Its 144 bytes, cut from the front of the heap, lie before the 0x290 of the cache struct.
    ['a memalign first comes before the cache struct', 'm 0 64 24\na 1 24\n', ['64', '816']],
    ['no memory', 'a 0 9007199254740991\na 1 24\nr 1 9007199254740991\nf 1\n', ['0', '672', '0', '-']],
    [
      'an operation of damage traces does not run unasked',
      'a 0 24\nl 0 -8\nw 0 -8 0x1\nf 0\n',
      ['672', '-', '-', '-'],
    ],
  ])('%s', async (_, text, expected) => {
    expect(await placements(text)).toEqual(expected);
  });
});

describe.skipIf(glibcMinor === 0)('placements, thread arena', () => {
  const [firstBlock, firstAligned] = hasCacheChunk
    ? ['672', '1840']
    : [expect.any(String), expect.any(String)];

  test('count from the first chunk behind heap_info and malloc_state', async () => {
    const lines = await placements('a 0 24\na 1 24\nm 2 4096 10\na 3 200000\n', { arena: 'thread' });
    expect(lines[0]).toEqual(firstBlock);
    expect(Number(lines[1]) - Number(lines[0])).toBe(32);
    if (glibcMinor >= 35) expect(lines[2]).toEqual(firstAligned);
    expect(lines[3]).toBe('M 200704 16');
  });

  test("further heaps are numbered, and what no heap can hold is the main arena's or a mapping", async () => {
    const megabytes = (count: number): string =>
      Array.from({ length: count }, (_, id) => `a ${id} 1000000`).join('\n');
    // Without own mappings, 140 MB need three heaps.
    const lines = await placements(`o -4 0\n${shift(megabytes(140))}\n`, { arena: 'thread', damage: true });
    const heaps = new Set(lines.map((line) => /^h\d+:/.exec(line)?.[0] ?? ''));
    expect([...heaps]).toEqual(['', 'h1:', 'h2:']);
    const firstOfSecond = lines.find((line) => line.startsWith('h1:'));
    expect(Number(firstOfSecond?.slice(3))).toBe(glibcMinor >= 35 ? 0x40 : 0x30);
  });
});

describe.skipIf(!hasCacheChunk)('damage', () => {
  const message = async (text: string): Promise<string | undefined> =>
    (await placements(text, { damage: true, timeoutSeconds: 2 })).at(-1);

  test.each([
    ['double free', 'a 0 24\nD 0\nf 0\n', '! free(): double free detected in tcache 2'],
    ['free inside a block', 'a 0 100\nn 1 0 8\nD 1\n', '! free(): invalid pointer'],
    ['size overwritten', 'a 0 24\nw 0 -8 0x11\nf 0\n', '! free(): invalid size'],
    ['top overwritten', 'a 0 24\nw 0 24 0xffffffffffffffff\na 1 100000\n', '! malloc(): corrupted top size'],
    ['write to an address that is none', 'a 0 24\nw 0 100000000000000 1\n', '! SEGV'],
    ['read far below the heap', 'a 0 24\nl 0 -100000000\n', '! SEGV'],
  ])('%s', async (_, text, expected) => {
    expect(await message(text)).toBe(expected);
  });

  test('words are read, sizes asked, pointers written plain and mangled', async () => {
    const text = [
      'a 0 24', 'a 1 24', 'l 0 -8', 'u 0', 'w 0 8 0xffffffffffffffff', 'l 0 8',
      'p 0 0 1 16', 'n 2 0 0', 'P 0 0 0', 's 0', 'o 1 0', 'D 1', 'f 0',
    ]; // biome-ignore format: one operation each
    expect(await placements(`${text.join('\n')}\n`, { damage: true })).toEqual([
      '672',
      '704',
      '= 33',
      '= 24',
      '-',
      '= 18446744073709551615',
      '-',
      '-',
      '-',
      '-',
      '-',
      '-',
      '-',
    ]);
  });

  test.skipIf(glibcMinor < 32)('a mangled link makes the cache give out any address', async () => {
    // Two blocks cached; the link of the last is forged to point into a third: the second malloc gets it.
    const text = 'a 0 24\na 1 24\na 2 64\nD 0\nD 1\nq 1 0 2 16\na 3 24\na 4 24\n';
    const lines = await placements(text, { damage: true });
    expect(lines.slice(-2)).toEqual(['704', String(Number(lines[2]) + 16)]);
    expect(await placements(text.replace('q 1 0 2 16', 'Q 1 0 752'), { damage: true })).toEqual([
      ...lines.slice(0, -1),
      '752',
    ]);
  });

  test('an endless loop ends', async () => {
    // Two sizes in one large bin; the smaller one's bk_nextsize is made to point at itself, and a request for the
    // larger follows it.
    const free = 'a 0 1048\na 1 24\na 2 1064\na 3 24\nD 0\nD 2\na 4 5000\n';
    const text = `${free}p 0 24 0 -16\na 5 1064\n`;
    expect(await placements(text, { damage: true, timeoutSeconds: 1 })).toContain('! TIMEOUT');
  });
});

describe('other answers', () => {
  test('two runs place alike', async () => {
    using native = new NativeReplayer(await readTrace('python-json'));
    const first = await native.placements();
    expect(first).toHaveLength(9200);
    expect(await native.placements()).toEqual(first);
  });

  test('every pass and round is timed', async () => {
    using native = new NativeReplayer(await readTrace('python-json'));
    const rounds = await native.time(2, 3);
    expect(rounds.map(({ pass, round }) => [pass, round])).toEqual(
      [0, 1].flatMap((p) => [0, 1, 2].map((r) => [p, r])),
    );
    for (const { cpuNs, wallNs } of rounds) {
      expect(cpuNs).toBeGreaterThan(0);
      expect(wallNs).toBeGreaterThan(0);
    }
    // The first round meets a fresh heap, so it faults its pages in.
    expect(rounds[0].minorFaults).toBeGreaterThan(100);
  });

  test.skipIf(glibcMinor === 0)('system calls are counted by name, or refused', async () => {
    using native = new NativeReplayer(parse('a 0 24\na 1 200000\nr 1 400000\nf 1\n'));
    const calls = await native.systemCalls();
    if (calls !== null) expect(calls).toMatchObject({ brk: 1, mmap: 1, mremap: 1, munmap: 1 });
  });

  test('a trace that kills its process is no failure of ours', async () => {
    using native = new NativeReplayer(parse('a 0 24\nD 0\nf 0\n'), { damage: true });
    const footprint = await native.footprint();
    expect(footprint.operations).toBe(2);
    expect(footprint.ended).toMatch(/double free/);
  });

  test('failed allocations are counted', async () => {
    using native = new NativeReplayer(parse('a 0 9007199254740991\nf 0\n'));
    expect(await native.footprint()).toMatchObject({ operations: 2, failedAllocations: 1 });
  });

  test('GLIBC_TUNABLES reach it', async () => {
    if (!hasCacheChunk) return;
    const trace = parse('a 0 200000\n');
    using native = new NativeReplayer(trace, {
      environment: { GLIBC_TUNABLES: 'glibc.malloc.mmap_threshold=1000000' },
    });
    expect(await native.placements()).toEqual(['672']);
  });
});

// The table was measured with glibc 2.36 by another program.
const traces = glibcMinor === 36 ? listSharedTraces() : [];

describe.skipIf(traces.length === 0)("footprint of the study's traces", () => {
  test.each(traces)('$file', async ({ file, operations, glibcFootprintBytes }) => {
    using native = new NativeReplayer(await readTrace(sharedTraces + file));
    expect(await native.footprint()).toMatchObject({ operations, peakHeapBytes: glibcFootprintBytes });
  });
});

/** Ids one further on, so that a line before them can use number 0. */
function shift(lines: string): string {
  return lines.replace(/^a (\d+)/gm, (_, id) => `a ${Number(id) + 1}`);
}
