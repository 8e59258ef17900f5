/** Changing protections so that they can be changed back: the disposable that `Mapping.protect` returns. */

import type { Protection } from './protection.ts';
import type { Change, ProtectionMap } from './protection-map.ts';
import type { PageRange } from './ranges.ts';

/** Sets the protection of whole pages, or throws PosixError. */
export type Protect = (start: number, length: number, protection: Protection) => void;

/**
 * Undoes one `protect()`: `using guard = mapping.protect('r')`, or `guard.restore()`. In whatever order several of
 * them end, every page has the protection of the latest one still in force there.
 */
export class ProtectionGuard {
  /** The protection that was set. */
  readonly protection: Protection;
  /** The pages really changed: the range asked for, rounded outward. */
  readonly range: PageRange;
  readonly #restore: () => void;

  /** @internal */
  constructor(protection: Protection, range: PageRange, restore: () => void) {
    this.protection = protection;
    this.range = range;
    this.#restore = restore;
  }

  /**
   * Gives the pages back what they had. A second call, or one after `unmap()`, does nothing.
   * @throws PosixError when the system refuses
   */
  restore(): void {
    this.#restore();
  }

  [Symbol.dispose](): void {
    this.#restore();
  }
}

/**
 * Sets a protection and records it. When the system refuses half-way, what was recorded is put back.
 * @param protect makes the call
 * @param map what is recorded
 * @param range whole pages
 * @returns what `undoChange` needs
 * @throws PosixError
 */
export function makeChange(
  protect: Protect,
  map: ProtectionMap,
  range: PageRange,
  protection: Protection,
): Change {
  const { offset, length } = range;
  try {
    protect(offset, length, protection);
  } catch (refusal) {
    // mprotect stops at the first page it cannot change, those before it stay changed.
    for (const { start, end, protection: old } of map.inside(offset, offset + length)) {
      try {
        protect(start, end - start, old);
      } catch {
        // The first refusal is the one to report.
      }
    }
    throw refusal;
  }
  return map.set(offset, offset + length, protection);
}

/**
 * Gives pages back what they had before a change.
 * @throws PosixError, and the change can be undone again
 */
export function undoChange(protect: Protect, map: ProtectionMap, change: Change): void {
  for (const { start, end, protection } of map.below(change)) protect(start, end - start, protection);
  map.undo(change);
}
