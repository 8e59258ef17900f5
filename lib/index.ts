/**
 * The public API, and the one place that joins page sources to allocators. Importing it loads no addon: that
 * happens at the first call that needs system memory.
 */
import { type ChunkListOptions, ChunkList as SourcedChunkList } from './chunklist/index.ts';
import { ArgumentError, GiB, HeapError } from './core/index.ts';
import { type GuardedHeapOptions, GuardedHeap as SlotGuardedHeap } from './guarded/index.ts';
import {
  createFileHeap,
  type FileHeapOptions,
  type HeapOptions,
  type OpenOptions,
  openFileHeap,
  type SharedHeapHandle,
  Heap as SourcedHeap,
} from './heap/index.ts';
import { attachWindow, mmapSource, mmapWindow, openHeapFile } from './pages/index.ts';

// Attacks on the simulated heap, for defence and teaching.
export {
  type AttackOptions,
  type AttackResult,
  type AttackTable,
  attackTable,
  type DefenceTable,
  defenceTable,
  layoutOf as attackLayout,
  type Outcome as AttackOutcome,
  runAttack,
  runAttackNatively,
  type Technique,
  techniques,
} from './attacks/index.ts';
// The lecture's allocator.
export type { Placement } from './chunklist/index.ts';
export type { ChunkListOptions };

/** The lecture's allocator; where no source is given, on real pages of its own. */
export class ChunkList extends SourcedChunkList {
  /**
   * Makes an empty heap.
   * @param options the source defaults to `mmapSource` with a limit of 1 GiB
   * @returns the heap; `destroy` gives its pages back
   * @throws ArgumentError, and PosixError when the system refuses the pages
   */
  static override create(options: Partial<ChunkListOptions> = {}): ChunkList {
    const source = options.source ?? mmapSource({ limitBytes: GiB, name: 'chunkyard chunklist' });
    return new ChunkList({ ...options, source });
  }
}

export type { ArenaStats, LockCounts, SharedHeapStats } from './heap/index.ts';
// glibc's malloc.
export {
  BlockQueue,
  type BufferWindowOptions,
  bufferWindow,
  type Defence,
  defences,
  type FreeList,
  type GlibcVersion,
  type HeapBins,
  type HeapChunk,
  type HeapLandmarks,
  type HeapStats,
  type MalloptName,
  type RecoveryReport,
  type Tunables,
} from './heap/index.ts';
export type { FileHeapOptions, HeapOptions, OpenOptions, SharedHeapHandle };

/** A heap that is to live in a file. */
export interface FileBackedOptions extends FileHeapOptions {
  /** Path of the file, which must not exist. */
  source: { file: string };
}

/** A glibc heap: what `Heap.create` returns. */
export type Heap = SourcedHeap;

/** Makes glibc heaps; where no source is given, on real pages of their own. `x instanceof Heap` tells them. */
export const Heap: {
  create(options?: HeapOptions | FileBackedOptions): Heap;
  open(file: string, options?: OpenOptions): Heap;
  attach(handle: SharedHeapHandle): Heap;
  [Symbol.hasInstance](value: unknown): value is Heap;
} = {
  /**
   * Makes an empty heap.
   * @param options the source defaults to `mmapWindow()`: 4 GiB of address space, memory as it is used; `{ file }`
   *   makes a file and keeps the heap in it
   * @returns the heap; `destroy` gives its pages back, or closes its file
   * @throws ArgumentError, and PosixError when the system refuses the reservation, or the file's pages; Node's own
   *   error when the file cannot be made (EEXIST: it is there)
   */
  create(options: HeapOptions | FileBackedOptions = {}): Heap {
    if (isFileBacked(options)) {
      const { source, ...rest } = options;
      return createFileHeap(openHeapFile(requirePath(source.file), true), rest);
    }
    if (options.source) return SourcedHeap.create(options);
    const source = mmapWindow({ name: 'chunkyard heap' });
    try {
      return SourcedHeap.create({ ...options, source });
    } catch (error) {
      source.release();
      throw error;
    }
  },
  /**
   * Comes to a heap that another thread of this process shared: the same memory, through ArrayBuffers of this thread,
   * with a cache and an arena of this thread's own. A block of one thread may be freed by another.
   * @param handle what `heap.share()` gave there
   * @returns the heap; `detach` ends this thread's use of it, the last one gives the memory back
   * @throws ArgumentError; HeapError ERR_HEAP_CLOSED when everybody has detached, ERR_HEAP_NOT_SHAREABLE when 64
   * threads are attached
   */
  attach(handle: SharedHeapHandle): Heap {
    if (handle?.format !== 'chunkyard-shared-heap 1') {
      throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'handle', 'what heap.share() gave', handle);
    }
    const source = attachWindow(handle.window);
    if (source === undefined) {
      throw new HeapError('ERR_HEAP_CLOSED', 'every thread has detached from this heap: its memory is gone');
    }
    try {
      return SourcedHeap.attach(handle, source);
    } catch (error) {
      source.release();
      throw error;
    }
  },
  /**
   * Opens a heap in a file: the same heap, its blocks at the same pointers (docs/file-heaps.md).
   * @param file its path
   * @param options `recover` allows repairs after a crash
   * @returns the heap; `destroy` closes it
   * @throws HeapFileError when the file is locked, foreign, newer, cut short, changed or damaged; it is left as it is.
   *   PosixError; Node's own error when it cannot be opened
   */
  open(file: string, options: OpenOptions = {}): Heap {
    return openFileHeap(openHeapFile(requirePath(file), false), options);
  },
  [Symbol.hasInstance]: (value: unknown): value is Heap => value instanceof SourcedHeap,
};

function isFileBacked(options: HeapOptions | FileBackedOptions): options is FileBackedOptions {
  return typeof options.source === 'object' && 'file' in options.source;
}

function requirePath(file: unknown): string {
  if (typeof file === 'string' && file !== '') return file;
  throw new ArgumentError('ERR_INVALID_ARG_TYPE', 'file', 'a path', file);
}

// Guard pages.
export {
  type FaultListener,
  faultDocument,
  formatFault,
  GuardedHeapError,
  type GuardSide,
} from './guarded/index.ts';
export type { GuardedHeapOptions };

/** A heap whose blocks lie against guard pages: what `GuardedHeap.create` returns. */
export type GuardedHeap = SlotGuardedHeap;

/** Makes heaps whose blocks lie against guard pages; where only some do, the others are a glibc heap's. */
export const GuardedHeap: {
  create(options?: GuardedHeapOptions): GuardedHeap;
  [Symbol.hasInstance](value: unknown): value is GuardedHeap;
} = {
  /**
   * Makes an empty heap.
   * @param options all have defaults
   * @returns the heap; `destroy` takes its guards away and gives its pages back
   * @throws ArgumentError; PosixError when the system refuses the address space, ENOTSUP for a policy it lacks
   */
  create(options: GuardedHeapOptions = {}): GuardedHeap {
    return SlotGuardedHeap.create(options, (source, limitBytes, sampling) =>
      SourcedHeap.create({ source, limitBytes, sampling }),
    );
  },
  [Symbol.hasInstance]: (value: unknown): value is GuardedHeap => value instanceof SlotGuardedHeap,
};

export {
  type Allocator,
  type AllocatorStats,
  ArgumentError,
  type ArgumentErrorCode,
  type FaultAccess,
  type FaultBlock,
  type FaultKind,
  type FaultPolicy,
  type FreeExplanation,
  HeapError,
  type HeapErrorCode,
  HeapFileError,
  type HeapFileErrorCode,
  type HeapSnapshot,
  type MemoryFault,
  MemoryFaultError,
  type PageSource,
  type Pointer,
  PosixError,
  type Violation,
  type WindowSource,
} from './core/index.ts';
// The lecture, as steps that run on real memory.
export {
  type Lesson,
  type LessonStep,
  LessonWalk,
  lessons,
  type MemoryPiece,
  type MemoryWord,
  type Question,
  type StepCheck,
} from './lessons/index.ts';
// Mapped memory and page sources.
export {
  type BreakSourceOptions,
  type BufferSourceOptions,
  BufferTooLargeError,
  type ByteRange,
  breakSource,
  bufferSource,
  type FaultFilter,
  type FileReference,
  type FileSourceOptions,
  fileSource,
  type Guard,
  guard,
  guardBudget,
  guardBudgetUsed,
  Mapping,
  MappingError,
  type MappingErrorCode,
  type MmapOptions,
  type MmapWindowOptions,
  mmap,
  mmapSource,
  mmapWindow,
  type PageRange,
  type ProtectedRange,
  type Protection,
  ProtectionGuard,
  type Residency,
  type SyncOptions,
  type WindowSourceOptions,
} from './pages/index.ts';
// The process and the platform.
export {
  AddonLoadError,
  type Advice,
  adviceNames,
  type Feature,
  type GrownRange,
  type GuardMethod,
  type GuardStatus,
  isSupported,
  type MemoryRange,
  memoryMap,
  type ProgramBreak,
  pageSize,
  programBreak,
  type RangeKind,
} from './posix/index.ts';
// Traces.
export {
  builtInTraces,
  encodeTrace,
  formatTrace,
  openTrace,
  parseTrace,
  type ReadTraceOptions,
  RecordError,
  type RecordErrorCode,
  type RecordedProcess,
  type RecordOptions,
  type RecordResult,
  ReplayError,
  type ReplayErrorCode,
  type ReplayOptions,
  type ReplayResult,
  readTrace,
  record,
  replay,
  type Trace,
  type TraceBatch,
  TraceError,
  type TraceErrorCode,
  type TraceInfo,
  type TraceStream,
  type TraceTotals,
  traceInfo,
} from './trace/index.ts';
