/** lib/pages: memory that someone owns: mappings, the arena window, and the page sources allocators grow on. */
export { type BreakSourceOptions, breakSource } from './break-source.ts';
export { type BufferSourceOptions, bufferSource } from './buffer-source.ts';
export { type FileSourceOptions, fileSource } from './file-source.ts';
export { type FaultFilter, type Guard, guard } from './guard.ts';
export { guardBudget, guardBudgetUsed } from './guard-budget.ts';
export { GuardedPages, type GuardedPagesOptions } from './guarded-pages.ts';
export { Mapping, type ProtectedRange, type Residency } from './mapping.ts';
export { BufferTooLargeError, MappingError, type MappingErrorCode } from './mapping-error.ts';
export { mappingSource } from './mapping-source.ts';
export { mmap } from './mmap.ts';
export type { FileReference, MmapOptions } from './mmap-options.ts';
export { mmapSource } from './mmap-source.ts';
export { attachWindow, type MmapWindowOptions, mmapWindow } from './mmap-window.ts';
export { ProtectionGuard } from './protect.ts';
export type { Protection } from './protection.ts';
export type { ByteRange, PageRange } from './ranges.ts';
export type { SyncOptions } from './sync-options.ts';
export type { WindowSourceOptions } from './window-sizes.ts';
