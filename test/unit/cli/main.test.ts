/** What all commands share: exit codes, help, colour, pipes that close. */
import { describe, expect, it } from 'vitest';
import { compilePackage } from '../../helpers/child.ts';
import { executable, runCli } from '../../helpers/cli.ts';
import { runProgram } from '../../helpers/programs.ts';

const commands = [
  ['tour'],
  ['maps'],
  ['replay'],
  ['compare'],
  ['whatif'],
  ['costs'],
  ['draw'],
  ['guard'],
  ['attack'],
  ['attack', 'list'],
  ['attack', 'run'],
  ['attack', 'table'],
  ['lesson'],
  ['record'],
  ['trace'],
  ['trace', 'info'],
  ['trace', 'convert'],
  ['trace', 'generate'],
];

describe('help', () => {
  it.each(commands.map((words) => [words.join(' '), words] as const))(
    '%s has an example',
    async (name, words) => {
      const { code, stdout, stderr } = await runCli([...words, '--help']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: chunkyard ${name}`);
      expect(stdout).toMatch(new RegExp(`\\n {2}\\$ chunkyard ${name}\\b`));
      if (name !== 'trace' && name !== 'attack') expect(stdout).toContain('--json');
    },
  );

  it('lists every command, and none that is not tested here', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}([a-z]+) (?:\[options\]|\s)/gm)].map((match) => match[1]);
    expect(listed.filter((name) => name !== 'help')).toEqual([...new Set(commands.map(([first]) => first))]);
  });

  it('tells the version of the package', async () => {
    const { code, stdout } = await runCli(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('exit codes', () => {
  it.each([
    ['no command', [], /Usage/],
    ['an unknown command', ['sing'], /unknown command 'sing'/],
    ['an unknown option', ['maps', '--loud'], /unknown option '--loud'/],
    ['a missing argument', ['draw', '--at', '1'], /missing required argument 'trace'/],
    ['a missing option', ['replay', 'jq'], /required option '--on <allocator>'/],
    ['an allocator that is not there', ['replay', 'jq', '--on', 'tea'], /Allowed choices are .*native/],
    ['a number that is none', ['draw', 'jq', '--at', '1.5'], /Expected an integer/],
    ['a number out of range', ['replay', 'jq', '--on', 'native', '--rounds', '0'], /Expected an integer/],
    ['a trace that is not there', ['replay', 'nowhere', '--on', 'native'], /nowhere.*built-in.*jq/],
    ['an operation behind the end', ['draw', 'git-repack', '--at', '99999999'], /has only 43,178 operations/],
    ['a process id that cannot be one', ['maps', '0'], /process id/],
    ['a process that does not exist', ['maps', '2147483646'], /no process 2147483646/],
    ['a folder as output', ['trace', 'convert', 'git-repack', '/'], /EISDIR/],
    ['a tunable without value', ['replay', 'jq', '--on', 'native', '--tunable', 'x'], /NAME=VALUE/],
    [
      'an option for another allocator',
      ['replay', 'jq', '--on', 'native', '--check', '5'],
      /--check means nothing to native/,
    ],
    [
      'a tunable that heap does not have',
      ['replay', 'jq', '--on', 'heap', '--tunable', 'glibc.malloc.hugetlb=1'],
      /no such tunable; it has glibc.malloc.arena_max/,
    ],
    [
      'a tunable of heap that is no number',
      ['replay', 'jq', '--on', 'heap', '--tunable', 'glibc.malloc.top_pad=much'],
      /expected an integer/,
    ],
    [
      'a C library that heap is not',
      ['replay', 'jq', '--on', 'heap', '--glibc', '2.99'],
      /Allowed choices are 2.23/,
    ],
    [
      'a version for the native malloc',
      ['replay', 'jq', '--on', 'native', '--glibc', '2.36'],
      /--glibc means nothing to native/,
    ],
    [
      'checks of a heap that is damaged on purpose',
      ['replay', 'jq', '--on', 'heap', '--damage', '--check', '5'],
      /exclude each other/,
    ],
    [
      'two documents at once',
      ['replay', 'jq', '--on', 'native', '--placements', '-', '--json'],
      /name a file/,
    ],
    ['standard input twice', ['compare', '-', '-'], /only once/],
  ])('2 for %s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });

  it('70, and what a report needs, for a defect of ours', async () => {
    const plant =
      'Object.defineProperty(process.stdout, "columns", { get() { throw new Error("planted") } })';
    const { code, stdout, stderr } = await runCli(['maps'], {
      nodeArgs: ['--import', `data:text/javascript,${encodeURIComponent(plant)}`],
    });
    expect(code).toBe(70);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^chunkyard: this is a defect of chunkyard/);
    expect(stderr).toContain('Error: planted');
    expect(stderr).toContain(process.version);
  });

  it('is quiet when the reader stops reading', async () => {
    await compilePackage();
    const line = `set -o pipefail; "${process.execPath}" "${executable}" trace convert jq - | head -n 1`;
    const { status, stdout, stderr } = runProgram('bash', ['-c', line]);
    expect([status, stdout, stderr]).toEqual([0, '# heap-trace 1\n', '']);
  });
});

describe('colour', () => {
  /** What every colour starts with. */
  const colour = `${String.fromCharCode(27)}[`;
  const draw = ['draw', 'git-repack', '--at', '40', '--dump', '3'];

  it('there is none in a pipe', async () => {
    const { code, stdout } = await runCli(draw, { env: { FORCE_COLOR: '1' } });
    expect(code).toBe(0);
    expect(stdout).not.toContain(colour);
  });

  const hasScript = runProgram('script', ['--version']).status === 0;
  /** The same in a terminal of its own. */
  const inTerminal = (environment: string): string => {
    const command = `${environment} '${process.execPath}' '${executable}' ${draw.join(' ')}`;
    return runProgram('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '' },
    }).stdout;
  };

  it.skipIf(!hasScript)('there is some on a terminal', async () => {
    await compilePackage();
    expect(inTerminal('COLUMNS=80')).toContain(colour);
  });

  it.skipIf(!hasScript)('there is none on a terminal with NO_COLOR', async () => {
    await compilePackage();
    const plain = inTerminal('NO_COLOR=1');
    expect(plain).toContain('arena header');
    // The terminal itself may say things of its own, but nothing that ends in m.
    expect(plain.split(colour).filter((piece) => /^\d*m/.test(piece))).toEqual([]);
  });

  it('plain letters where the locale has no others', async () => {
    const { stdout } = await runCli(draw, { env: { LC_ALL: 'C' } });
    expect(stdout).toContain('## in use');
    expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('width', () => {
  it.each([40, 80, 120])('keeps to %i columns', async (columns) => {
    const { stdout } = await runCli(['draw', 'git-repack', '--at', '40', '--dump', '9'], {
      env: { COLUMNS: String(columns) },
    });
    for (const line of stdout.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(columns);
  });
});
