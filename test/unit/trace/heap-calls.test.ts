/** Addresses to block numbers: what a recorder, mtrace and heaptrack have in common. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressTable } from '../../../lib/trace/address-table.ts';
import { formatTrace, parseTrace, type Trace, TraceError } from '../../../lib/trace/index.ts';
import { parseRawHeader, RawLogConverter, rawHeaderBytes } from '../../../lib/trace/raw-log.ts';

test('the table is a map, whatever the addresses are', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(60)), { maxLength: 400 });
  fc.assert(
    fc.property(steps, fc.constantFrom(16, 4096, 2 ** 32 + 16), (all, stride) => {
      const table = new AddressTable();
      const model = new Map<number, number>();
      for (const [index, [adds, place]] of all.entries()) {
        const address = 2 ** 46 + place * stride;
        if (adds && !model.has(address)) {
          table.set(address, index);
          model.set(address, index);
        } else {
          expect(table.take(address)).toBe(model.get(address) ?? -1);
          model.delete(address);
        }
      }
      for (const [address, value] of model) expect(table.take(address)).toBe(value);
    }),
    { seed: 20_261 },
  );
});

test('a table that grows keeps everything', () => {
  const table = new AddressTable();
  for (let index = 0; index < 50_000; index++) table.set(16 * (index + 1), index);
  for (let index = 0; index < 50_000; index++) expect(table.take(16 * (index + 1))).toBe(index);
  expect(table.take(16)).toBe(-1);
});

const [malloc, calloc, memalign, begins, ends, free] = [1, 2, 3, 4, 5, 6];

/** A log of 24-byte records: kind, thread, address, size, alignment. */
function convert(...records: [number, number, number, number?, number?][]): {
  lines: string[];
  counts: object;
} {
  const log = Buffer.alloc(rawHeaderBytes + 24 * records.length);
  log.write('CYRAWLG1');
  log.writeUInt32LE(24, 8);
  log.writeBigUInt64LE(BigInt(records.length), 16);
  log.write('/bin/program\0argument\0', 128);
  for (const [index, [kind, thread, address, size = 0, alignment = 0]] of records.entries()) {
    const at = rawHeaderBytes + 24 * index;
    log.writeUInt8(kind, at);
    log.writeUInt16LE(thread, at + 2);
    log.writeUInt32LE(alignment, at + 4);
    log.writeBigUInt64LE(BigInt(address), at + 8);
    log.writeBigUInt64LE(BigInt(size), at + 16);
  }
  const header = parseRawHeader(log)!;
  expect(header.command).toEqual(['/bin/program', 'argument']);
  const lines: string[] = [];
  let thread = 0;
  const converter = new RawLogConverter(header, {
    push: (opcode, id, bytes, alignment) =>
      lines.push(
        `${thread}:${String.fromCharCode(opcode)} ${id} ${bytes}${alignment ? ` ${alignment}` : ''}`,
      ),
    switchThread: (next) => {
      thread = next;
    },
    stamp: () => {},
    site: () => {},
  });
  converter.convert(log.subarray(rawHeaderBytes));
  return { lines, counts: { ...converter.counts, unfinished: converter.unfinished } };
}

describe('the records of a log', () => {
  test('numbers are used again, the one freed last first', () => {
    const { lines } = convert(
      [malloc, 0, 0x100, 10],
      [calloc, 0, 0x200, 20],
      [free, 0, 0x100],
      [free, 0, 0x200],
      [memalign, 0, 0x300, 30, 64],
      [malloc, 0, 0x100, 40],
      [free, 0, 0],
    );
    expect(lines).toEqual([
      '0:a 0 10',
      '0:c 1 20',
      '0:f 0 0',
      '0:f 1 0',
      '0:m 1 30 64',
      '0:a 0 40',
      '0:f -1 0',
    ]);
  });

  test('another thread gets the old address before a realloc has ended', () => {
    const { lines, counts } = convert(
      [malloc, 1, 0x100, 10],
      [begins, 1, 0x100],
      [malloc, 2, 0x100, 99],
      [ends, 1, 0x500, 5000],
      [free, 2, 0x100],
      [free, 1, 0x500],
    );
    expect(lines).toEqual(['1:a 0 10', '2:a 1 99', '1:r 0 5000', '2:f 1 0', '1:f 0 0']);
    expect(counts).toMatchObject({ unseenFrees: 0, foreignFrees: 0 });
  });

  test('reallocs of two threads that change places', () => {
    const { lines } = convert(
      [malloc, 1, 0x100, 1],
      [malloc, 2, 0x200, 2],
      [begins, 1, 0x100],
      [begins, 2, 0x200],
      [ends, 2, 0x100, 22],
      [ends, 1, 0x200, 11],
      [free, 0, 0x100],
    );
    expect(lines.slice(2)).toEqual(['2:r 1 22', '1:r 0 11', '0:f 1 0']);
  });

  test('a realloc that fails, and one to nothing', () => {
    const { lines, counts } = convert(
      [malloc, 0, 0x100, 1],
      ...([
        [begins, 0, 0x100],
        [ends, 0, 0, 2 ** 50],
      ] as [number, number, number, number?][]),
      ...([
        [begins, 0, 0x100],
        [ends, 0, 0, 0],
      ] as [number, number, number, number?][]),
    );
    expect(lines).toEqual(['0:a 0 1', '0:f 0 0']);
    expect(counts).toMatchObject({ failedReallocs: 1, frees: 1, allocations: 1 });
  });

  test('blocks from before, frees that nobody saw, calls that were under way', () => {
    const { lines, counts } = convert(
      [free, 0, 0x100],
      [begins, 0, 0x200],
      [ends, 0, 0x300, 30],
      [malloc, 0, 0x300, 40],
      [0, 0, 0],
      [begins, 0, 0x300],
    );
    expect(lines).toEqual(['0:a 0 30', '0:f 0 0', '0:a 0 40']);
    expect(counts).toMatchObject({ foreignFrees: 1, foreignReallocs: 1, unseenFrees: 1, unfinished: 1 });
  });
});

describe('logs of other tools', () => {
  const parse = (text: string): Trace => parseTrace(Buffer.from(text), { file: 'log', name: 'log' });
  const linesOf = (trace: Trace): string[] =>
    formatTrace(trace)
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('#'));

  test('mtrace', () => {
    const log = `= Start
@ ./a b:[0x11b0] + 0x55ce5f0082a0 0xa
@ ./a b:(main+0x10)[0x11c5] < 0x55ce5f0082a0
@ ./a b:[0x11c5] > 0x55ce5f0084a0 0x3e8
@ ./a b:[0x11d8] + 0x55ce5f0082a0 0x15
@ ./a b:[0x123c] + (nil) 0x1000000000000000
@ ./a b:[0x1259] ! 0x55ce5f0084a0 0x1000000000000000
@ ./a b:[0x1269] - 0x55ce5f0084a0
@ ./a b:[0x1269] - 0x1234
= End
`;
    const trace = parse(log);
    expect(trace).toMatchObject({ format: 'mtrace', name: 'log', liveAtEnd: 1, peakLiveBytes: 1021 });
    expect(linesOf(trace)).toEqual(['a 0 10', 'r 0 1000', 'a 1 21', 'f 0']);
  });

  test.each([
    ['raw', '+ 10 1 55d0\n+ 8 1 55e0\n- 55d0\nt 1 2\nc 5\n+ 20 2 55d0\n- 55e0\n'],
    ['interpreted', 's 1 a\na 10 1\na 8 1\na 20 2\n+ 0\n+ 1\n- 0\n+ 2\n- 1\n'],
  ])('heaptrack, %s', (_, lines) => {
    const trace = parse(`v 10400 3\nX prog arg\n${lines}`);
    expect(trace).toMatchObject({ format: 'heaptrack', what: 'prog arg', liveAtEnd: 1 });
    expect(linesOf(trace)).toEqual(['a 0 16', 'a 1 8', 'f 0', 'a 0 32', 'f 1']);
  });

  test.each([
    ['mtrace, half a realloc', '= Start\n@ a < 0x10\n@ a - 0x20\n', /:3: expected the second half/],
    ['mtrace, no number', '= Start\n@ a + zzz 0x1\n', /:2: expected an address in hexadecimal/],
    ['mtrace, rubbish', '= Start\nhello\n', /:2: expected a call/],
    ['heaptrack, a later version', 'v 10400 9\n', /:1: .*versions 1 to 3, not 9/],
    ['heaptrack, a pair that is not there', 'v 10400 3\na 10 1\n+ 1\n', /:3: .*stands above/],
    ['heaptrack, a free too many', 'v 10400 3\na 10 1\n- 0\n', /:3: .*no block left/],
  ])('%s', (_, text, message) => {
    expect(() => parse(text)).toThrow(TraceError);
    expect(() => parse(text)).toThrow(message);
  });
});
