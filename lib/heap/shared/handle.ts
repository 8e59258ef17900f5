/** The handle of a shared heap: what a thread posts to another so that it can attach. Plain data. */
import type { SharedWindow } from '../../core/index.ts';
import type { GlibcVersion } from '../profile.ts';
import type { SpacePlan } from './shared-space.ts';

/** What `heap.share()` gives and `Heap.attach()` takes. */
export interface SharedHeapHandle {
  readonly format: 'chunkyard-shared-heap 1';
  readonly glibc: GlibcVersion;
  readonly window: SharedWindow;
  readonly control: SharedArrayBuffer;
  readonly space: SpacePlan;
  /** The 64 random bits of the process's cached blocks. */
  readonly key: bigint;
  readonly cores: number;
  readonly cacheLength: number;
  readonly cacheMaxChunk: number;
  readonly cacheUnsortedLimit: number;
}
