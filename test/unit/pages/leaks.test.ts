/** Nothing is left behind: ten thousand cycles, three thousand dropped mappings, windows; the process map counts. */
import { describe, expect, it } from 'vitest';
import { memoryMap, mmap, mmapSource, pageSize } from '../../../lib/index.ts';
import { runCase } from '../../helpers/child.ts';
import { collectUntil } from '../../helpers/collect-garbage.ts';
import { isSanitized } from '../../helpers/sanitized.ts';

const page = pageSize();

/** Bytes mapped with the letters -w-, which nobody but these tests asks for. */
function bytesOfOurs(): number {
  return memoryMap()
    .filter(({ protection }) => protection === '-w-')
    .reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Names in our own table end a few turns after their memory. */
function hasDroppedNames(): boolean {
  return memoryMap().some(({ name }) => name?.includes('dropped'));
}

function isClean(): boolean {
  return bytesOfOurs() === 0 && !hasDroppedNames();
}

describe('mappings leave nothing behind', () => {
  it('after 10,000 cycles of map, use, unmap', () => {
    for (let cycle = 0; cycle < 10_000; cycle++) {
      using mapping = mmap({ length: page, protection: 'w' });
      mapping.bytes[0] = cycle;
    }
    expect(bytesOfOurs()).toBe(0);
  });

  it('after 3,000 were dropped, with and without buffers', async () => {
    const dropMany = (): number => {
      let touched = 0;
      for (let number = 0; number < 3000; number++) {
        const mapping = mmap({ length: 4 * page, protection: 'w', name: 'dropped' });
        if (number % 2 === 0) touched += mapping.bytes.length;
        if (number % 3 === 0) touched += mapping.view({ offset: page, length: page }).length;
      }
      return touched;
    };
    expect(dropMany()).toBe(1500 * 4 * page + 1000 * page);
    expect(await collectUntil(isClean)).toBe(true);
  });

  it('not before the last view of a dropped mapping is gone', async () => {
    const keepView = (): Uint8Array => mmap({ length: page, protection: 'w' }).bytes.subarray(10, 20);
    let view: Uint8Array | undefined = keepView();
    expect(await collectUntil(isClean, 200)).toBe(false);
    view[0] = 77;
    expect(bytesOfOurs()).toBe(page);
    view = undefined;
    expect(await collectUntil(isClean)).toBe(true);
  });

  it('after windows were grown in small steps and released', () => {
    for (let round = 0; round < 20; round++) {
      const source = mmapSource({ limitBytes: 64 * page, commitStepBytes: page });
      const views: Uint8Array[] = [];
      while (source.grow(page)) views.push(new Uint8Array(source.buffer));
      expect(views.length).toBe(64);
      global.gc?.();
      source.release();
      expect(views.every((view) => view.length === 0)).toBe(true);
      const start = source.baseAddress;
      expect(memoryMap().filter((range) => range.start <= start && start < range.end)).toEqual([]);
    }
  });
});

describe('the limit of mappings', () => {
  it.runIf(process.platform === 'linux' && !isSanitized)(
    'is named by the error, and what was recorded stays true',
    async () => {
      const result = await runCase('test/death/cases/map-limit.mjs');
      expect(result).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect(JSON.parse(result.stdout)).toMatchObject({
        code: 'ENOMEM',
        syscall: 'mprotect',
        namesLimit: true,
        alive: true,
        agrees: true,
      });
    },
  );
});
