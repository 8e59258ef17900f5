/**
 * Heaps in files and what happens to their processes and disks. Kills are random; CHUNKYARD_KILLS=1000 makes a
 * thousand of them, CHUNKYARD_SEED others.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../lib/core/index.ts';
import { Heap, type HeapFileError } from '../../lib/index.ts';
import { compilePackage, root, runCase } from '../helpers/child.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const kills = Number(process.env.CHUNKYARD_KILLS ?? 6);
const firstSeed = Number(process.env.CHUNKYARD_SEED ?? 8_000);

/** Lets a child allocate for a while, then kills it. @returns its ledger */
async function killedAt(heapFile: string, seed: number, milliseconds: number): Promise<Uint32Array> {
  const ledgerFile = folder.file('ledger');
  writeFileSync(ledgerFile, new Uint8Array(4096));
  rmSync(heapFile, { force: true });
  const script = join(root, 'test/death/cases/file-heap-churn.mjs');
  const child = spawn(process.execPath, [script, heapFile, ledgerFile, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await sleep(milliseconds);
  child.kill('SIGKILL');
  const [, signal] = await closed;
  if (signal !== 'SIGKILL') throw new Error(`seed ${seed}: the child ended by itself: ${signal}`);
  return new Uint32Array(new Uint8Array(readFileSync(ledgerFile)).buffer);
}

/** The blocks that were whole when the child died, as an error when one is not. */
function requireBlocks(heap: Heap, ledger: Uint32Array, seed: number): number[] {
  const pointers: number[] = [];
  for (let at = 4; at < 4 + 4 * 64; at += 4) {
    if (ledger[at + 3] !== 1) continue;
    const [pointer, bytes, mark] = ledger.subarray(at, at + 3);
    const seen = heap.view(pointer).subarray(0, bytes);
    if (seen.length < bytes || seen.some((byte) => byte !== mark))
      throw new Error(`seed ${seed}: the block at ${pointer}, ${bytes} bytes, is lost`);
    pointers.push(pointer);
  }
  return pointers;
}

function verify(heapFile: string, ledger: Uint32Array, seed: number): 'intact' | 'recovered' | 'refused' {
  let heap: Heap;
  try {
    heap = Heap.open(heapFile, { recover: true });
  } catch (error) {
    expect((error as HeapFileError).code).toBe('ERR_HEAP_FILE_DAMAGED');
    return 'refused';
  }
  expect(heap.check()).toEqual([]);
  requireBlocks(heap, ledger, seed);
  for (let size = 16; size < 20_000; size = Math.ceil(size * 1.1)) {
    const pointer = heap.malloc(size);
    if (pointer !== null) heap.view(pointer).fill(0xee);
  }
  const live = requireBlocks(heap, ledger, seed);
  for (const pointer of live) heap.free(pointer);
  expect(heap.check()).toEqual([]);
  const outcome = heap.recovery === null ? 'intact' : 'recovered';
  heap.destroy();
  Heap.open(heapFile).destroy();
  return outcome;
}

describe('a process killed while it allocates in a file heap', () => {
  it(`leaves it intact, recoverable or refused, ${kills} times`, {
    timeout: 60_000 + 2000 * kills,
  }, async () => {
    await compilePackage();
    const random = seededRandom(firstSeed);
    const outcomes = { intact: 0, recovered: 0, refused: 0 };
    let blocks = 0;
    for (let seed = firstSeed; seed < firstSeed + kills; seed++) {
      const heapFile = folder.file('killed.heap');
      const ledger = await killedAt(heapFile, seed, random.fraction() * 60);
      for (let at = 7; at < 4 + 4 * 64; at += 4) blocks += ledger[at];
      outcomes[verify(heapFile, ledger, seed)]++;
    }
    console.log(
      `${kills} kills, seeds from ${firstSeed}: ${JSON.stringify(outcomes)}, ${blocks} blocks verified`,
    );
    expect(outcomes.refused).toBeLessThanOrEqual(Math.ceil(kills / 50));
    expect(blocks).toBeGreaterThan(kills);
  });
});

describe('a file heap whose file cannot grow', () => {
  it('has no more memory, and stays sound', async () => {
    const args = [folder.file('limited.heap')];
    const { stdout, stderr, signal } = await runCase('test/death/cases/file-heap-limit.mjs', { args });
    expect({ stderr, signal }).toEqual({ stderr: '', signal: null });
    const { blocks, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ large: null, again: true, violations: 0, reopened: 0 });
    expect(blocks).toBeGreaterThan(10);
    expect(blocks).toBeLessThan(21);
  });
});
