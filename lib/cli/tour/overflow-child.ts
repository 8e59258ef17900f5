/**
 * The process that dies in step 4. Maps a file, puts a heap on all but its last page, takes the access from that
 * page, then writes past the end of a block, byte by byte. The file keeps what was written.
 * Entry: `node overflow-child.js FILE`; says where everything lies as one line of JSON, then writes.
 */
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ARENA_HEADER_BYTES, CHUNK_HEADER_BYTES, ChunkList } from '../../chunklist/index.ts';
import { mappingSource, mmap } from '../../pages/index.ts';

/** Path of this program. */
export const overflowChild: string = fileURLToPath(import.meta.url);

/** What the child says before it writes; addresses as 0x strings, offsets in the file. */
export interface OverflowPlan {
  askedBytes: number;
  usableBytes: number;
  blockOffset: number;
  blockAddress: string;
  guardOffset: number;
  guardAddress: string;
}

/** Pages of the arena, without the guard page. */
export const arenaPages = 2;
/** The byte that is written. */
export const overflowByte = 0x41;
const askedBytes = 100;

if (process.argv[1] === overflowChild) runOffTheEnd(process.argv[2]);

function runOffTheEnd(file: string): void {
  const mapping = mmap({ file, protection: 'rw', shared: true, name: 'chunkyard overflow' });
  const guardOffset = arenaPages * mapping.pageSizeBytes;
  mapping.protect('none', { offset: guardOffset, length: mapping.pageSizeBytes });
  const heap = ChunkList.create({ source: mappingSource(mapping, guardOffset) });
  const block = lastBlock(heap, guardOffset);
  const plan: OverflowPlan = {
    askedBytes,
    usableBytes: heap.usableSize(block),
    blockOffset: block,
    blockAddress: `0x${heap.address(block).toString(16)}`,
    guardOffset,
    guardAddress: `0x${(mapping.address + BigInt(guardOffset)).toString(16)}`,
  };
  writeSync(1, `${JSON.stringify(plan)}\n`);
  // The bytes of the whole mapping: nothing but the guard page stands in the way.
  const { bytes } = mapping;
  for (let at = block; at < bytes.length; at++) bytes[at] = overflowByte;
  writeSync(1, 'survived\n');
}

/** Fills the arena so that the next block of `askedBytes` ends exactly where the guard page begins. */
function lastBlock(heap: ChunkList, endOffset: number): number {
  const chunkBytes = CHUNK_HEADER_BYTES + Math.ceil(askedBytes / 16) * 16;
  heap.malloc(endOffset - ARENA_HEADER_BYTES - CHUNK_HEADER_BYTES - chunkBytes);
  const block = heap.malloc(askedBytes);
  if (block === null) throw new Error('the arena has no room for the block');
  return block;
}
