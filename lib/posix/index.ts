/**
 * lib/posix: the only layer that talks to the addon. Calls, names for the platform's numbers, the program break,
 * process maps.
 */
export { AddonLoadError, native } from './binding.ts';
export { type CallSubject, check, errnoName, type Granted, posixError, refusal } from './check.ts';
export { type Advice, adviceNames, adviceValue, constants, pageSize } from './constants.ts';
export type { GrownRange } from './grown-range.ts';
export { memoryMap } from './memory-map.ts';
export type { NativeAddon, NativeMapping, NativeTiming, NegativeErrno } from './native.ts';
export { type MemoryRange, parseMaps, type RangeKind } from './parse-maps.ts';
export { type ProgramBreak, programBreak } from './program-break.ts';
export { registerRange, unregisterRange } from './range-names.ts';
export { residentBytes } from './resident.ts';
export { type Feature, isSupported } from './support.ts';
export { timedCases, timeSystemCall } from './timing.ts';
