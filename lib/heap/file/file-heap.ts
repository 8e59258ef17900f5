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
import { contentsOf, FileKeeper } from './keeper.ts';
import { adoptThread, readLinks, writeLinks } from './links.ts';
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
    keeper.write(0);
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

function join(file: HeapFile, window: FileWindow, opened: OpenedFile, mayRecover: boolean): Heap {
  const { state } = opened;
  const oldBase = BigInt(state.baseHigh) << 32n;
  const old = restored(seenAt(window, oldBase), opened);
  requireContents(file.path, state, contentsOf(old.space));
  const violations = inspect(old);
  const isDamaged = violations.length > 0 || (state.flags & RELOCATING) !== 0;
  const isMoved = oldBase !== window.baseAddress;
  const plan = isDamaged ? planFor(file.path, old, mayRecover) : undefined;
  const heap = isMoved ? restored(window, opened) : old;
  heap.space.keeper = undefined;
  const keeper = new FileKeeper(window, heap.space, state.generation, plan?.report ?? null);
  // From here on the file is written to.
  keeper.write(isMoved || plan ? RELOCATING : 0);
  window.synchronize();
  heap.space.keeper = keeper;
  if (plan) applyRecovery(heap, plan);
  else if (isMoved) writeLinks(heap, readLinks(old));
  if (!isMoved && !plan) return heap;
  adoptThread(heap);
  window.synchronize();
  keeper.write(0);
  return heap;
}

function planFor(path: string, heap: CountedCache, mayRecover: boolean): RecoveryPlan {
  const violations = inspect(heap);
  const found = violations[0];
  const first = found
    ? `${found.rule} at chunk ${found.chunk}: ${found.message}`
    : 'its links were being moved';
  const died = `its process died inside the heap, which is damaged: ${violations.length} violations, first: ${first}`;
  const refuse = (hint: string): never => {
    throw new HeapFileError('ERR_HEAP_FILE_DAMAGED', path, `${died} (${hint})`, violations);
  };
  if (!mayRecover) return refuse('recover: true repairs what can be repaired');
  const plan = planRecovery(heap);
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
    discard: (offset, bytes) => window.discard(offset, bytes),
    withdraw: (offset, bytes) => window.withdraw(offset, bytes),
    synchronize: () => window.synchronize(),
    release: () => window.release(),
  };
}
