/**
 * Several threads on one heap, one at a time: which of them runs is told by `enterThread`. Each has a cache and an
 * arena of its own, until the arenas are as many as allowed; then they share. A thread that ends is not modelled,
 * nor is a lock that is taken: the next arena in turn is always free.
 */
import { ArgumentError, requireInteger } from '../core/index.ts';
import { ARENA_MAX, ARENA_TEST, MAIN_ARENA, MAPPED_MEM, NARENAS, NEXT_ARENA } from './layout.ts';
import type { EngineSetup } from './state.ts';
import { ThreadExit } from './thread-exit.ts';

/** What is a thread's and not the process's. */
interface ParkedThread {
  tcache: number;
  arena: number;
  keyLo: number;
  keyHi: number;
}

/** Arenas for each core before threads share them. */
export const arenasPerCore = 8;
const mallopt = { arenaTest: -7, arenaMax: -8 };

/** Threads. @internal */
export abstract class Threads extends ThreadExit {
  /** True when `enterThread` may be called. */
  declare readonly severalThreads: boolean;
  declare readonly cores: number;
  /** The thread that runs; 0 is the main one. */
  declare thread: number;
  /** Threads that have run and do not now. */
  declare readonly parked: Map<number, ParkedThread>;

  constructor(setup: EngineSetup) {
    super(setup);
    this.severalThreads = setup.threads > 1;
    this.cores = setup.cores;
    this.thread = 0;
    this.parked = new Map();
  }

  /** The main thread starts `count` others: the C library takes a table for each. */
  startThreads(count: number): void {
    const table = this.profile.mainThreadRequests.at(-1) ?? 0;
    for (let started = 0; started < count; started++) this.calloc(1, table);
  }

  /**
   * Goes on as another thread.
   * @param thread its number; 0 is the main one
   * @throws ArgumentError when the heap was not made for several
   */
  enterThread(thread: number): void {
    this.requireOpen();
    requireInteger('thread', thread);
    if (!this.severalThreads) {
      throw new ArgumentError('ERR_INVALID_ARG_VALUE', 'thread', 'a heap made with { threads }', thread);
    }
    if (thread === this.thread) return;
    const { tcache, arena, keyLo, keyHi } = this;
    this.parked.set(this.thread, { tcache, arena, keyLo, keyHi });
    this.thread = thread;
    const next = this.parked.get(thread) ?? { tcache: 0, arena: 0, keyLo, keyHi };
    this.tcache = next.tcache;
    this.keyLo = next.keyLo;
    this.keyHi = next.keyHi;
    this.setPointer(this.threadWords, next.tcache);
    this.setThreadArena(next.arena);
  }

  override setThreadArena(av: number): void {
    super.setThreadArena(av);
    if (!this.severalThreads) return;
    // On the main arena every thread is like the main one: flag A leads away from it.
    this.threaded = av !== MAIN_ARENA;
    this.slowFreeFlags = this.threaded ? 10 : 14;
  }

  override thisArena(hintBytes: number): number {
    if (this.arena !== 0) return this.arena;
    if (!this.mayCreateArena()) this.setThreadArena(this.takeTurnOfArenas());
    else if (this.createArena(hintBytes)) this.setWord(NARENAS, this.word(NARENAS) + 1);
    else this.setThreadArena(MAIN_ARENA);
    return this.arena;
  }

  /** @returns true while there are fewer arenas than allowed; without a limit of its own, 8 for each core */
  mayCreateArena(): boolean {
    const count = this.word(NARENAS);
    const most = this.word(ARENA_MAX);
    if (most !== 0) return count < most;
    return count <= this.word(ARENA_TEST) || count < arenasPerCore * this.cores;
  }

  /** @returns the arena that the next thread shares: one after the other, the main one first */
  takeTurnOfArenas(): number {
    const arena = this.word32(NEXT_ARENA);
    this.setPointer(NEXT_ARENA, this.word32(arena + this.profile.state.next));
    return arena;
  }

  override setParameter(number: number, value: number): boolean {
    const place = { [mallopt.arenaTest]: ARENA_TEST, [mallopt.arenaMax]: ARENA_MAX }[number];
    if (place === undefined) return super.setParameter(number, value);
    if (value > 0) this.setWord(place, value);
    return true;
  }

  /** @returns bytes of the top chunks of all arenas */
  topBytes(): number {
    let sum = 0;
    let arena = MAIN_ARENA;
    do {
      if (this.word32(arena + this.topAt) !== arena + this.unsortedAt) sum += this.topSize(arena);
      arena = this.word32(arena + this.profile.state.next);
    } while (arena !== MAIN_ARENA && arena !== 0);
    return sum;
  }

  /** @returns bytes in mappings of their own */
  mappedBytes(): number {
    return this.word(MAPPED_MEM);
  }

  /** @returns the low half of a word */
  word32(offset: number): number {
    return this.w[offset >>> 2];
  }
}
