/** `maps`, `draw`, `trace`: what they show must be what is there. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { isSupported } from '../../../lib/index.ts';
import { runCli, runJson } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { problemsInXml } from '../../helpers/xml.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

interface MapsDocument {
  format: string;
  pid: number;
  ranges: { start: string; end: string; byteLength: number; protection: string; kind: string }[];
  totals: { kind: string; ranges: number; bytes: number }[];
}

describe.runIf(isSupported('memoryMap'))('maps', () => {
  it('shows its own process; the totals are the sums of the ranges', async () => {
    const { format, ranges, totals } = await runJson<MapsDocument>(['maps']);
    expect(format).toBe('chunkyard-maps 1');
    expect(ranges.some((range) => range.kind === 'stack')).toBe(true);
    const bytes = ranges.reduce((sum, range) => sum + range.byteLength, 0);
    expect(totals.reduce((sum, total) => sum + total.bytes, 0)).toBe(bytes);
    expect(totals.reduce((sum, total) => sum + total.ranges, 0)).toBe(ranges.length);
    for (const { start, end, byteLength } of ranges)
      expect(BigInt(end) - BigInt(start)).toBe(BigInt(byteLength));
  });

  it('shows another process as the kernel does', async () => {
    const sleeper = spawn('sleep', ['60']);
    try {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const document = await runJson<MapsDocument>(['maps', String(sleeper.pid)]);
      const kernel = readFileSync(`/proc/${sleeper.pid}/maps`, 'utf8').trimEnd().split('\n');
      expect(document.pid).toBe(sleeper.pid);
      expect(document.ranges.map(({ start, end }) => `${start.slice(2)}-${end.slice(2)}`)).toEqual(
        kernel.map((line) => line.split(' ')[0].replaceAll(/(^|-)0+(?=.)/g, '$1')),
      );
    } finally {
      sleeper.kill();
    }
  });

  it('prints a line for every range within 80 columns', async () => {
    const { code, stdout } = await runCli(['maps']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0x[0-9a-f]+-0x[0-9a-f]+ .* r-xp +.*node/m);
    expect(stdout).toMatch(/^reserved, no access/m);
    for (const line of stdout.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
  });
});

interface DrawDocument {
  format: string;
  at: number;
  startOffset: number;
  endOffset: number;
  chunks: { offset: number; sizeBytes: number; state: string; requestBytes?: number }[];
}

describe('draw', () => {
  const trace = '# heap-trace 1\n# name small\na 0 40\na 1 100\na 2 24\nf 0\nf 1\n';
  const after = async (at: number): Promise<DrawDocument> => {
    const { stdout } = await runCli(['draw', '-', '--at', String(at), '--json'], { input: trace });
    return JSON.parse(stdout) as DrawDocument;
  };

  it.each([
    [0, []],
    [1, [40]],
    [3, [40, 100, 24]],
    [4, [100, 24]],
    [5, [24]],
  ])('after %i operations the blocks are those that are live', async (at, requests) => {
    const { format, chunks, startOffset, endOffset } = await after(at);
    expect(format).toBe('chunkyard-draw 1');
    expect(chunks.filter((chunk) => chunk.state === 'in-use').map((chunk) => chunk.requestBytes)).toEqual(
      requests,
    );
    // Chunk follows chunk, without a gap, to the end.
    const ends = chunks.map((chunk) => chunk.offset + chunk.sizeBytes);
    expect([startOffset, ...ends]).toEqual([...chunks.map((chunk) => chunk.offset), endOffset]);
  });

  it('draws text with a legend, and bytes when told to', async () => {
    const { code, stdout } = await runCli(['draw', '-', '--at', '3', '--dump', '2'], { input: trace });
    expect(code).toBe(0);
    expect(stdout).toContain('small after 3 of 5 operations, the last one being "a 2 24"');
    expect(stdout).toContain('██ in use');
    expect(stdout).toContain('┌ +0x30 in use, 80 B (40 asked for)');
    expect(stdout).not.toContain('┌ +0x80');
  });

  it('draws the glibc heap, its chunks labelled with the lists they stand on', async () => {
    const { code, stdout } = await runCli(['draw', '-', '--at', '5', '--dump', '9', '--on', 'heap'], {
      input: trace,
    });
    expect(code).toBe(0);
    expect(stdout).toContain('heap at 0x');
    expect(stdout).toMatch(/2 chunks in use \(.*\), 2 chunks cached \(160\s+B\), 0 chunks free/);
    expect(stdout).toMatch(/cached, 48 B +← tcache\[0x30\] 1\/1/);
    expect(stdout).toMatch(/cached, 112 B +← tcache\[0x70\] 1\/1/);
    expect(stdout).toMatch(/next → none +key/);
  });

  it('writes an SVG with a box for every chunk', async () => {
    const file = folder.file('heap.svg');
    const { code, stdout } = await runCli(['draw', 'git-repack', '--at', '2000', '--svg', file]);
    expect(code).toBe(0);
    const svg = readFileSync(file, 'utf8');
    expect(problemsInXml(svg)).toEqual([]);
    const boxes = svg.match(/data-offset=/g)?.length;
    expect(stdout).toContain(`${boxes} chunks`);
    const { chunks } = await runJson<DrawDocument>(['draw', 'git-repack', '--at', '2000']);
    expect(boxes).toBe(chunks.length);
  });
});

describe('trace', () => {
  it('info counts', async () => {
    const info = await runJson<{ counts: Record<string, number>; operations: number; freesOfNull: number }>([
      ...['trace', 'info', 'jq'],
    ]);
    expect(info).toMatchObject({
      format: 'chunkyard-trace-info 1',
      name: 'jq',
      operations: 152_117,
      threads: 1,
    });
    const counted = Object.values(info.counts).reduce((sum, times) => sum + times, info.freesOfNull);
    expect(counted).toBe(info.operations);
  });

  it('convert turns a malloc-lab file into heap-trace 1, and back into the same', async () => {
    const file = folder.file('lab.trace.gz');
    const again = folder.file('again.trace');
    const lab = '20000\n2\n4\n1\na 0 512\na 1 128\nr 0 640\nf 1\n';
    const first = await runCli(['trace', 'convert', '-', file], { input: lab });
    expect(first.code).toBe(0);
    const text = gunzipSync(readFileSync(file)).toString();
    expect(text).toMatch(/^# heap-trace 1\n/);
    expect(text).toMatch(/\na 0 512\na 1 128\nr 0 640\nf 1\n$/);
    const second = await runCli(['trace', 'convert', file, again, '--json']);
    expect(JSON.parse(second.stdout)).toMatchObject({ format: 'chunkyard-trace-convert 1', operations: 4 });
    expect(readFileSync(again, 'utf8')).toBe(text);
  });
});
