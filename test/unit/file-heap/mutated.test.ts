/**
 * Files with some bytes changed: closed ones are refused or, where nothing of the heap was changed, opened; those of
 * a dead process are refused or end as a sound heap. Refused files are left as they are.
 * CHUNKYARD_MUTATIONS=5000 tries as many of each, CHUNKYARD_SEED others.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../../lib/core/index.ts';
import { Heap, HeapFileError } from '../../../lib/index.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const mutations = Number(process.env.CHUNKYARD_MUTATIONS ?? 60);
const seed = Number(process.env.CHUNKYARD_SEED ?? 5_000);
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** Files of one heap: as closed, and as a dead process leaves it. */
function makeFiles(): { closed: Buffer; left: Buffer } {
  const heap = Heap.create({ source: { file: folder.file('a.heap') }, tunables: { mmap_max: 0 } });
  const pointers = Array.from({ length: 60 }, (_, k) => heap.malloc(16 + ((k * 7919) % 1500)) ?? 0);
  pointers.forEach((pointer, k) => {
    heap.view(pointer).fill(k);
    if (k % 3 > 0) heap.free(pointer);
  });
  heap.sync();
  copyFileSync(folder.file('a.heap'), folder.file('b.heap'));
  heap.destroy();
  return { closed: readFileSync(folder.file('a.heap')), left: readFileSync(folder.file('b.heap')) };
}

const files = makeFiles();
/** Where something stands: description, both states, library data, the heap. */
const places = [
  [0, 64],
  [0x1000, 0x1048],
  [0x8800, 0x8848],
  [0x1_0100, 0x1_1500],
  [0x2_0000, 0x2_a000],
] as const;

function mutate(bytes: Buffer, random: Random): Buffer {
  const changed = Buffer.from(bytes);
  for (let times = random.integer(1, 3); times > 0; times--) {
    const [from, to] = random.pick(places);
    const at = random.integer(from, to - 1);
    const kind = random.integer(0, 3);
    if (kind === 0) changed[at] ^= 1 << random.integer(0, 7);
    else if (kind === 1) changed[at] = random.integer(0, 255);
    else if (kind === 2) changed.fill(random.pick([0, 255]), at, Math.min(at + 16, to));
    else changed.writeUInt32LE(random.pick([0, 1, 17, 33, 0xffff_ffff, 0x400_0000]), at & ~7);
  }
  return random.integer(0, 20) === 0 ? changed.subarray(0, random.integer(0, changed.length)) : changed;
}

it.each([
  ['closed', files.closed],
  ['left by a dead process', files.left],
])('a changed file, %s, is refused or a sound heap', { timeout: 60_000 + 100 * mutations }, (kind, bytes) => {
  const random = seededRandom(seed);
  const file = folder.file('mutated.heap');
  const outcomes: Record<string, number> = {};
  for (let number = 0; number < mutations; number++) {
    const mutated = mutate(bytes, random);
    writeFileSync(file, mutated);
    let outcome = 'opened';
    try {
      using heap = Heap.open(file, { recover: true });
      if (heap.recovery) outcome = 'recovered';
      expect(heap.check(), `seed ${seed}, number ${number}`).toEqual([]);
    } catch (error) {
      if (!(error instanceof HeapFileError))
        throw new Error(`seed ${seed}, number ${number}`, { cause: error });
      outcome = error.code;
      expect(readFileSync(file).equals(mutated), `seed ${seed}, number ${number}: ${outcome}`).toBe(true);
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  console.log(`${kind}, ${mutations} mutations, seed ${seed}: ${JSON.stringify(outcomes)}`);
  if (kind === 'closed') expect(outcomes.recovered).toBe(undefined);
  expect(outcomes.ERR_HEAP_FILE_CHANGED).toBeGreaterThan(0);
});
