/** Heaps in files: made, and opened again as the same heap (docs/file-heaps.md). */
import {
  ArgumentError,
  alignUp,
  type FileWindow,
  GiB,
  type HeapFile,
  HeapFileError,
  requireInteger,
  requireOneOf,
} from '../../core/index.ts';
import type { AddressSpace } from '../address-space.ts';
import type { CountedCache } from '../counted-cache.ts';
import { cacheLimits, familyOf, type Heap, type HeapOptions, randomKey } from '../heap.ts';
import { FIRST_SLOT, LIBRARY_DATA } from '../layout.ts';
import type { GlibcVersion } from '../profile.ts';
import { profiles } from '../profiles.ts';
import { applyTunables, initialise, layOut } from '../setup.ts';
import {
  type Description,
  FORMAT_VERSION,
  HEAD_BYTES,
  RELOCATING,
  UNIT_BYTES,
  writeDescription,
} from './format.ts';
import { contentsOf, FileKeeper, IN_USE } from './keeper.ts';
import { adoptThread, type Links, readLinks } from './links.ts';
import { finishLinks, noteLinks, REPAIRING } from './moving.ts';
import { type OpenedFile, readHeapFile, requireContents } from './read.ts';
import { applyRecovery, inspect, planRecovery, type RecoveryPlan } from './recover.ts';

/** How a heap is made in a file. */
export interface FileHeapOptions extends Pick<HeapOptions, 'glibc' | 'arena' | 'tunables' | 'key'> {
  /** Most bytes the heap may take, up to 4 GiB less 64 MiB. @defaultValue 1 GiB */
  limitBytes?: number;
}

/** How a heap in a file is opened. */
export interface OpenOptions {
  /** Rebuild the lists of a heap whose process died inside a call, where that can be done. @defaultValue false */
  recover?: boolean;
}

/** The window, up to the break area, and from there on. */
const gap: readonly [number, number] = [LIBRARY_DATA + 0x1_0000, FIRST_SLOT];

function engine(space: AddressSpace, description: Description, key: bigint): CountedCache {
  const { cacheLength, cacheMaxChunk, cacheUnsortedLimit } = description;
  const profile = profiles[description.glibc];
  const limits = { cacheLength, cacheMaxChunk, cacheUnsortedLimit };
  return new (familyOf(profile))({ profile, space, threaded: false, threads: 1, cores: 1, key, ...limits });
}

function spaceOf(window: FileWindow, description: Description): AddressSpace {
  return layOut(window, description.limitBytes, false, FIRST_SLOT);
}

/**
 * Makes a heap in a new file.
 * @param file made for it; nothing of it is left when this throws
 * @param options all have defaults
 * @returns an empty heap
 * @throws ArgumentError; PosixError when the disk is full
 */
export function createFileHeap(file: HeapFile, options: FileHeapOptions = {}): Heap {
  let window: FileWindow | undefined;
  try {
    const description = describe(file, options);
    window = file.map({ sizeBytes: description.sizeBytes, headBytes: HEAD_BYTES, gap });
    const space = spaceOf(window, description);
    const heap = engine(space, description, options.key ?? randomKey());
    initialise(heap);
    applyTunables(heap, options.tunables ?? {});
    const keeper = new FileKeeper(window, space, 0, null);
    keeper.write(IN_USE);
    window.synchronize();
    writeDescription(window.head, description);
    space.keeper = keeper;
    return heap;
  } catch (error) {
    window?.release();
    file.abandon();
    throw error;
  }
}

function describe(file: HeapFile, options: FileHeapOptions): Description {
  for (const name of ['strict', 'defences', 'threads', 'limitsInMemory', 'heapStart'] as const) {
    if ((options as HeapOptions)[name] === undefined) continue;
    throw new ArgumentError(
      'ERR_INVALID_ARG_VALUE',
      name,
      'no such option for a heap in a file',
      String((options as HeapOptions)[name]),
    );
  }
  requireOneOf('arena', options.arena ?? 'main', ['main']);
  const glibc = requireOneOf('glibc', options.glibc ?? '2.36', Object.keys(profiles) as GlibcVersion[]);
  const bounds = { minimum: 2 ** 20, maximum: 4 * GiB - FIRST_SLOT };
  const limitBytes = alignUp(
    requireInteger('limitBytes', options.limitBytes ?? GiB, bounds),
    UNIT_BYTES * 16,
  );
  return {
    version: FORMAT_VERSION,
    pageSizeBytes: file.pageSizeBytes,
    glibc,
    sizeBytes: FIRST_SLOT + limitBytes,
    limitBytes,
    ...cacheLimits(profiles[glibc], options.tunables ?? {}),
  };
}

/**
 * Opens the heap of a file, as the same heap: at the address it had if that is free, else with its links rewritten.
 * @param file locked; left as it is, and closed, when this throws
 * @param options `recover` allows repairs
 * @returns the heap; `recovery` tells what was repaired
 * @throws HeapFileError; PosixError
 */
export function openFileHeap(file: HeapFile, options: OpenOptions = {}): Heap {
  let window: FileWindow | undefined;
  try {
    const opened = readHeapFile(file, gap);
    const wishedAddress = BigInt(opened.state.baseHigh) << 32n;
    window = file.map({ sizeBytes: opened.description.sizeBytes, headBytes: HEAD_BYTES, gap, wishedAddress });
    return join(file, window, opened, options.recover === true);
  } catch (error) {
    window?.release();
    file.abandon();
    throw error;
  }
}

function join(file: HeapFile, window: FileWindow, found: OpenedFile, mayRecover: boolean): Heap {
  const opened = found.links ? moveAgain(window, found, found.links) : found;
  const { state } = opened;
  const oldBase = BigInt(state.baseHigh) << 32n;
  const old = restored(seenAt(window, oldBase), opened);
  requireContents(file.path, state, contentsOf(old.space));
  const isTorn = (state.flags & RELOCATING) !== 0;
  const isMoved = oldBase !== window.baseAddress;
  const plan = planFor(file.path, old, isTorn, mayRecover);
  const heap = isMoved ? restored(window, opened) : old;
  const keeper = new FileKeeper(window, heap.space, state.generation, plan?.report ?? null);
  const links = plan?.links ?? (isMoved ? readLinks(old) : undefined);
  // From here on the file is written to.
  if (plan) keeper.write(REPAIRING);
  else keeper.write(links ? noteLinks(window, opened.endsAt, links) : IN_USE);
  window.synchronize();
  heap.space.keeper = keeper;
  if (plan) applyRecovery(heap, plan);
  if (links) finishLinks(heap, window, keeper, links);
  return heap;
}

/** Finishes what a process began that died meanwhile. @returns the file as it is then */
function moveAgain(window: FileWindow, opened: OpenedFile, links: Links): OpenedFile {
  const heap = restored(window, opened);
  const keeper = new FileKeeper(window, heap.space, opened.state.generation, null);
  return { ...opened, state: finishLinks(heap, window, keeper, links) };
}

/** @returns undefined when there is nothing to repair */
function planFor(
  path: string,
  heap: CountedCache,
  isTorn: boolean,
  mayRecover: boolean,
): RecoveryPlan | undefined {
  const violations = inspect(heap);
  if (violations.length === 0 && !isTorn) return undefined;
  const found = violations[0];
  const first = found
    ? `${found.rule} at chunk ${found.chunk}: ${found.message}`
    : 'its links were being rewritten';
  const died = `its process died inside the heap, which is damaged: ${violations.length} violations, first: ${first}`;
  const refuse = (hint: string): never => {
    throw new HeapFileError('ERR_HEAP_FILE_DAMAGED', path, `${died} (${hint})`, violations);
  };
  if (!mayRecover) return refuse('recover: true repairs what can be repaired');
  const plan = planRecovery(heap, isTorn);
  return typeof plan === 'string' ? refuse(`recovery failed: ${plan}`) : plan;
}

/** The heap as the file describes it; its links are for the base that `window` claims. */
function restored(window: FileWindow, { description, state, path }: OpenedFile): CountedCache {
  const space = spaceOf(window, description);
  if (!space.restore(state.breakEnd, state.mappings)) {
    throw new HeapFileError(
      'ERR_HEAP_FILE_DAMAGED',
      path,
      'its pages cannot be mapped: the disk is full, or its limit is reached',
    );
  }
  const heap = engine(space, description, 0n);
  adoptThread(heap);
  return heap;
}

/** The window as it was, for a look at links that are still for another base. */
function seenAt(window: FileWindow, baseAddress: bigint): FileWindow {
  if (window.baseAddress === baseAddress) return window;
  return {
    kind: window.kind,
    baseAddress,
    pageSizeBytes: window.pageSizeBytes,
    sizeBytes: window.sizeBytes,
    buffer: window.buffer,
    head: window.head,
    systemCalls: window.systemCalls,
    commit: (offset, bytes) => window.commit(offset, bytes),
    restore: (offset, bytes) => window.restore(offset, bytes),
    note: (position, bytes) => window.note(position, bytes),
    discard: (offset, bytes) => window.discard(offset, bytes),
    withdraw: (offset, bytes) => window.withdraw(offset, bytes),
    synchronize: () => window.synchronize(),
    release: () => window.release(),
  };
}
