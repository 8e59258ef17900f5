// Threads on one shared heap under a scheduler: exactly one runs at a time, and at every yield point (each step of a
// lock, and inside the sections that locks protect) a seeded draw says who goes on. So a seed is an interleaving, the same
// each time. A bug can be put in: no-arena-lock, no-system-lock, unlocked-free. Arguments: bug or `none`, first seed, seeds.
// Prints one JSON line: the seeds that found something, and what.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { CountedCache } from '../../../dist/heap/counted-cache.js';
import { Heap } from '../../../dist/heap/index.js';
import { attachHeap, shareHeap } from '../../../dist/heap/shared/share.js';
import { attachWindow, mmapWindow } from '../../../dist/pages/index.js';
import { places, randomFrom, step } from './heap-traffic.mjs';

const threads = 4;
const stepsEach = 60;
const mostSwitches = 200_000;

// Words of the scheduler: whose turn, state of the draw, switches, a hash of all turns, then one for each thread: ended.
const TURN = 0;
const DRAW = 1;
const SWITCHES = 2;
const HASH = 3;
const ENDED = 4;

class Scheduler {
  constructor(words, me) {
    this.words = words;
    this.me = me;
  }

  draw(n) {
    const state = Math.imul(this.words[DRAW] ^ (this.words[DRAW] >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    this.words[DRAW] = state;
    return ((state ^ (state >>> 13)) >>> 0) % n;
  }

  awaitTurn() {
    for (let turn = -2; ; ) {
      turn = Atomics.load(this.words, TURN);
      if (turn === this.me) return;
      Atomics.wait(this.words, TURN, turn, 100);
    }
  }

  /** Gives the turn to one of the others, or keeps it. */
  pass(mustPass) {
    const { words, me } = this;
    const others = [];
    for (let k = 0; k < threads; k++) if (k !== me && words[ENDED + k] === 0) others.push(k);
    if (others.length === 0) return;
    if (!mustPass && this.draw(3) > 0) return;
    if (++words[SWITCHES] > mostSwitches) throw new Error('no end: the threads wait for each other');
    const next = others[this.draw(others.length)];
    words[HASH] = Math.imul(words[HASH] ^ next, 0x01000193);
    Atomics.store(words, TURN, next);
    Atomics.notify(words, TURN);
  }

  yield(point) {
    this.pass(point === 'wait');
    this.awaitTurn();
  }

  end() {
    this.words[ENDED + this.me] = 1;
    this.pass(true);
  }
}

let scheduler;
const inside = () => scheduler?.yield('inside');

/** A variant that can be interrupted in the middle of what it does to bins, top and the list of arenas. */
class Interruptible extends CountedCache {}
const methods = [
  'scan',
  'takeSmall',
  'popFast',
  'cutTop',
  'grow',
  'unlink',
  'merge',
  'mergeIntoTop',
  'insertUnsorted',
];
for (const name of [
  ...methods,
  'resizeIntoTop',
  'shrink',
  'createArena',
  'countMapped',
  'takeOut',
  'addSystemMem',
]) {
  const original = CountedCache.prototype[name];
  Interruptible.prototype[name] = function (...parameters) {
    inside();
    return original.apply(this, parameters);
  };
}
class Variant extends Interruptible {}

function putIn(bug, heap) {
  const { locks } = heap;
  const isOff = { 'no-arena-lock': (k) => k >= 1 && k <= 64, 'no-system-lock': (k) => k === 65 }[bug];
  if (isOff) {
    for (const name of ['enter', 'leave']) {
      const original = locks[name].bind(locks);
      locks[name] = (lock) => (isOff(lock) ? undefined : original(lock));
    }
  }
  if (bug === 'unlocked-free') heap.freeNormal = Variant.prototype.freeNormal;
}

function runOne({ handle, table, words, seed, bug, me }) {
  const source = attachWindow(handle.window);
  const commit = source.commit.bind(source);
  source.commit = (...range) => {
    inside();
    return commit(...range);
  };
  const mine = new Scheduler(words, me);
  mine.awaitTurn();
  let heap;
  try {
    heap = attachHeap(handle, source, Variant);
    heap.locks.onStep = (point) => mine.yield(point);
    putIn(bug, heap);
    scheduler = mine;
    const random = randomFrom(seed * 100 + me + 1);
    const live = [];
    for (let k = 0; k < stepsEach; k++) step(heap, random, live, table);
    for (const p of live) heap.free(p);
    heap.detach();
    return undefined;
  } catch (error) {
    return String(error.message);
  } finally {
    scheduler = undefined;
    mine.end();
  }
}

async function runSeed(workers, bug, seed) {
  const heap = Heap.create({ source: mmapWindow(), tunables: { arena_max: 2, tcache_count: 2 } });
  const handle = shareHeap(heap, Variant);
  const table = new Int32Array(new SharedArrayBuffer(4 * places));
  const words = new Int32Array(new SharedArrayBuffer(4 * (ENDED + threads)));
  words[DRAW] = seed;
  const replies = workers.map((worker, me) => {
    worker.postMessage({ handle, table, words, seed, bug, me });
    return once(worker, 'message');
  });
  const found = (await Promise.all(replies)).flatMap(([message]) => message ?? []);
  if (found.length === 0) found.push(...heap.check().map(({ rule, message }) => `${rule}: ${message}`));
  if (found.length === 0) {
    for (const p of table) if (p !== 0) heap.free(p >>> 0);
    const { inUseChunks } = heap.stats();
    if (inUseChunks !== 1) found.push(`${inUseChunks} chunks in use at the end, not only the cache`);
  }
  return { found, switches: words[SWITCHES], hash: words[HASH] >>> 0 };
}

if (isMainThread) {
  const [bug, first, count] = process.argv.slice(2);
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url)));
  const outcome = { bug, seeds: 0, switches: 0, hash: 0, found: [] };
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    const { found, switches, hash } = await runSeed(workers, bug, seed);
    outcome.seeds++;
    outcome.switches += switches;
    outcome.hash = (Math.imul(outcome.hash, 31) + hash) >>> 0;
    if (found.length > 0) outcome.found.push({ seed, what: found[0] });
  }
  console.log(JSON.stringify(outcome));
  process.exit(0);
} else {
  parentPort.on('message', (work) => parentPort.postMessage(runOne(work)));
}
