/**
 * Every kind of access in every tier of the engine: each hit of a guard page is recorded, with the right place and
 * access. `npm run test:nodes` runs it on Node 20, 22, 24 and 26 with one binary.
 */
import { describe, expect, it } from 'vitest';
import { runCase } from '../helpers/child.ts';

interface Hits {
  operations: number;
  hits: number;
  traps: number;
  /** Operations that were compiled as the tier says, asked of the engine. */
  tiers: number;
  failures: string[];
}

const major = Number(process.versions.node.split('.')[0]);
const tiers: Record<string, string[]> = {
  ignition: ['--no-opt', '--no-sparkplug', '--no-maglev', '--allow-natives-syntax'],
  sparkplug: ['--sparkplug', '--no-opt', '--no-maglev', '--allow-natives-syntax'],
  turbofan: ['--allow-natives-syntax'],
  jitless: ['--jitless'],
};
// Node 20 and 22 do not have this tier switched on.
if (major >= 24) tiers.maglev = ['--maglev', '--allow-natives-syntax'];

describe('every access in', () => {
  it.each(Object.entries(tiers))('%s', async (tier, nodeArgs) => {
    const { stdout, stderr, signal } = await runCase('test/death/cases/fault-matrix.mjs', {
      args: [tier],
      nodeArgs,
    });
    expect({ signal, stderr: stderr.replace(/^Warning: disabling flag.*\n/gm, '') }).toEqual({
      signal: null,
      stderr: '',
    });
    const { hasWasm, main, worker } = JSON.parse(stdout) as { hasWasm: boolean; main: Hits; worker: Hits };
    expect(main.operations).toBeGreaterThanOrEqual(30);
    for (const { operations, hits, traps, tiers: compiled, failures } of [main, worker]) {
      expect(failures).toEqual([]);
      expect(hits).toBe(2 * operations);
      expect(traps).toBe(hasWasm ? 1 : 0);
      expect(compiled).toBe(tier === 'jitless' ? 0 : operations);
    }
  });
});
