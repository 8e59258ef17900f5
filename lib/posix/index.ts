/**
 * lib/posix: the only layer that talks to the addon. Calls, names for the platform's numbers, the program break,
 * process maps.
 */
export {
  type AccessWidth,
  type Address,
  isReadable,
  memcpy,
  memset,
  peek,
  poke,
  strcpy,
  strlen,
} from './accessors.ts';
export { AddonLoadError, native } from './binding.ts';
export { BlockTable, internSite, type LiveBlock } from './block-table.ts';
export { type CallSubject, check, errnoName, type Granted, posixError, refusal } from './check.ts';
export { type Advice, adviceNames, adviceValue, constants, pageSize } from './constants.ts';
export { type FaultCompletion, faultError, guardCounters, onFaults, readFaults } from './faults.ts';
export type { GrownRange } from './grown-range.ts';
export {
  bestGuardMethod,
  type GuardMethod,
  GuardRegistration,
  type GuardRequest,
  rearmGuards,
  runGuarded,
} from './guard-registration.ts';
export {
  type GuardStatus,
  guardStatus,
  type HandlerKind,
  reinstallHandler,
  type SignalStatus,
} from './guard-status.ts';
export { memoryMap } from './memory-map.ts';
export type {
  NativeAddon,
  NativeCrossings,
  NativeCycleCounter,
  NativeMapping,
  NativeTiming,
  NegativeErrno,
} from './native.ts';
export { type MemoryRange, parseMaps, type RangeKind } from './parse-maps.ts';
export { type ProgramBreak, programBreak } from './program-break.ts';
export { registerRange, unregisterRange } from './range-names.ts';
export { residentBytes } from './resident.ts';
export { stackKey } from './stack-key.ts';
export { type Feature, isSupported } from './support.ts';
export { crossings, cycleCounter, onOneProcessor, paceNs, timedCases, timeSystemCall } from './timing.ts';
