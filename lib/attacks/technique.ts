/** What a technique is: a short program against a heap, with what it needs and what it claims to gain. */
import type { Facts } from './facts.ts';
import type { Lab } from './lab.ts';

/** One technique. */
export interface Technique {
  /** how2heap's name. */
  name: string;
  /** One sentence: what is done. */
  what: string;
  /** The mistake that it takes: an overflow by so many bytes, a use after free, a leak. */
  needs: string;
  /** Which bytes of the allocator are overwritten. */
  corrupts: string;
  /** What an attacker has in the end; the program proves it by its effect. */
  gains: string;
  /** `whole` runs in the arena from end to end; `heap half` ends where the rest of the C library would begin. */
  scope: 'whole' | 'heap half' | 'demonstration';
  /** @returns why the version has nothing to attack; null when it has */
  notOn?(facts: Facts): string | null;
  /** Begins without a cache, as a fresh process does; otherwise the cache is made before the first step. */
  fresh?: boolean;
  /** Reads the cache's limits from memory, as the C library does, where a technique overwrites them. */
  limitsInMemory?: boolean;
  /** Takes more memory than it pays to clean: it gets a small window of its own, whose heap begins at 64 MiB. */
  large?: boolean;
  /** The program. Throws what the heap throws, or `NoEffect` when a claim does not hold. */
  run(lab: Lab): void;
}

/** A claim did not hold: nothing noticed the attack, but it gained nothing. */
export class NoEffect extends Error {
  override readonly name: string = 'NoEffect';
}

/** @returns why a version without a cache is not concerned; null for the others */
export function needsCache({ cache }: Facts): string | null {
  return cache === null ? 'no per-thread cache before 2.26' : null;
}

/** @returns why a version without fastbins is not concerned; null for the others */
export function needsFastbins({ hasFastbins }: Facts): string | null {
  return hasFastbins ? null : 'no fastbins from 2.43 on';
}
