/** Traces that cannot be read: exit code 2, the line's number on standard error, nothing on standard output. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../lib/core/index.ts';
import { runCli } from '../../helpers/cli.ts';

const head = '# heap-trace 1\n# name broken\n';
const random = seededRandom(63);
const rubbish = Uint8Array.from({ length: 4096 }, () => random.integer(0, 255));
const whole = gzipSync(`${head}a 0 10\nf 0\n`);

const broken: [string, string | Uint8Array, RegExp][] = [
  ['cut off in the middle of a line', `${head}a 0 10\na 1`, /-:4: expected .*bytes.* but the line ends/],
  [
    'cut off before the promised end',
    `# heap-trace 1\n# ops 5\na 0 10\n`,
    /-:\d: the header promises 5 operations/,
  ],
  ['wrong numbers', `${head}a 0 ten\n`, /-:3: expected .* but found "ten"/],
  ['a negative size', `${head}a 0 -1\n`, /-:3: expected .* but found "-1"/],
  ['a free of an unknown block', `${head}a 0 10\nf 7\n`, /-:4: free of block 7/],
  ['a free of a block that was freed', `${head}a 0 10\nf 0\nf 0\n`, /-:5: free of block 0/],
  ['a size of 2^63', `${head}a 0 9223372036854775808\n`, /-:3: expected .* but found "9223372036854775808"/],
  ['a size of 2^64 in a realloc', `${head}a 0 1\nr 0 18446744073709551616\n`, /-:4: expected/],
  ['an operation nobody knows', `${head}z 1 2\n`, /-:3: expected an operation/],
  ['another version', '# heap-trace 9\n', /-:1: this reader knows heap-trace 1/],
  ['nothing', '', /-:1: expected a trace but there is nothing in it/],
  ['binary rubbish', rubbish, /chunkyard: -(:\d+)?: /],
  ['half a gzip file', whole.subarray(0, whole.length - 9), /chunkyard: -: /],
];

describe('a malformed trace', () => {
  it.each(broken)('%s', async (_, input, message) => {
    const { code, stdout, stderr } = await runCli(['replay', '-', '--on', 'chunklist', '--json'], { input });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^chunkyard: [\x20-\x7e]*\n$/);
  });

  it.each([['compare'], ['draw', '--at', '0'], ['trace', 'info']])(
    'is refused by %s too',
    async (...words) => {
      const { code, stdout, stderr } = await runCli([...words, '-'], { input: `${head}a 0 ten\n` });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('-:3: ');
    },
  );
});
