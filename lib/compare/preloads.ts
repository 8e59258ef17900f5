/**
 * Other native allocators: shared libraries that replace malloc when they are put before the C library. Looked for
 * where distributions install them; none of them is needed for anything else.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ReplayerError } from './replayer-error.ts';

/** Allocators that can be preloaded, by the names the command line has. */
export type PreloadName = 'jemalloc' | 'mimalloc' | 'tcmalloc';

/** Where one is found. */
interface Preload {
  /** Files by the names that distributions give them, the likeliest first. */
  files: readonly string[];
  /** What Debian and Ubuntu call the package. */
  debianPackage: string;
}

const preloads: Readonly<Record<PreloadName, Preload>> = {
  jemalloc: { files: ['libjemalloc.so.2', 'libjemalloc.so.1'], debianPackage: 'libjemalloc2' },
  mimalloc: {
    files: ['libmimalloc.so.2', 'libmimalloc.so.3', 'libmimalloc.so'],
    debianPackage: 'libmimalloc2.0',
  },
  tcmalloc: {
    files: ['libtcmalloc_minimal.so.4', 'libtcmalloc.so.4'],
    debianPackage: 'libtcmalloc-minimal4',
  },
};

/** All of them. */
export const preloadNames: readonly PreloadName[] = Object.keys(preloads) as PreloadName[];

const architectures: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
};

/** @returns true for the name of an allocator that is preloaded */
export function isPreloadName(name: string): name is PreloadName {
  return (preloadNames as readonly string[]).includes(name);
}

/**
 * Finds an allocator's library.
 * @param name which
 * @returns its path; null where it is not installed, or where this is no Linux
 */
export function findPreload(name: PreloadName): string | null {
  if (process.platform !== 'linux') return null;
  const folders = ['/usr/local/lib', `/usr/lib/${architectures[process.arch]}`, '/usr/lib64', '/usr/lib'];
  const paths = preloads[name].files.flatMap((file) => folders.map((folder) => join(folder, file)));
  return paths.find((path) => existsSync(path)) ?? null;
}

/**
 * The same for one that must be there.
 * @throws ReplayerError ERR_REPLAYER_MISSING, which says how to install it
 */
export function requirePreload(name: PreloadName): string {
  const path = findPreload(name);
  if (path !== null) return path;
  const { files, debianPackage } = preloads[name];
  throw new ReplayerError(
    'ERR_REPLAYER_MISSING',
    `${name} is not installed: no ${files.join(' or ')}. On Debian or Ubuntu: apt install ${debianPackage}`,
  );
}

/**
 * A library that cannot be loaded is left out with a warning only: then it would be the C library that was measured.
 * @param asked path that was to be preloaded
 * @param found file that malloc came from, as the replayer tells it
 * @throws ReplayerError ERR_REPLAYER_FAILED when it is another one
 */
export function requirePreloaded(asked: string, found: string | undefined): void {
  if (found !== undefined && basename(found) === basename(asked)) return;
  throw new ReplayerError(
    'ERR_REPLAYER_FAILED',
    `${asked} was to be preloaded, but malloc came from ${found ?? 'the C library'}`,
  );
}
