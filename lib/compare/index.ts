/** lib/compare: one trace on many allocators: placement, time, footprint, system calls. */
export {
  type Agreement,
  comparePlacements,
  comparePlaces,
  type Difference,
  type PlacementAgreement,
} from './agreement.ts';
export { replayOnBuffers } from './buffer-baseline.ts';
export { allocatorsFor, type CompareOptions, compareTrace } from './compare.ts';
export {
  compareFidelity,
  type FidelityOptions,
  type FidelityResult,
  isDamaging,
  machineGlibc,
} from './fidelity.ts';
export { type FidelityHeapOptions, makeFidelityHeap } from './fidelity-heap.ts';
export { compareImages, type ImageAgreement, type ImageDifference } from './fidelity-image.ts';
export {
  addResult,
  compareMany,
  emptyTotal,
  type FidelityTask,
  type FidelityTotal,
} from './fidelity-many.ts';
export { drawDifference } from './fidelity-picture.ts';
export { type HeapReplayOptions, heapPlacements } from './fidelity-replay.ts';
export { HeapPlaces } from './heap-places.ts';
export { type Measurement, type MeasureOptions, measureSubject, type Round } from './measure.ts';
export { type MeasurableName, measureApart, measureHere } from './measure-child.ts';
export {
  type NativeFootprint,
  type NativeOptions,
  NativeReplayer,
  type NativeRound,
  replayerPath,
} from './native.ts';
export { type ImageSection, type NativeImage, parseNativeImage } from './native-image.ts';
export { placementLines, placementsOn } from './placements.ts';
export { findPreload, isPreloadName, type PreloadName, preloadNames, requirePreload } from './preloads.ts';
export { encodeProgram } from './program.ts';
export { ReplayerError, type ReplayerErrorCode } from './replayer-error.ts';
export { type AllocatorName, allocatorNames, type ComparisonRow, rowOf } from './row.ts';
export { sharedWindow } from './shared-window.ts';
export { fragmentation, nativeSizesOf, type Sizes, sizesOf } from './sizes.ts';
export {
  makeSubject,
  type Subject,
  type SubjectName,
  type SubjectOptions,
  subjectNames,
} from './subjects.ts';
export { mayTouch, peakLiveAt, type TimelineOptions, type TimelineSample } from './timeline.ts';
export { timelineOn } from './timeline-run.ts';
export {
  type Recommendation,
  type WhatIfGoal,
  type WhatIfOptions,
  type WhatIfResult,
  type WhatIfRow,
  whatIf,
} from './whatif.ts';
export { defaultGrid, type Grid } from './whatif-grid.ts';
export { type Verification, verifyWhatIf } from './whatif-verify.ts';
