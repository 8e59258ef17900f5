/**
 * A heap of several threads: a subclass of any variant, so that nobody else pays. It takes an arena's lock where glibc
 * does: around what works on bins and top. A hit in the per-thread cache takes none. (A push to a fastbin takes one:
 * glibc makes it with one 64-bit compare-and-swap.) Mappings, the break and the list of arenas have the system lock.
 *
 * At most one arena's lock is held at a time, but by `allLocked`; the system lock comes last.
 */
import type { AddressSpace } from '../address-space.ts';
import { MAIN_ARENA } from '../layout.ts';
import type { HeapClass } from '../strict.ts';
import { arenaLock, LOCKS, SYSTEM_LOCK } from './control.ts';
import type { Locks } from './locks.ts';
import type { SharedSpace } from './shared-space.ts';

/** A class with locks. @internal */
// biome-ignore lint/suspicious/noExplicitAny: what TypeScript demands of a class that is extended by a function
export type LockedClass = new (...setup: any[]) => InstanceType<HeapClass> & LockedHeap;

/** What locks add. @internal */
export interface LockedHeap {
  locks: Locks;
  readonly space: AddressSpace & SharedSpace;
  /** Runs with an arena's lock. */
  withArena<T>(av: number, work: () => T): T;
  /** Runs with the system lock. */
  withSystem<T>(work: () => T): T;
  /** Runs with every lock, whatever happened there: nothing moves but caches. */
  allLocked<T>(work: () => T): T;
  /** @returns every arena, the main one first */
  arenas(): number[];
  /** Called with no lock held, before one is taken. */
  beforeLock(): void;
}

/**
 * Puts locks around the ways of a variant that work on an arena.
 * @param base the variant as it is written, not the written-out one
 * @returns a class with the same constructor; its object works when it has `locks`
 */
export function locked<T extends HeapClass>(base: T): T & LockedClass {
  abstract class Locked extends base {
    declare locks: Locks;
    declare readonly space: AddressSpace & SharedSpace;

    beforeLock(): void {}

    withArena<R>(av: number, work: () => R): R {
      if (this.locks.held === 0) this.beforeLock();
      const lock = arenaLock(av);
      this.locks.enter(lock);
      try {
        return work();
      } finally {
        this.locks.leave(lock);
      }
    }

    withSystem<R>(work: () => R): R {
      this.locks.enter(SYSTEM_LOCK);
      try {
        return work();
      } finally {
        this.locks.leave(SYSTEM_LOCK);
      }
    }

    allLocked<R>(work: () => R): R {
      const { locks } = this;
      locks.ignoresDeaths = true;
      let taken = 0;
      try {
        for (; taken < LOCKS; taken++) locks.enter(taken);
        this.space.refresh();
        return work();
      } finally {
        while (taken > 0) locks.leave(--taken);
        locks.ignoresDeaths = false;
      }
    }

    arenas(): number[] {
      const found = [MAIN_ARENA];
      for (;;) {
        const av = this.w[(found[found.length - 1] + this.profile.state.next) >>> 2];
        // A damaged list may run in a circle or out of memory.
        if (av === 0 || found.includes(av) || !this.space.isAccessible(av, this.profile.state.sizeBytes))
          return found;
        found.push(av);
      }
    }

    override alloc(av: number, request: number): number {
      return this.withArena(av, () => super.alloc(av, request));
    }

    override freeFast(av: number, c: number, size: number, isLocked: boolean): void {
      this.withArena(av, () => super.freeFast(av, c, size, isLocked));
    }

    override freeNormal(av: number, c: number, size: number): void {
      this.withArena(av, () => super.freeNormal(av, c, size));
    }

    override consolidate(av: number): void {
      this.withArena(av, () => super.consolidate(av));
    }

    override trimArena(av: number, padBytes: number): boolean {
      return this.withArena(av, () => super.trimArena(av, padBytes));
    }

    override aligned(av: number, alignment: number, nb: number): number {
      return this.withArena(av, () => super.aligned(av, alignment, nb));
    }

    override resizeChunk(av: number, c: number, oldSize: number, nb: number): number {
      return this.withArena(av, () => super.resizeChunk(av, c, oldSize, nb));
    }

    override mapChunk(nb: number): number {
      return this.withSystem(() => super.mapChunk(nb));
    }

    override unmapChunk(chunk: number): void {
      this.withSystem(() => super.unmapChunk(chunk));
    }

    override freeMapping(chunk: number): void {
      this.withSystem(() => super.freeMapping(chunk));
    }

    override remapChunk(chunk: number, nb: number): number {
      return this.withSystem(() => super.remapChunk(chunk, nb));
    }

    override setParameter(number: number, value: number): boolean {
      return this.withSystem(() => super.setParameter(number, value));
    }

    /** The main thread makes its cache itself when it comes to that. */
    override mainArenaInUse(): number {
      return MAIN_ARENA;
    }
  }
  return Locked as unknown as T & LockedClass;
}
