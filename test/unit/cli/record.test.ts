/** `record` and `trace` on the command line: whose output is whose, exit codes, files that can be used again. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { formatTrace, readTrace, traceProfiles } from '../../../lib/trace/index.ts';
import { runCli, runJson } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

describe.skipIf(process.platform !== 'linux')('record', () => {
  it("leaves the program's output and exit code alone, and says on standard error what it did", async () => {
    const output = folder.file('sh.cytrace');
    const script = 'read line; echo "got $line"; echo trouble >&2; exit 3';
    const result = await runCli(['record', '-o', output, '--', 'sh', '-c', script], { input: 'a line\n' });
    expect(result).toMatchObject({ code: 3, stdout: 'got a line\n' });
    const [first, ...notes] = result.stderr.trimEnd().split('\n');
    expect(first).toBe('trouble');
    expect(notes[0]).toMatch(/^chunkyard: .*sh\.cytrace: \d+ operations of 1 thread, [\d.]+ bytes each$/);
    expect(notes.at(-1)).toMatch(/exit code 3$/);
    expect((await readTrace(output)).name).toBe('sh');
  });

  it('a signal is 128 and its number, as shells tell it', async () => {
    const { code } = await runCli(['record', '-o', folder.file('k.cytrace'), 'sh', '-c', 'kill -9 $$']);
    expect(code).toBe(137);
  });

  it('--json: one document; the program prints to standard error', async () => {
    const { code, stdout, stderr } = await runCli([
      ...['record', '--json', '-o', folder.file('j.cytrace'), '--follow', 'sh'],
      ...['sh', '-c', 'sh -c "echo inner"; exit 4'],
    ]);
    expect(code).toBe(4);
    expect(stderr).toBe('inner\n');
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ format: 'chunkyard-record 1', exitCode: 4, signal: null });
    expect(document.traces).toHaveLength(2);
    expect(document.traces[0].operations).toBeGreaterThan(10);
  });

  it('what is recorded can be replayed', async () => {
    const output = folder.file('again.cytrace');
    await runCli(['record', '-o', output, '--', 'sort', '/dev/null']);
    const report = await runJson<{ operations: number }>([
      'replay',
      output,
      '--on',
      'native',
      '--rounds',
      '1',
    ]);
    expect(report.operations).toBeGreaterThan(10);
  });

  it.each([
    ['no program', ['record'], /missing required argument/],
    ['a program that is not there', ['record', '--', 'no-such-program-anywhere'], /there is no such program/],
  ])('%s ends with 2', async (_, args, message) => {
    const { code, stderr, stdout } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('trace convert', () => {
  it('there and back gives the same text', async () => {
    const packed = folder.file('jq.cytrace');
    const { bytes } = await runJson<{ bytes: number }>(['trace', 'convert', 'jq', packed]);
    expect(bytes).toBeLessThan(3 * 152_117);
    const back = await runCli(['trace', 'convert', packed, folder.file('jq.trace.gz')]);
    expect(back.stdout).toMatch(/152,117 operations/);
    const [there, here] = await Promise.all([readTrace('jq'), readTrace(folder.file('jq.trace.gz'))]);
    expect(formatTrace(here) === formatTrace(there)).toBe(true);
  });

  it('in place, and a source that is refused leaves nothing behind', async () => {
    const path = folder.file('place.cytrace');
    await runCli(['trace', 'convert', 'python-json', path]);
    expect((await runCli(['trace', 'convert', path, path])).code).toBe(0);
    expect((await readTrace(path)).operationCount).toBe(9200);
    writeFileSync(folder.file('cut.cytrace'), readFileSync(path).subarray(0, 5000));
    const { code, stderr } = await runCli(['trace', 'convert', folder.file('cut.cytrace'), path]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/cut off/);
    expect((await readTrace(path)).operationCount).toBe(9200);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});

describe('trace generate', () => {
  it('lists its profiles', async () => {
    const { profiles } = await runJson<{ profiles: { name: string }[] }>(['trace', 'generate']);
    expect(profiles.map(({ name }) => name)).toEqual(traceProfiles.map(({ name }) => name));
  });

  it('the same seed gives the same calls, in either format', async () => {
    const [text, packed] = [folder.file('s.trace'), folder.file('s.cytrace')];
    const how = ['--operations', '70000', '--seed', '5'];
    await runCli(['trace', 'generate', 'sessions', text, ...how]);
    await runCli(['trace', 'generate', 'sessions', packed, ...how]);
    const [one, other] = await Promise.all([readTrace(text), readTrace(packed)]);
    expect(Buffer.compare(other.opcodes, one.opcodes)).toBe(0);
    expect(other.sizes.every((size, index) => size === one.sizes[index])).toBe(true);
    expect(other.peakLiveBytes).toBe(one.peakLiveBytes);
    // Numbers are used again.
    expect(other.blockCount).toBe(other.peakLiveBlocks);
  });

  it('mix is what its options say', async () => {
    const path = folder.file('mix.cytrace');
    const how = ['--live', '50', '--minimum-bytes', '100', '--maximum-bytes', '200', '--calloc-share', '1'];
    await runCli(['trace', 'generate', 'mix', path, ...how, '--sizes', 'uniform', '--lifetimes', 'oldest']);
    const { counts, largestBytes, peakLiveBlocks } = await runJson<{
      counts: object;
      largestBytes: number;
      peakLiveBlocks: number;
    }>(['trace', 'info', path]);
    expect(Object.keys(counts)).toEqual(['c', 'f']);
    expect(largestBytes).toBe(200);
    expect(peakLiveBlocks).toBeLessThan(80);
  });

  it.each([
    [['trace', 'generate', 'zipf', 'x', '--live', '3'], /--live means nothing to zipf/],
    [['trace', 'generate', 'no-such', 'x'], /one of uniform/],
    [['trace', 'generate', 'mix', 'x', '--realloc-share', '2'], /share from 0 to 1/],
    [['trace', 'generate', 'zipf'], /name the file/],
  ])('%j ends with 2', async (args, message) => {
    const { code, stderr } = await runCli(args, {});
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
