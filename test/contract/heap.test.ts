/** The allocator contract, kept by the glibc heap: each version, both arenas, strict or not. */
import { MiB } from '../../lib/core/index.ts';
import { bufferWindow, Heap } from '../../lib/heap/index.ts';
import { describeAllocator } from './allocator-contract.ts';

for (const glibc of ['2.31', '2.36', '2.41', '2.43'] as const) {
  for (const arena of ['main', 'thread'] as const) {
    describeAllocator({
      name: `heap of glibc ${glibc}, ${arena} arena`,
      create: (limitBytes) =>
        Heap.create({ glibc, arena, limitBytes, source: bufferWindow({ sizeBytes: 512 * MiB }) }),
    });
  }
}
describeAllocator({
  name: 'heap of glibc 2.36, strict',
  create: (limitBytes) => Heap.create({ strict: true, limitBytes }),
});
