/** Sizes that claim more than a block has: what is freed then reaches over a live neighbour. */
import type { Technique } from '../technique.ts';

const request = 0x508;
const chunkSize = 0x510;

export const overlappingChunks: Technique = {
  name: 'overlapping_chunks',
  what: 'Raises the size of a block before it is freed: the free chunk covers the live block behind it.',
  needs: 'an overflow by 8 bytes into the next size',
  corrupts: "a block's size",
  gains: 'a block over a live one',
  scope: 'whole',
  run(lab) {
    const a = lab.malloc(request, 'a');
    const b = lab.malloc(request, 'b');
    const c = lab.malloc(request, 'c');
    lab.malloc(0x18, 'guard');
    lab.say('a is written too far: b now claims to be as long as b and c.');
    lab.write(a, request, 2 * chunkSize + 1);
    lab.free(b);
    const over = lab.malloc(2 * chunkSize - 8, 'over');
    lab.proveSame('over reaches into c, which is live', over, c, chunkSize, 0);
  },
};

export const overlappingChunks2: Technique = {
  name: 'overlapping_chunks_2',
  what: 'Raises the size of a block up to a free neighbour: the merge goes across the live block between them.',
  needs: 'an overflow by 8 bytes into the next size',
  corrupts: "a block's size",
  gains: 'a block over a live one',
  scope: 'whole',
  run(lab) {
    const a = lab.malloc(request, 'a');
    const b = lab.malloc(request, 'b');
    const c = lab.malloc(request, 'c');
    const d = lab.malloc(request, 'd');
    lab.malloc(request, 'guard');
    lab.free(d);
    lab.say('a is written too far: b now ends where the free d begins.');
    lab.write(a, request, 2 * chunkSize + 1);
    lab.free(b);
    const over = lab.malloc(3 * chunkSize - 8, 'over');
    lab.proveSame('over reaches into c, which is live', over, c, chunkSize, 0);
  },
};

export const mmapOverlappingChunks: Technique = {
  name: 'mmap_overlapping_chunks',
  what: 'Raises the size of an own mapping: free unmaps the neighbouring mapping too, a larger one takes its place.',
  needs: 'a write to the header of an own mapping',
  corrupts: "a mapping's size",
  gains: 'a block over a live one',
  scope: 'whole',
  run(lab) {
    lab.malloc(0x10_0000, 'first');
    const live = lab.malloc(0x10_0000, 'live');
    const last = lab.malloc(0x10_0000, 'last');
    lab.say('Mappings lie side by side, each below the one before.');
    const flags = 7n;
    const spare = BigInt(lab.facts.profile.mappingSpareBytes);
    const both = (lab.read(last, -8) & ~flags) + (lab.read(live, -8) & ~flags) + spare;
    lab.write(last, -8, both + 2n);
    lab.free(last);
    lab.say('live is unmapped with it. A larger block takes its place in the address space.');
    const over = lab.malloc(0x30_0000, 'over');
    lab.proveSame('over reaches into live', over, live, live.pointer - over.pointer, 0);
  },
};
