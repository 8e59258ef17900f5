/** The reader's tables: every operation, every trap of the malloc-lab files, every way to be malformed. */
import { describe, expect, test } from 'vitest';
import { formatTrace, Opcode, parseTrace, type Trace, TraceError } from '../../../lib/trace/index.ts';

const first = '# heap-trace 1\n';

function parse(text: string): Trace {
  return parseTrace(Buffer.from(text, 'latin1'), { file: 'test' });
}

function operations(trace: Trace): string[] {
  return formatTrace(trace)
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'));
}

function refusal(text: string): TraceError {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(TraceError);
    return error as TraceError;
  }
  throw new Error('the trace was accepted');
}

describe('heap-trace 1', () => {
  test('header and counts', () => {
    const text = `${first}# name tiny\n# what a test\n# ops 4\n# ids 2\n# threads 2\n# peak-live-bytes 30\na 0 10\nt 1\na 1 20\nf 0\nf -1\n`;
    const trace = parse(text);
    expect(trace).toMatchObject({
      name: 'tiny',
      what: 'a test',
      format: 'heap-trace',
      operationCount: 4,
      blockCount: 2,
      threadCount: 2,
      threadSwitches: [{ operation: 1, thread: 1 }],
      peakLiveBytes: 30,
      peakLiveBlocks: 2,
      liveAtEnd: 1,
      hasDamage: false,
    });
    expect([...trace.opcodes]).toEqual([Opcode.malloc, Opcode.malloc, Opcode.free, Opcode.free]);
    expect([...trace.ids]).toEqual([0, 1, 0, -1]);
    expect([...trace.sizes]).toEqual([10, 20, 0, 0]);
  });

  test('every operation reads back as it was written', () => {
    const lines = [
      'a 0 24',
      'c 1 9007199254740991',
      'm 2 4096 100',
      'r 0 5000000000',
      't 3',
      'u 0',
      's 131072',
      'o -3 65536',
      'o 1 -1',
      'w 0 -8 0xffffffffffffffff',
      'w 0 0 0x0',
      'p 0 16 1 -16',
      'q 0 0 2 8',
      'P 0 0 0',
      'Q 0 8 32',
      'l 0 -8',
      'n 5 0 16',
      'f 5',
      'D 0',
      'D 0',
      'f 0',
      'f -1',
    ];
    const trace = parse(`${first}${lines.join('\n')}\n`);
    expect(operations(trace)).toEqual(lines);
    expect(trace.hasDamage).toBe(true);
    expect(trace.values[0]).toBe(2n ** 64n - 1n);
  });

  test.each([
    ['w 0 8 18446744073709551615', 'w 0 8 0xffffffffffffffff'],
    ['w 0 0x10 0xABC', 'w 0 16 0xabc'],
    ['l 0 -0x8', 'l 0 -8'],
    ['r 0 0', 'f 0'],
  ])('%s is the same as %s', (written, meant) => {
    expect(operations(parse(`${first}a 0 24\n${written}\n`))[1]).toBe(meant);
  });

  test.each([
    ['blanks, tabs and empty lines', `${first}\n  a\t0   24 \n\t\nf 0\t\n\n`],
    ['CRLF', '# heap-trace 1\r\n# ops 2\r\na 0 24\r\nf 0\r\n'],
    ['comments between operations', `${first}a 0 24\n# here it is freed\nf 0\n`],
    ['no newline at the end', `${first}a 0 24\nf 0`],
  ])('survives %s', (_, text) => {
    expect(operations(parse(text))).toEqual(['a 0 24', 'f 0']);
  });

  test('names may be UTF-8 but cannot steer a terminal', () => {
    const text = `${first}# name \x1b[2Jcaf\u00e9\n# what ${'x'.repeat(1000)}\na 0 1\n`;
    const trace = parseTrace(Buffer.from(text, 'utf8'));
    expect(trace.name).toBe('?[2Jcaf\u00e9');
    expect(trace.what).toHaveLength(200);
  });

  test('a number may be used again after its free', () => {
    expect(parse(`${first}a 0 1\nf 0\nc 0 2\nf 0\nm 0 64 3\n`).peakLiveBytes).toBe(3);
  });

  test('a realloc counts the new size only', () => {
    expect(parse(`${first}a 0 100\nr 0 150\nr 0 20\n`)).toMatchObject({ peakLiveBytes: 150, liveAtEnd: 1 });
  });

  test('a damaged heap may use what is freed, in its own way', () => {
    const lines = ['a 0 24', 'f 0', 'w 0 8 0x0', 'D 0', 'D 0', 'a 0 24', 'u 0', 'f 0'];
    expect(operations(parse(`${first}${lines.join('\n')}`))).toEqual(lines);
  });
});

describe('malloc-lab', () => {
  const body = 'a 0 512\nr 0 600\nf 0\n';

  test.each([
    ['4 numbers', `1\n1\n3\n600\n${body}`],
    ['2 numbers', `1\n3\n${body}`],
    ['no header', body],
    ['CRLF', `1\r\n1\r\n3\r\n600\r\n${body.replaceAll('\n', '\r\n')}`],
    ['one operation more than promised', `1\n1\n2\n1\n${body}`],
    ['trailing blanks', `1 \n1\n3\n1\n${body.replaceAll('\n', ' \n')}  \n`],
  ])('header: %s', (_, text) => {
    const trace = parse(text);
    expect(trace.format).toBe('malloc-lab');
    expect(operations(trace)).toEqual(['a 0 512', 'r 0 600', 'f 0']);
  });

  test.each([
    ['f -1 is free(NULL)', 'f -1\n', ['f -1']],
    ['r on an empty id is a malloc', 'r 0 16\nr 0 32\n', ['a 0 16', 'r 0 32']],
    ['r on an empty id with 0 bytes', 'r 0 0\nf 0\n', ['a 0 0', 'f 0']],
    ['r to 0 bytes frees; a free afterwards is one of NULL', 'a 0 8\nr 0 0\nf 0\n', ['a 0 8', 'f 0', 'f -1']],
    ['blocks never freed', 'a 0 8\na 1 8\n', ['a 0 8', 'a 1 8']],
    ['sizes above 4 GiB', 'a 0 38654705664\n', ['a 0 38654705664']],
  ])('%s', (_, text, expected) => {
    expect(operations(parse(text))).toEqual(expected);
  });
});

describe('malformed traces name their line', () => {
  test.each([
    ['nothing', '', 1, /nothing in it/],
    ['only blank lines', '\n\n \n', 4, /nothing in it/],
    ['another first line', '# some file\na 0 1\n', 1, /heap-trace 1/],
    ['another version', '# heap-trace 2\na 0 1\n', 1, /not heap-trace 2/],
    ['binary rubbish', '\x00\xff\x7f\x89PNG', 1, /byte 0x0/],
    ['binary rubbish in a line', `${first}a 0 1\na 1 \x00\x01\x02\n`, 3, /expected a size.*u0000/],
    ['a bad count in the header', `${first}# ops many\na 0 1\n`, 2, /after "# ops"/],
    [
      'fewer operations than promised',
      `${first}# ops 3\na 0 1\nf 0\n`,
      5,
      /promises 3 .* after 2: it is cut off/,
    ],
    ['more operations than promised', `${first}# ops 1\na 0 1\nf 0\n`, 5, /promises 1 .* are 2/],
    ['more threads than promised', `${first}# threads 1\nt 1\na 0 1\n`, 5, /1 threads but there are 2/],
    ['a number beyond the header', `${first}# ids 1\na 0 1\na 1 1\n`, 4, /block number, 0 to 0/],
    ['a number that cannot be meant', `${first}a 4000000000 1\n`, 2, /block number/],
    ['a missing size', `${first}a 0\n`, 2, /size in bytes but the line ends/],
    ['a missing number', `${first}a\n`, 2, /block number but the line ends/],
    ['a line cut off', `${first}a 0 1\nm 1 16`, 3, /size in bytes but the line ends/],
    ['a negative size', `${first}a 0 -1\n`, 2, /size in bytes, 0 to 9007199254740991, but found "-1"/],
    ['a fraction', `${first}a 0 1.5\n`, 2, /found "1.5"/],
    ['a hexadecimal size', `${first}a 0 0x10\n`, 2, /found "0x10"/],
    ['a size of 2^63', `${first}a 0 9223372036854775808\n`, 2, /found "9223372036854775808"/],
    ['a size of 2^53', `${first}a 0 9007199254740992\n`, 2, /found "9007199254740992"/],
    ['a size of 400 digits', `${first}a 0 ${'9'.repeat(400)}\n`, 2, /found "9{40}\.\.\."/],
    ['letters for a number', `${first}a zero 1\n`, 2, /found "zero"/],
    ['a field too many', `${first}a 0 1 2\n`, 2, /end of the line but found "2"/],
    ['no blank after the letter', `${first}a0 1\n`, 2, /blank/],
    ['an unknown operation', `${first}a 0 1\nx 0\n`, 3, /found "x"/],
    [
      'an operation of damage traces in a malloc-lab file',
      'a 0 1\nw 0 0 1\n',
      2,
      /starts with "# heap-trace 1"/,
    ],
    ['a malloc-lab header of 3 numbers', '1\n2\n3\na 0 1\n', 4, /found 3/],
    ['a malloc-lab header of 5 numbers', '1\n2\n3\n4\n5\na 0 1\n', 5, /after the 4 numbers/],
    ['a malloc-lab file cut off', '1\n2\n3\n1\na 0 1\n', 6, /cut off/],
    ['a lone carriage return', `${first}a 0 1\rf 0\n`, 2, /end of the line/],
    ['free of an unknown number', `${first}a 0 1\nf 1\n`, 3, /free of block 1, which was never allocated/],
    ['free in an empty trace', 'f 0\n', 1, /never allocated/],
    ['a second free', `${first}a 0 1\nf 0\nf 0\n`, 4, /free of block 0, which is already freed/],
    ['f -2', `${first}f -2\n`, 2, /block number or -1 but found "-2"/],
    ['allocating a live number', `${first}a 0 1\nc 0 1\n`, 3, /block 0 is allocated a second time/],
    ['realloc of an unknown number', `${first}r 0 1\n`, 2, /realloc of block 0, which was never allocated/],
    ['realloc of a freed number', `${first}a 0 1\nf 0\nr 0 1\n`, 4, /already freed/],
    ['a write to an unknown block', `${first}w 0 0 1\n`, 2, /use of block 0/],
    ['a value of 2^64', `${first}a 0 1\nw 0 0 18446744073709551616\n`, 3, /64-bit value/],
    ['a negative 64-bit value', `${first}a 0 1\nw 0 0 -1\n`, 3, /64-bit value/],
    ['an alias of a live block', `${first}a 0 1\na 1 1\nn 0 1 0\n`, 4, /cannot become an alias/],
    ['a mallopt value beyond an int', `${first}o 1 2147483648\n`, 2, /an int/],
    ['a thread number beyond 65535', `${first}t 65536\n`, 2, /thread number/],
  ])('%s', (_, text, line, message) => {
    const error = refusal(text);
    expect(error.code).toBe('ERR_TRACE_FORMAT');
    expect(error.message).toMatch(message);
    expect(error.line).toBe(line);
    expect(error.message.startsWith(`test:${line}: `)).toBe(true);
    // Control characters of the input never reach a terminal.
    expect(error.message).toMatch(/^[\x20-\x7e]*$/);
  });
});
