// Heaps and an arena in files on a disk that is really full. Argument: a folder on a small file system of its own.
// Prints one JSON line.
import { closeSync, existsSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileSource, Heap, mmap } from '../../../dist/index.js';

const [folder] = process.argv.slice(2);
const file = (name) => join(folder, name);
const seen = {};

/** Takes what is left of the disk, to the last block. */
function fillDisk() {
  const fd = openSync(file('filler'), 'w');
  for (let bytes = 2 ** 20; bytes >= 512; )
    try {
      if (writeSync(fd, new Uint8Array(bytes)) < bytes) bytes /= 2;
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
      bytes /= 2;
    }
  closeSync(fd);
}

function codeOf(work) {
  try {
    work();
    return 'none';
  } catch (error) {
    return error.errno === undefined ? error.code : `${error.syscall} ${error.code}`;
  }
}

const holds = (heap, blocks) =>
  blocks.every(([pointer, mark]) => heap.view(pointer).every((byte) => byte === mark));

/** Takes blocks until there is no more; each is written from end to end, which is where a SIGBUS would come. */
function takeAll(heap, bytes) {
  const blocks = [];
  for (let pointer = heap.malloc(bytes); pointer !== null; pointer = heap.malloc(bytes)) {
    const mark = blocks.length & 255;
    heap.view(pointer).fill(mark);
    blocks.push([pointer, mark]);
  }
  return blocks;
}

const heap = Heap.create({ source: { file: file('small.heap') }, tunables: { mmap_max: 0 } });
const blocks = takeAll(heap, 50_000);
blocks.push(...takeAll(heap, 100));
seen.blocks = blocks.length;
seen.large = heap.malloc(3_000_000);
seen.grown = heap.realloc(blocks[3][0], 1_000_000);
heap.sync();
fillDisk();
takeAll(heap, 40);
heap.sync();
seen.violations = heap.check().length;
seen.kept = holds(heap, blocks);
const [freed] = blocks.splice(5, 1);
heap.free(freed[0]);
seen.again = heap.malloc(40_000) === freed[0];
heap.sync();
const address = heap.address(0);
heap.destroy();
fillDisk();

// A disk as full as can be: what exists opens, at its place or elsewhere; what is new is refused.
seen.created = codeOf(() => Heap.create({ source: { file: file('new.heap') } }));
seen.leftOver = existsSync(file('new.heap'));
const same = Heap.open(file('small.heap'));
seen.opened = same.check().length === 0 && holds(same, blocks);
same.destroy();
fillDisk();
const taken = mmap({ length: 4096, address });
const moved = Heap.open(file('small.heap'));
seen.moved = moved.address(0) !== address && moved.check().length === 0 && holds(moved, blocks);
moved.destroy();
taken.unmap();

// Own mappings: each is a part of the file far behind the rest.
rmSync(file('filler'));
rmSync(file('small.heap'));
const mapping = Heap.create({ source: { file: file('mapped.heap') } });
const large = takeAll(mapping, 200_000);
seen.mapped = large.length > 2 && mapping.check().length === 0 && holds(mapping, large);
seen.remapped = mapping.realloc(large[1][0], 2_000_000);
mapping.destroy();
const reopened = Heap.open(file('mapped.heap'));
seen.reopened = reopened.check().length === 0 && holds(reopened, large);
reopened.destroy();
rmSync(file('mapped.heap'));

const path = file('arena');
const source = fileSource({ path, limitBytes: 2 ** 24 });
let pages = 0;
for (; source.grow(65_536); pages++) new Uint8Array(source.buffer, pages * 65_536, 65_536).fill(pages + 1);
seen.arena = pages > 5 && source.committedBytes === pages * 65_536;
fillDisk();
new Uint8Array(source.buffer, 0, source.committedBytes).fill(9);
seen.shrunk = source.shrink(65_536) && source.committedBytes === (pages - 1) * 65_536;
const length = source.committedBytes;
source.release();
seen.released = statSync(path).size === length;
console.log(JSON.stringify(seen));
