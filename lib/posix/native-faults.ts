/**
 * The boundary, continued: guard pages and faults, as native/exports.h lists them. Numbers in; numbers, plain
 * objects or `-errno` out. `lib/posix/faults.ts` gives them names.
 */
import type { NativeMapping, NegativeErrno } from './native.ts';

/** One hit as the addon tells it; words are numbers here. */
export interface NativeFault {
  sequence: number;
  kind: number;
  policy: number;
  access: number;
  signal: number;
  signalCode: number;
  address: bigint;
  pc: bigint;
  code: number;
  rangeId: number;
  /** Empty for a wild access. */
  range: string;
  offsetBytes: number;
  /** NaN: inside the block, or none. */
  distanceBytes: number;
  thread: number;
  threadId: number;
  timeMs: number;
  jsStack: string;
  /** A stack is taken at the next safepoint. */
  stackPending: boolean;
  /** 0 none, 1 live, 2 freed; the rest says nothing for 0. */
  blockState: number;
  pointer: number;
  sizeBytes: number;
  number: number;
  slackBytes: number;
  allocSite: number;
  freeSite: number;
  allocThread: number;
  freeThread: number;
  allocTimeMs: number;
  freeTimeMs: number;
}

/** One signal's handler as the system has it now. */
export interface NativeSignal {
  /** 0 default, 1 ignored, 2 ours, 3 another's. */
  kind: number;
  /** File and function of another's, as far as known. */
  owner: string;
  /** What ours hands on to: as `kind`; -1 when ours was never installed. */
  nextKind: number;
  nextOwner: string;
}

/** State of the process-wide handler. */
export interface NativeGuardStatus {
  /** Guarded ranges of the process. */
  ranges: number;
  segv: NativeSignal;
  bus: NativeSignal;
  trap: NativeSignal;
  /** Names of V8's functions that this process does not have. */
  missingSymbols: string[];
  throwSupported: boolean;
  stackSupported: boolean;
  traceSupported: boolean;
}

/** What the addon exports for guard pages. */
export interface NativeFaults {
  /**
   * Registers whole pages of a mapping, all of them as closed; touches no page. The handler is installed with the
   * first range of the process. Returns the number of the range. Unmapping the mapping unregisters.
   * policy 0 die, 1 throw, 2 record, 3 trace; method 0 mprotect, 1 MADV_GUARD_INSTALL.
   */
  registerGuards(
    mapping: NativeMapping,
    offset: number,
    length: number,
    policy: number,
    method: number,
    captureStack: boolean,
    maxBlocks: number,
    name: string,
  ): number | NegativeErrno;
  /** Takes the range out; its pages stay as they are. The handler goes with the last range. */
  unregisterGuards(id: number): 0 | NegativeErrno;
  /** Makes pages accessible and unmarks them: one madvise or mprotect. */
  openGuards(id: number, offset: number, length: number): 0 | NegativeErrno;
  /** Marks pages and closes them: one madvise or mprotect. */
  closeGuards(id: number, offset: number, length: number): 0 | NegativeErrno;
  /** Shuts a stretch at once, contents kept, or undoes that; its lightweight guards stay guards. */
  shutGuards(id: number, offset: number, length: number, shut: boolean): 0 | NegativeErrno;
  /** Closes pages of the process that hits opened. Returns how many. */
  rearmGuards(): number;
  /**
   * Memory shared with the handler. part 0: one byte per page, 0 closed, 1 open, 2 opened by a hit; part 1: one Uint32
   * per page, index of the block it belongs to + 1, 0 nobody; part 2: the block table, see block-table.ts.
   */
  guardMemory(id: number, part: number): ArrayBuffer | NegativeErrno;

  /** See stack-key.ts; 0 where the engine lacks what it needs. */
  stackKey(frames: number): number;
  internSite(text: string): number;
  /** Text of a site; empty for 0. */
  siteText(site: number): string;

  /** Uint32 words of the process: 0 hits, 1 pages opened by hits, 2 mappings that mprotect guards have split off. */
  guardCounters(): ArrayBuffer;
  /** Hits after this sequence number that are still in the ring, oldest first. */
  readFaults(since: number): NativeFault[];
  /** Node's number of this thread, for reports. */
  nameThread(threadNumber: number): void;
  /** Called in this thread, soon after hits, several at once; undefined takes it off. */
  onFaults(callback: (() => void) | undefined): void;
  /**
   * Calls; a hit of policy `throw` meanwhile ends it. Returns the sequence number of that hit, else undefined; -1 and nothing called where V8 lacks what it needs. The callee's
   * exceptions pass.
   */
  guardRun(callee: () => void): number | undefined;
  guardStatus(): NativeGuardStatus;
  /** Puts our handler first again. */
  reinstallHandler(): 0 | NegativeErrno;

  // Accessors. A fault on the way gives -sequence instead of an exception.
  peek(address: bigint, widthBytes: number): bigint | number;
  poke(address: bigint, value: bigint, widthBytes: number): number;
  memoryCopy(to: bigint, from: bigint, lengthBytes: number): number;
  memorySet(to: bigint, byte: number, lengthBytes: number): number;
  stringCopy(to: bigint, from: bigint): number;
  stringLength(from: bigint): number;
  /** 1 or 0; asks the system, raises no signal. */
  isReadable(address: bigint, lengthBytes: number): number;
}
