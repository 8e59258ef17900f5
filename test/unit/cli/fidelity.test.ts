/** `chunkyard compare --fidelity`: the answer, its JSON form, and the exit code when something differs. */
import { describe, expect, it } from 'vitest';
import { machineGlibc } from '../../../lib/compare/index.ts';
import { runCli, runJson } from '../../helpers/cli.ts';

interface Document {
  format: string;
  glibc: string;
  traces: { trace: string; arena: string; operations: number; equal: number; firstDifference: unknown }[];
  operations: number;
  equal: number;
  firstDifference: unknown;
  imagesEqual: number;
}

const glibc = machineGlibc();

describe.skipIf(glibc === null)('compare --fidelity', () => {
  it('prints agreement per trace and in total', async () => {
    const document = await runJson<Document>(['compare', 'python-json', '--fidelity', '--image']);
    const { traces, operations, equal, firstDifference, imagesEqual } = document;
    expect(document).toMatchObject({ format: 'chunkyard-compare 1', glibc });
    expect(traces.map(({ trace, arena }) => `${trace} ${arena}`)).toEqual([
      'python-json main',
      'python-json thread',
    ]);
    expect(operations).toBe(traces[0].operations + traces[1].operations);
    expect(operations).toBeGreaterThan(10_000);
    expect([equal, firstDifference, imagesEqual]).toEqual([operations, null, 2]);
  });

  it('takes built-in and generated traces when none is named', async () => {
    const { code, stdout } = await runCli([
      ...['compare', '--fidelity', '--arena', 'main', '--operations', '50', '--damaged', '5'],
    ]);
    expect(code).toBe(0);
    for (const name of ['git-repack', 'zipf', 'huge', 'damaged']) expect(stdout).toContain(`\n${name} `);
    expect(stdout).toMatch(/\ntotal +51 +[\d,]+ +100 %/);
  });

  it('ends with 1 at a difference, and shows it', async () => {
    const other = glibc === '2.43' ? '2.31' : '2.43';
    const { code, stdout } = await runCli([
      ...['compare', 'python-json', '--fidelity', '--arena', 'main', '--glibc', other],
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain('first difference: python-json, main arena, operation');
    expect(stdout).toContain('simulated heap\n');
  });
});

it('compare without a trace asks for one', async () => {
  const { code, stderr } = await runCli(['compare']);
  expect(code).toBe(2);
  expect(stderr).toContain('--fidelity');
});
