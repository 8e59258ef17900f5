/** The addresses a debugger starts from lead to real structs in glibc's layout. */
import { describe, expect, it } from 'vitest';
import { Heap, profiles } from '../../../lib/heap/index.ts';

/** @returns the 64-bit word at a real address */
function wordAt(heap: Heap, address: bigint): bigint {
  const { buffer, byteOffset, byteLength } = heap.bytes;
  return new DataView(buffer, byteOffset, byteLength).getBigUint64(Number(address & 0xffff_ffffn), true);
}

describe('landmarks', () => {
  it('has no arena and no cache before the first allocation of a thread', () => {
    const heap = Heap.create({ arena: 'thread' });
    expect(heap.landmarks()).toMatchObject({ arena: null, cache: null });
  });

  it('names the main arena as the arena of a main-arena heap', () => {
    const heap = Heap.create();
    heap.malloc(24);
    const { mainArena, arena } = heap.landmarks();
    expect(arena).toBe(mainArena);
  });

  it.each(Object.values(profiles))('leads to arenas, heap and cache of glibc $version', (profile) => {
    const heap = Heap.create({ arena: 'thread', glibc: profile.version });
    const p = heap.malloc(24) as number;
    heap.free(heap.malloc(40) as number); // some versions make the cache at the first free
    const { mainArena, arena, cache } = heap.landmarks();
    if (arena === null) throw new Error('malloc makes one');
    const next = BigInt(profile.state.next);
    expect(wordAt(heap, mainArena + next), 'the main arena is followed by ours').toBe(arena);
    expect(wordAt(heap, arena + next), 'and ours by it').toBe(mainArena);
    expect(wordAt(heap, arena & ~0x3ff_ffffn), 'heap_info names its arena').toBe(arena);

    if (profile.cacheCountBytes === 0) return expect(cache).toBeNull();
    if (cache === null) throw new Error('malloc or free make one');
    const firstList = cache + BigInt(profile.cacheCountBytes * profile.cacheClasses);
    expect(wordAt(heap, firstList)).toBe(0n);
    heap.free(p);
    expect(wordAt(heap, firstList), 'a freed block heads its list').toBe(heap.address(p));
  });
});
