/**
 * Hits of one heap: those that the fault handler recorded, and writes found in the slack. Lists them, tells
 * listeners, writes a line to CHUNKYARD_REPORT_FD for each, and does what the policy says about slack.
 */
import { writeSync } from 'node:fs';
import { type MemoryFault, MemoryFaultError } from '../core/index.ts';
import { guard } from '../pages/index.ts';
import type { GuardedBlocks } from './blocks.ts';
import { formatFault, writeReportLine } from './report.ts';
import { slackFault } from './slack-fault.ts';
import { BLOCK_START, NUMBER } from './slot-table.ts';

/** Gets every hit of a heap, once. */
export type FaultListener = (fault: MemoryFault) => void;

/** Hits listed; older ones are forgotten. */
const mostListed = 4096;

/** Fills in what only JavaScript knows about a hit: the stacks. */
export function completeFault(blocks: GuardedBlocks, fault: MemoryFault): MemoryFault {
  const { block } = fault;
  if (block === null || block.allocatedAt !== null) return fault;
  const slot = blocks.table.slotAt(block.pointer);
  if (slot < 0 || blocks.table.get(slot, NUMBER) !== block.number) return fault;
  const freedAt = block.state === 'freed' ? blocks.freedAt(slot) : null;
  return { ...fault, block: { ...block, allocatedAt: blocks.allocatedAt(slot), freedAt } };
}

/** The hits of one heap. */
export class FaultLog {
  readonly #blocks: GuardedBlocks;
  readonly #listed: MemoryFault[] = [];
  readonly #listeners = new Set<FaultListener>();
  readonly #stop: () => void;
  /** Blocks that have had their line, by number; a loop that hits a thousand times is one report. */
  readonly #reported = new Set<string>();
  /** Hits of the process when we last looked; sequence number of our last one. */
  #looked: number;
  #last: number;

  constructor(blocks: GuardedBlocks) {
    this.#blocks = blocks;
    this.#looked = guard.faultCount;
    this.#last = this.#looked;
    const { id } = blocks.pages;
    this.#stop = guard.onFault((fault) => {
      if (fault.rangeId === id) this.pull();
    });
  }

  /** All hits so far, in order. */
  list(): MemoryFault[] {
    this.pull();
    return [...this.#listed];
  }

  /** Adds a listener. */
  add(listener: FaultListener): void {
    this.#listeners.add(listener);
  }

  /** Takes a listener off. */
  remove(listener: FaultListener): void {
    this.#listeners.delete(listener);
  }

  /** Takes over what the handler recorded since. */
  pull(): void {
    const count = guard.faultCount;
    if (count === this.#looked) return;
    this.#looked = count;
    for (const fault of guard.faults({ since: this.#last, rangeId: this.#blocks.pages.id })) {
      this.#last = fault.sequence;
      this.#take(fault);
    }
  }

  /** Nothing more is heard of the handler. */
  close(): void {
    this.pull();
    this.#stop();
  }

  /** @returns the damage of an open slot as an error, or null */
  inspect(slot: number): MemoryFaultError | null {
    const damage = this.#blocks.damage(slot);
    return damage === null ? null : new MemoryFaultError(slackFault(this.#blocks, slot, damage));
  }

  /**
   * Looks at the slack of a block that is about to go, and reports what was written there, once.
   * @throws MemoryFaultError unless the policy only records; the process ends when it is `die`
   */
  requireWhole(slot: number): void {
    const error = this.inspect(slot);
    if (error === null) return;
    this.report(slot, error.fault);
    const { policy } = error.fault;
    if (policy === 'die') dieOf(error.fault);
    if (policy === 'throw') throw error;
  }

  /**
   * Reports a write into a freed slot that was still open. Whoever calls free or malloc now has nothing to do with it:
   * so it is no exception, but the process ends when the policy is `die`.
   */
  reportFreed(slot: number): void {
    const error = this.inspect(slot);
    if (error === null) return;
    this.report(slot, error.fault);
    if (error.fault.policy === 'die') dieOf(error.fault);
  }

  /** Lists a write that was found in an open slot, and makes the slot whole again. */
  report(slot: number, fault: MemoryFault): void {
    this.#blocks.restore(slot);
    this.#take(fault);
  }

  /** @returns the open slots that were written to where nobody may, with what is known */
  damaged(): { slot: number; pointer: number; error: MemoryFaultError }[] {
    return this.#blocks.openSlots().flatMap((slot) => {
      const error = this.inspect(slot);
      return error === null ? [] : [{ slot, pointer: this.#blocks.table.get(slot, BLOCK_START), error }];
    });
  }

  #take(fault: MemoryFault): void {
    this.#listed.push(fault);
    if (this.#listed.length > mostListed) this.#listed.shift();
    this.#report(fault);
    for (const listener of this.#listeners) listener(fault);
  }

  #report(fault: MemoryFault): void {
    const { kind, block } = fault;
    const key = `${kind} ${block?.number ?? fault.sequence}`;
    if (this.#reported.has(key)) return;
    if (this.#reported.size === mostListed) this.#reported.clear();
    this.#reported.add(key);
    writeReportLine(fault);
  }
}

/** Writes a report on standard error. */
export function printFault(fault: MemoryFault): void {
  writeSync(2, `${formatFault(fault).join('\n')}\n`);
}

/** Reports and ends the process as a failed check of the C library does: there is no instruction to blame. */
function dieOf(fault: MemoryFault): void {
  printFault(fault);
  writeSync(2, `==${process.pid}==ABORTING\n`);
  process.kill(process.pid, 'SIGABRT');
}
