/**
 * Hits of guard pages: the ring of the process, in words instead of numbers, and the event. The addon keeps the last
 * 1,024 hits of all threads.
 */
import { constants as osConstants } from 'node:os';
import { threadId } from 'node:worker_threads';
import {
  type FaultAccess,
  type FaultBlock,
  type FaultCode,
  type FaultKind,
  faultPolicies,
  type MemoryFault,
  MemoryFaultError,
} from '../core/index.ts';
import { native } from './binding.ts';
import type { NativeFault } from './native-faults.ts';

const kinds: readonly FaultKind[] = [
  'guard-page',
  'heap-buffer-overflow',
  'heap-buffer-underflow',
  'use-after-free',
  'wild-access',
];
const accesses: readonly FaultAccess[] = ['unknown', 'read', 'write'];
const codes: readonly FaultCode[] = ['jit', 'node', 'addon', 'library'];

/** Who completes the hits of a range. */
export interface FaultOwner {
  readonly complete: FaultCompletion | undefined;
}

/** Adds what only the owner of a range knows. */
export type FaultCompletion = (fault: MemoryFault) => MemoryFault;

/** Weak: an owner that is dropped without an end takes its memory and its completion along. */
const completions = new Map<number, WeakRef<FaultOwner>>();
/** Hits that were completed, by sequence number: at most as many as the ring holds. */
const completed = new Map<number, MemoryFault>();
const ringFaults = 1024;

let counters: Uint32Array | undefined;

/**
 * Words of the process that change under our eyes.
 * @returns 0: hits; 1: pages that hits have opened; 2: mappings that guards by mprotect have split off
 */
export function guardCounters(): Uint32Array {
  if (counters === undefined) {
    native().nameThread(threadId);
    counters = new Uint32Array(native().guardCounters());
  }
  return counters;
}

/**
 * Hits that are still in the ring, oldest first.
 * @param since only those with a larger sequence number
 */
export function readFaults(since: number): MemoryFault[] {
  return native().readFaults(since).map(complete);
}

/** The hit of a number as an exception; it must be among the last 1,024. */
export function faultError(sequence: number): MemoryFaultError {
  const [fault] = readFaults(sequence - 1);
  return new MemoryFaultError(fault);
}

/**
 * Has each hit of a range, in this thread, completed by its owner once before anybody sees it.
 * @param owner not kept alive; undefined takes it off
 */
export function completeFaults(rangeId: number, owner: FaultOwner | undefined): void {
  if (owner === undefined) completions.delete(rangeId);
  else completions.set(rangeId, new WeakRef(owner));
}

function complete(hit: NativeFault): MemoryFault {
  const known = completed.get(hit.sequence);
  if (known !== undefined) return known;
  const fault = toFault(hit);
  const result = completions.get(hit.rangeId)?.deref()?.complete?.(fault) ?? fault;
  // A stack that is still to come would never be seen.
  if (!hit.stackPending) completed.set(hit.sequence, result);
  for (const sequence of completed.keys()) {
    if (completed.size <= ringFaults) break;
    completed.delete(sequence);
  }
  return result;
}

/**
 * Calls after hits in any thread, soon, several at once. Does not keep the process running.
 * @param callback replaces the one of this thread; undefined takes it off
 */
export function onFaults(callback: (() => void) | undefined): void {
  guardCounters();
  native().onFaults(callback);
}

/** Number of a thread + 1, 0 for one without JavaScript, as reports name it. */
function threadName(number: number): string {
  if (number > 1) return `worker ${number - 1}`;
  return number === 1 ? 'main' : 'native';
}

function toFault(fault: NativeFault): MemoryFault {
  return {
    sequence: fault.sequence,
    kind: kinds[fault.kind],
    policy: faultPolicies[fault.policy],
    address: fault.address,
    access: accesses[fault.access],
    range: fault.rangeId < 0 ? null : fault.range,
    rangeId: fault.rangeId,
    offsetBytes: fault.offsetBytes,
    block: fault.blockState === 0 ? null : toBlock(fault),
    distanceBytes: Number.isNaN(fault.distanceBytes) ? null : fault.distanceBytes,
    signal: fault.signal === osConstants.signals.SIGBUS ? 'SIGBUS' : 'SIGSEGV',
    signalCode: fault.signalCode,
    pc: fault.pc,
    code: codes[fault.code],
    thread: threadName(fault.thread),
    threadId: fault.threadId,
    timeMs: fault.timeMs,
    jsStack: fault.jsStack || null,
  };
}

function toBlock(fault: NativeFault): FaultBlock {
  const isFreed = fault.blockState === 2;
  return {
    pointer: fault.pointer,
    sizeBytes: fault.sizeBytes,
    state: isFreed ? 'freed' : 'live',
    number: fault.number,
    slackBytes: fault.slackBytes,
    allocatedAt: siteText(fault.allocSite),
    freedAt: isFreed ? siteText(fault.freeSite) : null,
    allocatedBy: threadName(fault.allocThread),
    freedBy: isFreed ? threadName(fault.freeThread) : null,
    allocatedMsBefore: Math.max(0, fault.timeMs - fault.allocTimeMs),
    freedMsBefore: isFreed ? Math.max(0, fault.timeMs - fault.freeTimeMs) : null,
  };
}

function siteText(site: number): string | null {
  return site === 0 ? null : native().siteText(site) || null;
}
