/**
 * "free() can be abused to write to an arbitrary pointer": an overflow forges fwd and bck of the next chunk. With
 * safe unlinking the forgery is found; without it free() writes where the forger says, inside the arena's window.
 */
import { describe, expect, it } from 'vitest';
import type { ChunkList } from '../../../lib/chunklist/index.ts';
import { at, layout, malloc, openList, setWord, word } from './arena-bytes.ts';

interface Scene {
  heap: ChunkList;
  /** The block whose header is overwritten. */
  victim: number;
  /** Where the forger wants a value: the second word of a block, a "function pointer". */
  target: number;
  /** What shall be written there: the address of a block he filled himself. */
  value: bigint;
}

/** target block, attacker's block, overflowing block, victim block. */
function forgedScene(safeUnlink: boolean): Scene {
  const heap = openList({ safeUnlink });
  const [table, code, buffer, victim] = [48, 48, 16, 16].map((size) => malloc(heap, size));
  malloc(heap, 16);
  for (const block of [table, code, buffer, victim]) heap.view(block).fill(0);
  // What stands at the value is read as a chunk header too: an odd first word says "in use", so nothing is merged.
  setWord(heap, code, 1);
  const target = table + 8;
  const scene = { heap, victim, target, value: at(code) };
  // The overflow: 16 bytes of buffer, then size word, fwd and bck of the victim; its request stays as it is.
  const overflow = [0n, 0n, 0x31n, scene.value, at(target - 8)];
  for (const [i, value] of overflow.entries()) setWord(heap, buffer + 8 * i, value);
  return scene;
}

describe('a forged header', () => {
  it('is refused with safe unlinking, and nothing is written', () => {
    const { heap, victim, target } = forgedScene(true);
    const before = heap.bytes.slice();
    const explanation = heap.explainFree(victim);
    expect(explanation.ok).toBe(false);
    expect(() => heap.free(victim)).toThrow(
      expect.objectContaining({ code: 'ERR_HEAP_CORRUPTED', message: explanation.message }),
    );
    expect(word(heap, target)).toBe(0n);
    expect(Buffer.compare(heap.bytes, before)).toBe(0);
  });

  it('makes free() write a value of choice to a place of choice without it', () => {
    const { heap, victim, target, value } = forgedScene(false);
    expect(heap.explainFree(victim).ok).toBe(true);
    expect(word(heap, target)).toBe(0n);
    heap.free(victim);
    expect(word(heap, target)).toBe(value);
    // The other link write lands 16 bytes behind the value, the size is added 8 bytes before the target.
    expect(word(heap, Number(value - at(0)) + 16)).toBe(at(target - 8));
    expect(word(heap, target - 8)).toBe(0x30n);
    expect(heap.check().map(({ rule }) => rule)).toContain('fwd-bck-agree');
  });

  it.each([
    ['bck below the arena', (scene: Scene) => setWord(scene.heap, scene.victim - 0x10, at(0) - 8n), 'read'],
    [
      'bck behind the arena',
      (scene: Scene) => setWord(scene.heap, scene.victim - 0x10, at(0x1_0000)),
      'read',
    ],
    [
      'fwd far away',
      (scene: Scene) => setWord(scene.heap, scene.victim - 0x18, 0x4141_4141_4141_4141n),
      'write',
    ],
    [
      'fwd at the top of the address space',
      (scene: Scene) => setWord(scene.heap, scene.victim - 0x18, -8n),
      'write',
    ],
  ])('ends as a simulated segmentation fault outside the window: %s', (_, forge, access) => {
    const scene = forgedScene(false);
    forge(scene);
    const explanation = scene.heap.explainFree(scene.victim);
    expect(explanation.ok).toBe(false);
    expect(explanation.message).toContain(`would ${access} at 0x`);
    expect(() => scene.heap.free(scene.victim)).toThrow(
      expect.objectContaining({ code: 'ERR_HEAP_FAULT', message: explanation.message }),
    );
  });

  it('reaches any byte of the window, aligned or not, and no byte outside', () => {
    const { heap, victim, value } = forgedScene(false);
    const target = heap.bytes.length - 8 - 5;
    setWord(heap, victim - 0x10, at(target - 8));
    heap.free(victim);
    expect(word(heap, target)).toBe(value);
  });
});

describe('without safe unlinking and without a forgery', () => {
  it('free merges as always, in any order', () => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
      [2, 0, 3, 1],
    ]) {
      const [unsafe, safe] = [false, true].map((safeUnlink) =>
        openList({ safeUnlink, placement: 'next-fit' }),
      );
      const blocks = [16, 40, 200, 16].map((size) => [malloc(unsafe, size), malloc(safe, size)]);
      for (const index of order) {
        unsafe.free(blocks[index][0]);
        safe.free(blocks[index][1]);
        expect(layout(unsafe)).toEqual(layout(safe));
        expect(unsafe.check()).toEqual([]);
      }
    }
  });

  it('still refuses a double free, a bad pointer and a damaged size', () => {
    const heap = openList({ safeUnlink: false });
    const [a, b] = [malloc(heap, 16), malloc(heap, 16)];
    malloc(heap, 16);
    heap.free(a);
    expect(() => heap.free(a)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_DOUBLE_FREE' }));
    expect(() => heap.free(b + 8)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_INVALID_POINTER' }));
    setWord(heap, b - 0x20, 0x1000_0001);
    expect(() => heap.free(b)).toThrow(expect.objectContaining({ code: 'ERR_HEAP_CORRUPTED' }));
  });
});
