/**
 * The threads of a shared heap: they come, get an arena as glibc gives one, end in order or not. What an ended thread
 * leaves (its cache, its place in an arena) is given back by the next one that takes a lock.
 */
import { HeapError, type Violation } from '../../core/index.ts';
import { MAIN_ARENA, NARENAS } from '../layout.ts';
import type { HeapChunk } from '../report.ts';
import type { HeapClass } from '../strict.ts';
import { arenaLock, RECLAIM_LOCK } from './control.ts';
import { type LockedClass, locked } from './locked.ts';
import { Locks } from './locks.ts';
import { checkAll, chunksOfAll, type SharedHeapStats, statsOfAll } from './look.ts';
import { ThreadsTable, threadWordsOf } from './threads-table.ts';

/** What a shared heap adds. @internal */
export interface SharedHeap extends InstanceType<LockedClass> {
  /** Takes a slot. Call once, before anything else. */
  join(control: SharedArrayBuffer): void;
}

/**
 * Makes the shared variant of a heap class.
 * @param base the variant as it is written
 * @returns a class with the same constructor; `join` makes its object work
 */
export function shared<T extends HeapClass>(base: T): T & (new (...setup: unknown[]) => SharedHeap) {
  abstract class Shared extends (locked(base) as HeapClass & LockedClass) {
    declare slots: ThreadsTable;
    declare slot: number;
    /** Threads that had ended when this one looked last. */
    declare seenDeaths: number;

    join(control: SharedArrayBuffer): void {
      this.slots = new ThreadsTable(this.space.source.buffer);
      const { source } = this.space;
      const slot = this.slots.claim((stateOffset, serial, countOffset) =>
        source.noteEnd?.(stateOffset, serial, countOffset),
      );
      if (slot === undefined) {
        throw new HeapError('ERR_HEAP_NOT_SHAREABLE', 'no more threads can attach to this heap', {
          expected: 64,
        });
      }
      this.slot = slot;
      this.locks = new Locks(control, this.slot, (slot) => this.slots.isGone(slot));
      this.space.locks = this.locks;
      this.seenDeaths = 0;
      this.slowFreeFlags = 10;
      this.threadWords = threadWordsOf(this.slot);
      this.setPointer(this.threadWords, this.tcache);
      this.setPointer(this.threadWords + 8, this.arena);
    }

    override setThreadArena(av: number): void {
      this.arena = av;
      this.setPointer(this.threadWords + 8, av);
      // On the main arena a thread is like the main one: flag A leads away from it.
      this.threaded = av !== MAIN_ARENA;
    }

    override thisArena(hintBytes: number): number {
      if (this.arena !== 0) return this.arena;
      return this.withSystem(() => {
        const { attachedThreads } = this.profile.state;
        const idle = this.arenas().find((av) => av !== MAIN_ARENA && this.word(av + attachedThreads) === 0);
        const isNew = idle === undefined && this.mayCreateArena();
        if (isNew && this.createArena(hintBytes)) {
          this.setWord(NARENAS, this.word(NARENAS) + 1);
        } else {
          const av = idle ?? (isNew ? MAIN_ARENA : this.takeTurnOfArenas());
          this.setWord(av + attachedThreads, this.word(av + attachedThreads) + 1);
          this.setThreadArena(av);
        }
        return this.arena;
      });
    }

    /** Arenas in turn, but not one that is locked, or whose owner ended inside, if there is another. */
    override takeTurnOfArenas(): number {
      const first = super.takeTurnOfArenas();
      let av = first;
      do {
        if (this.locks.isFree(arenaLock(av)) && !this.locks.isDamaged(arenaLock(av))) return av;
        av = super.takeTurnOfArenas();
      } while (av !== first);
      return first;
    }

    override beforeLock(): void {
      if (this.slots.deaths !== this.seenDeaths) this.reclaim();
    }

    /** Gives back what ended threads have left. What a damaged arena refuses stays for later. */
    reclaim(): void {
      this.seenDeaths = this.slots.deaths;
      for (const slot of this.slots.goneSlots()) this.locks.takeFrom(slot);
      try {
        this.locks.enter(RECLAIM_LOCK);
      } catch (error) {
        if (isOwnerDied(error)) return;
        throw error;
      }
      try {
        for (const slot of this.slots.goneSlots()) this.reclaimSlot(slot);
      } finally {
        this.locks.leave(RECLAIM_LOCK);
      }
    }

    reclaimSlot(slot: number): void {
      const words = threadWordsOf(slot);
      // It may have ended only now; once the slot is free, nobody would know whose its locks are.
      this.locks.takeFrom(slot);
      try {
        this.retire(words);
        this.slots.free(slot);
      } catch (error) {
        if (!isOwnerDied(error)) throw error;
      }
    }

    /** Frees the cache that a thread's words name, and leaves its arena. */
    retire(words: number): void {
      const { tcache, cacheDisabled } = this;
      const cache = this.w[words >>> 2];
      this.tcache = 0;
      this.cacheDisabled = true;
      try {
        if (cache !== 0) {
          this.freeCachedBlocks(cache);
          this.setPointer(words, 0);
          this.freeAtExit(cache);
        }
      } finally {
        this.tcache = tcache;
        this.cacheDisabled = cacheDisabled;
      }
      this.withSystem(() => {
        const arena = this.w[(words + 8) >>> 2];
        this.setPointer(words + 8, 0);
        if (arena === 0 || arena === MAIN_ARENA) return;
        const at = arena + this.profile.state.attachedThreads;
        this.setWord(at, Math.max(0, this.word(at) - 1));
      });
    }

    override exitThread(): void {
      this.requireOpen();
      this.retire(this.threadWords);
      this.tcache = 0;
      this.cacheDisabled = true;
    }

    override detach(): void {
      if (this.w.length === 0) return;
      try {
        this.exitThread();
        this.slots.free(this.slot);
      } catch (error) {
        if (!isOwnerDied(error)) throw error;
        this.slots.abandon(this.slot);
      } finally {
        super.destroy();
      }
    }

    override destroy(): void {
      if (this.w.length === 0) return;
      const others = this.slots.liveSlots().filter((slot) => slot !== this.slot);
      if (others.length > 0) {
        throw new HeapError(
          'ERR_HEAP_ATTACHED',
          'other threads are attached: detach() leaves the heap to them',
          {
            rule: 'memory is given back when nobody uses it',
            actual: `${others.length} attached`,
          },
        );
      }
      this.detach();
    }

    override [Symbol.dispose](): void {
      this.detach();
    }

    override get bytes(): Uint8Array {
      this.space.refresh();
      return super.bytes;
    }

    override chunks(): HeapChunk[] {
      this.requireOpen();
      return this.allLocked(() => chunksOfAll(this));
    }

    override stats(): SharedHeapStats {
      this.requireOpen();
      return this.allLocked(() => statsOfAll(this, this.slots.liveSlots().length));
    }

    override check(): Violation[] {
      this.requireOpen();
      for (const slot of this.slots.goneSlots()) this.locks.takeFrom(slot);
      const violations = this.allLocked(() => {
        const found = checkAll(this);
        if (found.length === 0) this.locks.forgiveAll();
        return found;
      });
      if (violations.length === 0) this.reclaim();
      return violations;
    }
  }
  return Shared as unknown as T & (new (...setup: unknown[]) => SharedHeap);
}

function isOwnerDied(error: unknown): boolean {
  return error instanceof HeapError && error.code === 'ERR_HEAP_OWNER_DIED';
}
