/** Loading the addon: from where, and what is said when it cannot be. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AddonLoadError, loadAddon } from '../../../lib/posix/binding.ts';
import { isSupported, memoryMap, native } from '../../../lib/posix/index.ts';
import { root } from '../../helpers/child.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const built = process.env.CHUNKYARD_ADDON ?? join(root, 'build', 'Release', 'chunkyard.node');

function put(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(built, path);
}

function failure(attempt: () => unknown): AddonLoadError {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(AddonLoadError);
    return error as AddonLoadError;
  }
  throw new Error('an addon was loaded');
}

describe('the addon in use', () => {
  // With CHUNKYARD_ADDON set, this proves that the tests run on that binary (.ci/test-asan.sh).
  it.runIf(isSupported('memoryMap'))('is the one file it should be', () => {
    native();
    const files = memoryMap().map((range) => range.path);
    expect(new Set(files.filter((path) => path.endsWith('chunkyard.node')))).toEqual(new Set([built]));
  });

  it('is loaded once', () => {
    expect(native()).toBe(native());
  });
});

describe('loadAddon', () => {
  const prebuilt = join('prebuilds', `${process.platform}-${process.arch}`, 'chunkyard.node');

  it('takes a prebuilt binary when there is no build', () => {
    using folder = temporaryFolder();
    put(folder.file(prebuilt));
    expect(loadAddon(folder.path).pageSize()).toBe(native().pageSize());
  });

  it('takes the override and nothing else', () => {
    using folder = temporaryFolder();
    put(folder.file(prebuilt));
    expect(loadAddon('/nowhere', folder.file(prebuilt)).pageSize()).toBe(native().pageSize());
    expect(failure(() => loadAddon(folder.path, '/nowhere/x.node')).tried).toEqual(['/nowhere/x.node']);
    expect(failure(() => loadAddon(folder.path, 'x.node')).message).toContain('must be an absolute path');
  });

  it('says what it looked for, where, and what to do', () => {
    using folder = temporaryFolder();
    const error = failure(() => loadAddon(folder.path));
    const places = [folder.file(join('build', 'Release', 'chunkyard.node')), folder.file(prebuilt)];
    expect(error.code).toBe('ERR_ADDON_NOT_LOADED');
    expect(error.tried).toEqual(places);
    for (const text of [...places, `${process.platform}-${process.arch}`, 'npm run build:native']) {
      expect(error.message).toContain(text);
    }
  });

  it('says why a binary that is there could not be loaded', () => {
    using folder = temporaryFolder();
    const path = folder.file(prebuilt);
    put(path);
    writeFileSync(path, 'no binary');
    expect(failure(() => loadAddon(folder.path)).message).toMatch(/chunkyard\.node: .*(short|invalid|slice)/);
  });
});

describe('the native malloc, for measuring', () => {
  it('gives blocks of the process and takes them back', () => {
    const { nativeMalloc, nativeFree } = native();
    const blocks = Array.from({ length: 100 }, () => nativeMalloc(40));
    expect(new Set(blocks).size).toBe(100);
    for (const block of blocks) expect([Number.isSafeInteger(block), block % 8]).toEqual([true, 0]);
    for (const block of blocks) nativeFree(block);
    nativeFree(0);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53, '8', undefined])('refuses a size of %s', (size) => {
    const { nativeMalloc } = native();
    expect(() => nativeMalloc(size as number)).toThrow(/sizeBytes/);
  });
});
