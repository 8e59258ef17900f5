/**
 * Damaged heaps: the same message, fault or survival as natively, and the same words read on the way. Each file of
 * `damage/` brings about one check; random ones bring about the rest. `npm run fidelity` runs thousands.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  compareFidelity,
  compareMany,
  type FidelityOptions,
  type FidelityResult,
} from '../../lib/compare/index.ts';
import { generateDamage, parseTrace, type Trace } from '../../lib/trace/index.ts';
import { because, firstSeed, glibc, reasonToSkip } from './known-glibc.ts';

const folder = fileURLToPath(new URL('damage/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.trace'));
const arenas = ['main', 'thread'] as const;

function agrees(result: FidelityResult): boolean {
  return result.firstDifference === null && (result.image?.differingWords ?? 0) === 0;
}

/**
 * What a forged size or link leads to can hang on the address the system chose, on the key, or on what happens to be
 * mapped behind a native heap: then the native runs differ among themselves. One of ten must be ours.
 */
async function agreesOnceMore(seed: number, options: FidelityOptions): Promise<boolean> {
  for (let attempt = 0; attempt < 10; attempt++) {
    if (agrees(await compareFidelity(generateDamage(seed), options))) return true;
  }
  return false;
}

/** Every message of glibc 2.36 that a caller can bring about, but "corrupted unsorted chunks 3": see below. */
const messages = [
  'corrupted size vs. prev_size',
  'corrupted double-linked list',
  'corrupted double-linked list (not small)',
  'corrupted size vs. prev_size while consolidating',
  'corrupted size vs. prev_size in fastbins',
  'double free or corruption (fasttop)',
  'double free or corruption (top)',
  'double free or corruption (out)',
  'double free or corruption (!prev)',
  'free(): invalid pointer',
  'free(): invalid size',
  'free(): invalid next size (fast)',
  'free(): invalid next size (normal)',
  'free(): corrupted unsorted chunks',
  'invalid fastbin entry (free)',
  'free(): double free detected in tcache 2',
  'free(): unaligned chunk detected in tcache 2',
  'free(): too many chunks detected in tcache',
  'malloc(): memory corruption (fast)',
  'malloc(): unaligned fastbin chunk detected 2',
  'malloc(): unaligned fastbin chunk detected 3',
  'malloc(): unaligned fastbin chunk detected',
  'malloc(): unaligned tcache chunk detected',
  'malloc(): smallbin double linked list corrupted',
  'malloc(): invalid size (unsorted)',
  'malloc(): invalid next size (unsorted)',
  'malloc(): mismatching next->prev_size (unsorted)',
  'malloc(): unsorted double linked list corrupted',
  'malloc(): invalid next->prev_inuse (unsorted)',
  'malloc(): largebin double linked list corrupted (nextsize)',
  'malloc(): largebin double linked list corrupted (bk)',
  'malloc(): corrupted unsorted chunks',
  'malloc(): corrupted unsorted chunks 2',
  'malloc(): corrupted top size',
  'break adjusted to free malloc space',
  'malloc_consolidate(): invalid chunk size',
  'malloc_consolidate(): unaligned fastbin chunk detected',
  'munmap_chunk(): invalid pointer',
  'mremap_chunk(): invalid pointer',
  'realloc(): invalid pointer',
  'realloc(): invalid old size',
  'realloc(): invalid next size',
  'tcache_thread_shutdown(): unaligned tcache chunk detected',
];

/** Functions whose assertions are brought about as well. */
const asserting = [
  'sysmalloc',
  '_int_malloc',
  'heap_trim',
  '__libc_malloc',
  '__libc_calloc',
  '__libc_realloc',
];

function readDamage(name: string): { trace: Trace; only: string | undefined } {
  const text = readFileSync(`${folder}${name}`);
  const only = /^# arena (\w+)$/m.exec(text.toString())?.[1];
  return { trace: parseTrace(text, { file: name }), only };
}

describe.skipIf(reasonToSkip !== null)(`damage ends as natively${because}`, () => {
  const endings = new Set<string>();

  it.each(files)('%s', async (name) => {
    const { trace, only } = readDamage(name);
    for (const arena of arenas) {
      if (only !== undefined && only !== arena) continue;
      const { firstDifference, ended, image } = await compareFidelity(trace, { glibc, arena, image: true });
      expect(firstDifference, `${arena} arena`).toBeNull();
      expect(image?.differingWords ?? 0).toBe(0);
      if (ended !== null) endings.add(ended);
    }
  });

  // "malloc(): corrupted unsorted chunks 3" stands behind a test of the same two words: no damage reaches it.
  // int_mallinfo() and __malloc_info() are no calls of a trace.
  it.skipIf(glibc !== '2.36')('brings about every check that 2.36 has', () => {
    expect(messages.filter((message) => !endings.has(message))).toEqual([]);
    const said = [...endings].join('\n');
    for (const name of asserting) expect(said).toContain(`assertion failure in ${name}: `);
    expect(endings).toContain('SEGV');
  });

  it('random damage', async () => {
    const seeds = Array.from({ length: 200 }, (_, index) => firstSeed + index);
    const optionsOf = (seed: number): FidelityOptions => ({
      glibc: glibc!,
      arena: arenas[seed % 2],
      image: true,
    });
    const tasks = seeds.map((seed) => ({ trace: () => generateDamage(seed), options: optionsOf(seed) }));
    const ended = new Set<string>();
    let index = 0;
    for await (const { result } of compareMany(tasks)) {
      const seed = seeds[index++];
      if (result.ended !== null) ended.add(result.ended);
      if (agrees(result)) continue;
      expect(await agreesOnceMore(seed, optionsOf(seed)), `damage seed ${seed}`).toBe(true);
    }
    expect(ended.size).toBeGreaterThan(8);
  });
});
