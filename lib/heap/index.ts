/** glibc's malloc in TypeScript, over a window of memory. */
export { type BufferWindowOptions, bufferWindow } from './buffer-window.ts';
export type { MalloptName } from './calls.ts';
export { type Defence, defenceOverheadBytes, defences, sampleEvery } from './defences/index.ts';
export { createFileHeap, type FileHeapOptions, type OpenOptions, openFileHeap } from './file/file-heap.ts';
export type { RecoveryReport } from './file/report.ts';
export { Heap, type HeapOptions, type HeapSampling } from './heap.ts';
export { MAIN_ARENA, TCACHE_BINS } from './layout.ts';
export type { FreeList } from './lists.ts';
export type { GlibcVersion, Profile } from './profile.ts';
export { profiles } from './profiles.ts';
export type { HeapBins, HeapChunk, HeapStats } from './report.ts';
export type { SampledHeap } from './sampled.ts';
export type { Tunables } from './setup.ts';
export { BlockQueue } from './shared/block-queue.ts';
export type { SharedHeapHandle } from './shared/handle.ts';
export type { LockCounts } from './shared/locks.ts';
export type { ArenaStats, SharedHeapStats } from './shared/look.ts';
export type { HeapLandmarks } from './surface.ts';
