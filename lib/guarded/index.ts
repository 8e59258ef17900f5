/** lib/guarded: an allocator whose blocks lie against guard pages, and the reports of what it finds. */
export type { FaultListener } from './fault-log.ts';
export { GuardedHeap } from './guarded-heap.ts';
export { GuardedHeapError } from './misuse.ts';
export type { GuardedHeapOptions, GuardSide, InnerHeap } from './options.ts';
export { faultDocument, formatFault } from './report.ts';
