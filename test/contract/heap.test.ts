/** The allocator contract, kept by the glibc heap: each version, both arenas, strict or not. */
import { MiB } from '../../lib/core/index.ts';
import { bufferWindow, type GlibcVersion, Heap, profiles } from '../../lib/heap/index.ts';
import { describeAllocator } from './allocator-contract.ts';

/** One of each family with the layout of its struct; the others differ from them in the main arena as well. */
const inThreadArena: readonly GlibcVersion[] = ['2.23', '2.27', '2.31', '2.36', '2.42', '2.43'];

const except = { 'refuses a second free, at once': 'the cache of 2.26 to 2.28 takes a small block twice' };

for (const { version: glibc } of Object.values(profiles)) {
  for (const arena of ['main', 'thread'] as const) {
    if (arena === 'thread' && !inThreadArena.includes(glibc)) continue;
    describeAllocator({
      name: `heap of glibc ${glibc}, ${arena} arena`,
      ...(glibc === '2.27' ? { except } : {}),
      create: (limitBytes) =>
        Heap.create({ glibc, arena, limitBytes, source: bufferWindow({ sizeBytes: 512 * MiB }) }),
    });
  }
}
describeAllocator({
  name: 'heap of glibc 2.36, strict',
  create: (limitBytes) => Heap.create({ strict: true, limitBytes }),
});
