/**
 * A hit of a guard page: what is known about it, and the exception it becomes. The native half (native/faults.h)
 * collects the same facts; whoever owns blocks (lib/guarded) adds what they were.
 */
import { hex } from './units.ts';

/**
 * What a hit does: `die` reports and ends the process by the true signal; `throw` ends `guard.run(fn)` with a
 * `MemoryFaultError`; `record` lists it and lets the access land; `trace` likewise, for every single access.
 */
export type FaultPolicy = 'die' | 'throw' | 'record' | 'trace';

/** All policies. */
export const faultPolicies: readonly FaultPolicy[] = ['die', 'throw', 'record', 'trace'];

/** What the instruction did; `unknown` where the machine does not say. */
export type FaultAccess = 'read' | 'write' | 'unknown';

/** What a hit is called. `guard-page`: no block is near; `wild-access`: outside of all guarded ranges. */
export type FaultKind =
  | 'heap-buffer-overflow'
  | 'heap-buffer-underflow'
  | 'use-after-free'
  | 'guard-page'
  | 'wild-access';

/** Where the instruction stands: compiled JavaScript, Node itself, this addon, another library. */
export type FaultCode = 'jit' | 'node' | 'addon' | 'library' | 'unknown';

/** The block that a hit is about, as it was then. */
export interface FaultBlock {
  /** Offset of its first byte in the guarded range. */
  pointer: number;
  /** Bytes asked for. */
  sizeBytes: number;
  state: 'live' | 'freed';
  /** Counts the allocations of its range from 1. */
  number: number;
  /** Bytes between its end and its guard that the guard cannot see. */
  slackBytes: number;
  /** Lines `at f (file:line:column)`, or null when none were kept. */
  allocatedAt: string | null;
  freedAt: string | null;
  /** Name of the thread, for example `main` or `worker 3`. */
  allocatedBy: string;
  freedBy: string | null;
  /** Milliseconds from then to the hit. */
  allocatedMsBefore: number;
  freedMsBefore: number | null;
}

/** One hit. */
export interface MemoryFault {
  /** Counts the hits of the process from 1. */
  sequence: number;
  kind: FaultKind;
  policy: FaultPolicy;
  /** First byte on the guard page that was touched: an access may have begun before it. */
  address: bigint;
  access: FaultAccess;
  /** Name of the guarded range; null for a wild access. */
  range: string | null;
  /** Number of the guarded range, as its owner knows it; -1 for a wild access. */
  rangeId: number;
  /** From the start of the guarded range to `address`. */
  offsetBytes: number;
  block: FaultBlock | null;
  /** 0 = the first byte after the block, negative = before its start, null = inside it or no block. */
  distanceBytes: number | null;
  /** Null for a write that was found afterwards, in the slack around a block: there was no signal. */
  signal: 'SIGSEGV' | 'SIGBUS' | null;
  /** `si_code` of the signal. */
  signalCode: number;
  /** Address of the instruction. */
  pc: bigint;
  code: FaultCode;
  /** Name of the thread, for example `main` or `worker 3`; `native` for one that runs no JavaScript. */
  thread: string;
  /** The system's number of the thread. */
  threadId: number;
  /** Milliseconds since 1970. */
  timeMs: number;
  /** Lines `at f (file:line:column)`, taken at the next safepoint: may be one call late. Null: not known. */
  jsStack: string | null;
}

/** A hit as an exception. */
export class MemoryFaultError extends Error {
  override readonly name: string = 'MemoryFaultError';
  readonly code = 'ERR_MEMORY_FAULT';
  readonly address: bigint;
  readonly access: FaultAccess;
  readonly kind: FaultKind;
  readonly block: { pointer: number; sizeBytes: number; state: 'live' | 'freed' } | null;
  /** 0 = the first byte after the block, negative = before its start, null = inside it or no block. */
  readonly distanceBytes: number | null;
  /** Where the block was allocated, as lines of a stack. */
  readonly allocatedAt: string | null;
  /** Where it was freed. */
  readonly freedAt: string | null;
  /** Everything that is known. */
  readonly fault: MemoryFault;

  constructor(fault: MemoryFault) {
    super(`${fault.kind}: ${fault.access} at ${hex(fault.address)}${describePlace(fault)}`);
    const { address, access, kind, block, distanceBytes } = fault;
    this.address = address;
    this.access = access;
    this.kind = kind;
    this.block = block && { pointer: block.pointer, sizeBytes: block.sizeBytes, state: block.state };
    this.distanceBytes = distanceBytes;
    this.allocatedAt = block?.allocatedAt ?? null;
    this.freedAt = block?.freedAt ?? null;
    this.fault = fault;
  }
}

/** For example `, 3 bytes past the end of 61-byte allocation #1042`. */
function describePlace(fault: MemoryFault): string {
  const { block, distanceBytes } = fault;
  if (block === null) return fault.range === null ? '' : ` in "${fault.range}"`;
  const what = `${block.state === 'freed' ? 'freed ' : ''}${block.sizeBytes}-byte allocation #${block.number}`;
  if (distanceBytes === null) return `, ${fault.offsetBytes - block.pointer} bytes into ${what}`;
  return distanceBytes < 0
    ? `, ${-distanceBytes} bytes before the start of ${what}`
    : `, ${distanceBytes} bytes past the end of ${what}`;
}
