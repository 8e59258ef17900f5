/**
 * Guards on pages that hold something: closed with mprotect, so that contents stay, whatever the kernel has.
 *
 * Guarantees: at `release()` the pages may be used as before; hits name offsets of the whole range, not of the pages.
 */
import type { MemoryFault, PageGuard, PageGuardRequest } from '../core/index.ts';
import { constants, type GuardRegistration } from '../posix/index.ts';
import { returnGuardBudget, takeGuardBudget } from './guard-budget.ts';
import type { OwnedRange } from './owned-range.ts';

/** One split off in front, one behind. */
const addedMappings = 2;

class ClosedPages implements PageGuard {
  readonly rangeId: number;
  readonly #range: OwnedRange;
  readonly #pages: { offset: number; length: number };
  readonly #guards: GuardRegistration;
  readonly #protectionBits: number;
  readonly #released: () => void;
  #isClosed = true;

  constructor(range: OwnedRange, request: PageGuardRequest, protectionBits: number, released: () => void) {
    const { offset, bytes: length, policy, name, block } = request;
    const pages = { offset, length };
    takeGuardBudget(addedMappings, range.subject(pages));
    try {
      const method = 'mprotect' as const;
      const complete = (fault: MemoryFault): MemoryFault => shift(fault, offset);
      this.#guards = range.registerGuards({
        ...{ ...pages, policy, name, method, complete },
        ...{ captureStack: true, maxBlocks: 1 },
      });
      range.call('mprotect', pages, constants().PROT_NONE);
    } catch (error) {
      returnGuardBudget(addedMappings);
      throw error;
    }
    if (block !== undefined) {
      const { pointer, sizeBytes } = block;
      this.#guards.blocks.setLive(0, {
        start: pointer - offset,
        sizeBytes,
        slackBytes: 0,
        number: 1,
        site: 0,
      });
      this.#guards.owners.fill(1);
    }
    this.rangeId = this.#guards.id;
    this.#range = range;
    this.#pages = pages;
    this.#protectionBits = protectionBits;
    this.#released = released;
  }

  release(): void {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    this.#guards.unregister();
    returnGuardBudget(addedMappings);
    if (this.#range.isMapped) this.#range.call('mprotect', this.#pages, this.#protectionBits);
    this.#released();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Offsets from the start of the pages become offsets from the start of the range. */
function shift(fault: MemoryFault, offset: number): MemoryFault {
  const { block } = fault;
  const moved = block && { ...block, pointer: block.pointer + offset };
  return { ...fault, offsetBytes: fault.offsetBytes + offset, block: moved };
}

/** The guards on one range: all end with it. */
export class PageGuards {
  readonly #range: OwnedRange;
  readonly #guards = new Set<PageGuard>();

  constructor(range: OwnedRange) {
    this.#range = range;
  }

  /**
   * Closes pages.
   * @param protectionBits what they may be used for afterwards
   * @throws PosixError ENOMEM: the guard budget is used up; ENOTSUP: this platform lacks the policy
   */
  close(request: PageGuardRequest, protectionBits: number): PageGuard {
    const guard = new ClosedPages(this.#range, request, protectionBits, () => this.#guards.delete(guard));
    this.#guards.add(guard);
    return guard;
  }

  /** Opens everything again: before the range goes. */
  release(): void {
    for (const guard of [...this.#guards]) guard.release();
  }
}
