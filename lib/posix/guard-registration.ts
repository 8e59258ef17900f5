/**
 * One range of pages that the fault handler knows. Thin: two of its calls stand in each allocation of a guarded heap.
 */

import { threadId } from 'node:worker_threads';
import { type FaultPolicy, faultPolicies } from '../core/index.ts';
import { native } from './binding.ts';
import { BlockTable } from './block-table.ts';
import { check, refusal } from './check.ts';
import { completeFaults, type FaultCompletion, guardCounters } from './faults.ts';
import type { NativeMapping } from './native.ts';
import { isSupported } from './support.ts';

/** How pages are closed: by MADV_GUARD_INSTALL, which splits no mapping, or by mprotect. */
export type GuardMethod = 'lightweight' | 'mprotect';

/** What is registered. */
export interface GuardRequest {
  /** Bytes from the start of the mapping on, whole pages. */
  offset: number;
  length: number;
  policy: FaultPolicy;
  method: GuardMethod;
  /** Take a JavaScript stack at each hit. */
  captureStack: boolean;
  /** Blocks that reports can name. */
  maxBlocks: number;
  /** For reports; cut after 47 bytes. */
  name: string;
  /** Completes each hit, in this thread. */
  complete?: FaultCompletion | undefined;
}

/** Tells how pages are best closed here. */
export function bestGuardMethod(): GuardMethod {
  return isSupported('guardInstall') ? 'lightweight' : 'mprotect';
}

/** A registered range; all its pages count as closed at first. */
export class GuardRegistration {
  /** Number of the range, `rangeId` of its hits. */
  readonly id: number;
  /** One per page: 0 closed, 1 open, 2 opened by a hit, 3 shut. To be read only. */
  readonly states: Uint8Array;
  /** One per page: index of the block it belongs to + 1, 0 nobody. */
  readonly owners: Uint32Array;
  readonly blocks: BlockTable;
  readonly complete: FaultCompletion | undefined;
  readonly open: (offset: number, length: number) => number;
  readonly close: (offset: number, length: number) => number;
  readonly shut: (offset: number, length: number, shut: boolean) => number;

  /**
   * @throws PosixError ENOTSUP for a policy that this platform lacks; ENOSPC: 1,024 ranges are registered; ENOMEM
   */
  constructor(mapping: NativeMapping, request: GuardRequest) {
    const { offset, length, policy, method, captureStack, maxBlocks, name } = request;
    guardCounters();
    requirePolicy(policy);
    const addon = native();
    const kind = method === 'lightweight' ? 1 : 0;
    const id = addon.registerGuards(
      mapping,
      offset,
      length,
      faultPolicies.indexOf(policy),
      kind,
      captureStack,
      maxBlocks,
      name,
    );
    this.id = check('sigaction', id, { lengthBytes: length });
    this.complete = request.complete;
    completeFaults(this.id, this);
    this.states = new Uint8Array(this.#memory(0));
    this.owners = new Uint32Array(this.#memory(1));
    this.blocks = new BlockTable(this.#memory(2), threadId);
    this.open = (offset, length) => addon.openGuards(this.id, offset, length);
    this.close = (offset, length) => addon.closeGuards(this.id, offset, length);
    this.shut = (offset, length, shut) => addon.shutGuards(this.id, offset, length, shut);
  }

  /** Takes the range out of the table. Its pages stay as they are. */
  unregister(): void {
    completeFaults(this.id, undefined);
    native().unregisterGuards(this.id);
  }

  #memory(part: number): ArrayBuffer {
    return check('mmap', native().guardMemory(this.id, part)) as ArrayBuffer;
  }
}

function requirePolicy(policy: FaultPolicy): void {
  const { throwSupported, traceSupported } = native().guardStatus();
  if (policy === 'throw' && !throwSupported) {
    throw refusal('ENOTSUP', 'sigaction', {
      hint: 'policy throw needs functions of V8 that this Node lacks',
    });
  }
  if (policy === 'trace' && !traceSupported) {
    throw refusal('ENOTSUP', 'sigaction', { hint: 'policy trace exists on x86-64 Linux only' });
  }
}

/** Closes all pages of the process that hits opened. @returns how many */
export function rearmGuards(): number {
  return native().rearmGuards();
}

/**
 * Calls a function that a hit of policy `throw` ends.
 * @returns sequence number of that hit, or 0
 * @throws PosixError ENOTSUP where Node lacks what it needs; whatever the function throws
 */
export function runGuarded(callee: () => void): number {
  guardCounters();
  const fault = native().guardRun(callee);
  if (fault !== -1) return fault ?? 0;
  throw refusal('ENOTSUP', 'sigaction', { hint: 'guard.run needs functions of V8 that this Node lacks' });
}
