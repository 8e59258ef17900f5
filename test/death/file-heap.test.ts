/**
 * Heaps in files and what happens to their processes and disks. Kills are random; CHUNKYARD_KILLS=1000 makes a
 * thousand of them, CHUNKYARD_SEED others.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, copyFileSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../lib/core/index.ts';
import { HEAD_BYTES, RELOCATING, readState } from '../../lib/heap/file/format.ts';
import { Heap, type HeapFileError } from '../../lib/index.ts';
import { compilePackage, root, runCase } from '../helpers/child.ts';
import { runProgram } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const kills = Number(process.env.CHUNKYARD_KILLS ?? 6);
const firstSeed = Number(process.env.CHUNKYARD_SEED ?? 8_000);

/** Kills a child some time after it is ready. @returns what it printed */
async function killed(
  script: string,
  args: string[],
  milliseconds: number,
  isReady: (printed: string) => boolean = (printed) => printed !== '',
): Promise<string> {
  const path = join(root, 'test/death/cases', script);
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const closed = once(child, 'close');
  while (child.exitCode === null && !isReady(printed)) await sleep(1);
  await sleep(milliseconds);
  child.kill('SIGKILL');
  const [, signal] = await closed;
  if (signal !== 'SIGKILL') throw new Error(`${script} ${args.join(' ')} ended by itself: ${signal}`);
  return printed;
}

/** Lets a child allocate for a while, then kills it. @returns its ledger */
async function killedAt(heapFile: string, seed: number, milliseconds: number): Promise<Uint32Array> {
  const ledgerFile = folder.file('ledger');
  writeFileSync(ledgerFile, new Uint8Array(4096));
  rmSync(heapFile, { force: true });
  await killed('file-heap-churn.mjs', [heapFile, ledgerFile, String(seed)], milliseconds);
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

/** A closed heap whose links take a while to rewrite. @returns its address */
function fragmented(file: string): bigint {
  const heap = Heap.create({ source: { file }, limitBytes: 64 * 2 ** 20, tunables: { mmap_max: 0 } });
  const pointers = Array.from({ length: 30_000 }, (_, k) => heap.malloc(24 + ((k * 7919) % 700)) ?? 0);
  pointers.forEach((pointer, k) => {
    if (k % 2 === 0) heap.free(pointer);
    else heap.view(pointer).fill(k);
  });
  const base = heap.address(0);
  heap.destroy();
  return base;
}

/** @returns true when the file says that its links are being rewritten */
function isTorn(file: string): boolean {
  const fd = openSync(file, 'r');
  const head = new Uint32Array(HEAD_BYTES / 4);
  readSync(fd, head);
  closeSync(fd);
  return readState(head)?.flags === RELOCATING;
}

/** Everything that a program sees of a heap. */
function faceOf(file: string): string {
  using heap = Heap.open(file);
  const chunks = heap.chunks().map(({ offset, sizeBytes, state }) => [offset, sizeBytes, state]);
  const contents = createHash('sha256');
  // The first is the cache: addresses.
  for (const [offset, sizeBytes, state] of chunks.slice(1) as [number, number, string][])
    if (state === 'in-use') contents.update(heap.bytes.subarray(offset + 16, offset + sizeBytes));
  return JSON.stringify([heap.recovery, heap.check(), heap.bins(), chunks, contents.digest('hex')]);
}

describe('a process killed while it rewrites the links of a file heap', () => {
  it(`leaves the same heap, ${kills} times`, { timeout: 60_000 + 2000 * kills }, async () => {
    await compilePackage();
    const [closed, heapFile] = [folder.file('closed.heap'), folder.file('moved.heap')];
    const address = fragmented(closed);
    const expected = faceOf(closed);
    const random = seededRandom(firstSeed);
    const outcomes = { before: 0, torn: 0, done: 0 };
    for (let kill = 0; kill < kills; kill++) {
      copyFileSync(closed, heapFile);
      const milliseconds = random.fraction() * 20;
      // Two of three while the links are written, the others before.
      const isReady = (printed: string): boolean =>
        kill % 3 === 0 ? printed !== '' : isTorn(heapFile) || printed.includes('done');
      const args = [heapFile, String(address)];
      const printed = await killed('file-heap-move.mjs', args, milliseconds, isReady);
      outcomes[isTorn(heapFile) ? 'torn' : printed.includes('done') ? 'done' : 'before']++;
      expect(faceOf(heapFile) === expected, `kill ${kill}, ${milliseconds} ms`).toBe(true);
    }
    console.log(`${kills} kills in a move, seeds from ${firstSeed}: ${JSON.stringify(outcomes)}`);
  });
});

/** A shell line that mounts a file system of 2 MiB over $0, for itself and what it starts. */
const mountSmall = 'mount -t tmpfs -o size=2m none "$0"';
/** Mounting takes root, or a name space of one's own. */
const unshare = ['-m', '-rm'].find(
  (flag) => runProgram('unshare', [flag, 'sh', '-c', mountSmall, folder.path]).status === 0,
);
const withoutMounts = unshare === undefined ? ' (left out: no file system can be mounted here)' : '';

describe.skipIf(unshare === undefined)(`a disk that is full${withoutMounts}`, () => {
  it('is no more memory for what is open, and a refusal for what is new; never a SIGBUS', async () => {
    await compilePackage();
    const command = `${mountSmall} && exec "$1" "$2" "$0"`;
    const script = join(root, 'test/death/cases/full-disk.mjs');
    const args = [`${unshare}`, 'sh', '-c', command, folder.path, process.execPath, script];
    const { stdout, stderr, signal, status } = runProgram('unshare', args);
    expect({ stderr, signal, status }).toEqual({ stderr: '', signal: null, status: 0 });
    const { blocks, ...rest } = JSON.parse(stdout);
    expect(blocks).toBeGreaterThan(20);
    expect(rest).toEqual({
      large: null,
      grown: null,
      violations: 0,
      kept: true,
      again: true,
      created: 'fallocate ENOSPC',
      leftOver: false,
      opened: true,
      moved: true,
      mapped: true,
      remapped: null,
      reopened: true,
      arena: true,
      shrunk: true,
      released: true,
    });
  });
});

describe.runIf(process.platform === 'linux')('one heap file, several openings', () => {
  it('one at a time; a terminated worker gives it up, whatever it was doing', async () => {
    const args = [folder.file('wanted.heap')];
    const { stdout, stderr } = await runCase('test/death/cases/file-heap-openings.mjs', { args });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      twice: 'ERR_HEAP_FILE_LOCKED',
      otherProcess: 'ERR_HEAP_FILE_LOCKED',
      heldByWorker: 'ERR_HEAP_FILE_LOCKED',
      afterWorker: 'sound',
      afterMoves: ['sound'],
      stillOpen: 0,
    });
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
