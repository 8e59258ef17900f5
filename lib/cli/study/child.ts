/**
 * A process of its own for one launch of the cost study; joins the allocators that lib/costs may not know. Entry:
 * `node child.js REQUEST-AS-JSON`; one line of JSON for each case.
 */
import { writeSync } from 'node:fs';
import { ChunkList } from '../../chunklist/index.ts';
import { GiB } from '../../core/index.ts';
import {
  addonMallocLoops,
  allocatorLoops,
  crossingLoops,
  guardLoops,
  mallocSizes,
  serveLaunch,
} from '../../costs/index.ts';
import { Heap } from '../../heap/index.ts';
import { mmapSource, mmapWindow } from '../../pages/index.ts';

const loops = [
  ...crossingLoops(),
  ...guardLoops(),
  ...addonMallocLoops(),
  ...allocatorLoops('heap', Object.keys(mallocSizes), () => {
    const heap = Heap.create({ source: mmapWindow({ name: 'chunkyard costs' }) });
    return { allocator: heap, end: () => heap.destroy() };
  }),
  ...allocatorLoops('chunklist', ['32'], () => {
    const heap = ChunkList.create({ source: mmapSource({ limitBytes: GiB }) });
    return { allocator: heap, end: () => heap.destroy() };
  }),
];

// At once, so that the answers before a crash arrive.
serveLaunch(process.argv[2], loops, (answer) => writeSync(1, `${JSON.stringify(answer)}\n`));
