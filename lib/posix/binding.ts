/**
 * The only loader of the addon. Looks in a checkout's own build first, then among the binaries a published
 * package brings; a failure says where it looked and how to build. Each thread loads once, on first use, so
 * that whatever needs no system memory works without an addon.
 */
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type bindings from 'bindings';
import type { NativeAddon } from './native.ts';

/** The addon could not be loaded. */
export class AddonLoadError extends Error {
  override readonly name: string = 'AddonLoadError';
  readonly code = 'ERR_ADDON_NOT_LOADED';
  /** Files that were tried, in order. */
  readonly tried: readonly string[];

  constructor(tried: readonly string[], causes: readonly unknown[]) {
    const places = tried.map((path, index) => `  ${path}: ${firstLine(causes[index])}`);
    super(
      [
        `The chunkyard addon for ${process.platform}-${process.arch} could not be loaded. Looked at`,
        ...places,
        'To build it, run `npm run build:native` in a checkout of chunkyard: it needs a C++17 compiler, make',
        'and Python 3.',
      ].join('\n'),
      { cause: causes.at(-1) },
    );
    this.tried = tried;
  }
}

const load = createRequire(import.meta.url);
/** Both lib/posix/ and dist/posix/ lie two folders below the package. */
const packageRoot: string = fileURLToPath(new URL('../../', import.meta.url));
let loaded: NativeAddon | undefined;

/**
 * The addon of this thread.
 * @throws AddonLoadError ERR_ADDON_NOT_LOADED
 */
export function native(): NativeAddon {
  loaded ??= loadAddon(packageRoot, process.env.CHUNKYARD_ADDON);
  return loaded;
}

/**
 * Loads the addon.
 * @param root folder of the package
 * @param override a .node file to take instead of all others; for development (sanitizer builds)
 * @throws AddonLoadError ERR_ADDON_NOT_LOADED
 */
export function loadAddon(root: string, override?: string): NativeAddon {
  const tried: string[] = [];
  const causes: unknown[] = [];
  for (const [path, attempt] of override ? overridden(override) : candidates(root)) {
    try {
      return attempt();
    } catch (error) {
      tried.push(path);
      causes.push(error);
    }
  }
  throw new AddonLoadError(tried, causes);
}

type Candidate = readonly [path: string, attempt: () => NativeAddon];

function candidates(root: string): Candidate[] {
  const file = 'chunkyard.node';
  const prebuilt = join(root, 'prebuilds', `${process.platform}-${process.arch}`, file);
  return [[join(root, 'build', 'Release', file), () => loadBuilt(root, file)], required(prebuilt)];
}

function loadBuilt(root: string, file: string): NativeAddon {
  const find: typeof bindings = load('bindings');
  return find({ bindings: file, module_root: root, try: [['module_root', 'build', 'Release', 'bindings']] });
}

function overridden(path: string): Candidate[] {
  if (isAbsolute(path)) return [required(path)];
  throw new AddonLoadError([path], ['CHUNKYARD_ADDON must be an absolute path']);
}

function required(path: string): Candidate {
  return [path, () => load(path)];
}

function firstLine(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.split('\n', 1)[0];
}
