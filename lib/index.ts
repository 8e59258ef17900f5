/**
 * The public API, and the one place that joins page sources to allocators. Importing it loads no addon: that
 * happens at the first call that needs system memory.
 */

export {
  type Allocator,
  type AllocatorStats,
  ArgumentError,
  type ArgumentErrorCode,
  type FreeExplanation,
  HeapError,
  type HeapErrorCode,
  type HeapSnapshot,
  type PageSource,
  type Pointer,
  PosixError,
  type Violation,
} from './core/index.ts';
// Mapped memory and page sources.
export {
  type BreakSourceOptions,
  type BufferSourceOptions,
  BufferTooLargeError,
  type ByteRange,
  breakSource,
  bufferSource,
  type FileReference,
  type FileSourceOptions,
  fileSource,
  Mapping,
  MappingError,
  type MappingErrorCode,
  type MmapOptions,
  mmap,
  mmapSource,
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
  isSupported,
  type MemoryRange,
  memoryMap,
  type ProgramBreak,
  pageSize,
  programBreak,
  type RangeKind,
} from './posix/index.ts';
