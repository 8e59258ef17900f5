export type {
  Allocator,
  AllocatorStats,
  FreeExplanation,
  FreeStep,
  Pointer,
  Violation,
} from './allocator.ts';
export { type IntegerBounds, requireInteger, requireOneOf } from './arguments.ts';
export {
  ArgumentError,
  type ArgumentErrorCode,
  HeapError,
  type HeapErrorCode,
  type HeapErrorDetails,
  PosixError,
  type PosixErrorDetails,
} from './errors.ts';
export {
  type FileWindow,
  type FileWindowRequest,
  type HeapFile,
  HeapFileError,
  type HeapFileErrorCode,
} from './heap-file.ts';
export type { ChunkSnapshot, ChunkState, HeapSnapshot } from './heap-snapshot.ts';
export {
  type FaultAccess,
  type FaultBlock,
  type FaultCode,
  type FaultKind,
  type FaultPolicy,
  faultPolicies,
  type MemoryFault,
  MemoryFaultError,
} from './memory-fault.ts';
export {
  type GuardOptions,
  type PageGuard,
  type PageGuardRequest,
  pagesOfBlock,
  requireGuard,
} from './page-guard.ts';
export type { PageSource } from './page-source.ts';
export { type Random, seededRandom } from './random.ts';
export { SAMPLED_START, type SampledBlocks } from './sampled-blocks.ts';
export { type CostSummary, ranksOutside, summarize, unstableShare } from './statistics.ts';
export { alignDown, alignUp, formatBytes, GiB, hex, isPowerOfTwo, KiB, MiB } from './units.ts';
export type { SharedWindow, WindowSource } from './window-source.ts';
