/** The lecture's allocator keeps the contract: in every placement, on plain memory, on real pages and on a file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { bufferSource, ChunkList, fileSource, mmapSource, type Placement } from '../../lib/index.ts';
import { describeAllocator } from './allocator-contract.ts';

const placements: Placement[] = ['first-fit', 'next-fit', 'best-fit'];

for (const placement of placements) {
  describeAllocator({
    name: `ChunkList, ${placement}, plain ArrayBuffer`,
    create: (limitBytes) => ChunkList.create({ source: bufferSource({ limitBytes }), placement }),
  });
  describeAllocator({
    name: `ChunkList, ${placement}, mmap`,
    create: (limitBytes) => ChunkList.create({ source: mmapSource({ limitBytes }), placement }),
  });
}

describeAllocator({
  name: 'ChunkList, strict, plain ArrayBuffer with pages of 16 KiB',
  create: (limitBytes) =>
    ChunkList.create({ source: bufferSource({ limitBytes, pageSizeBytes: 16384 }), strict: true }),
});

const folder = mkdtempSync(join(tmpdir(), 'chunklist-'));
afterAll(() => rmSync(folder, { recursive: true }));

describeAllocator({
  name: 'ChunkList, next-fit, file',
  create: (limitBytes) =>
    ChunkList.create({
      source: fileSource({ path: join(folder, 'arena'), limitBytes, truncate: true }),
      placement: 'next-fit',
    }),
});
