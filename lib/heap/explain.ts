/**
 * A dry run of free: the steps the version takes, the checks in their order, both numbers of each. Reads only.
 */
import { type FreeExplanation, type FreeStep, HeapError, hex } from '../core/index.ts';
import type { Arenas } from './arenas.ts';
import { IS_MAPPED, MAIN_ARENA, NON_MAIN_ARENA } from './layout.ts';
import { flagsOf } from './walk.ts';

/** Collects steps; a broken rule ends the run. */
class DryRun {
  readonly steps: FreeStep[] = [];

  note(step: string, detail: string): void {
    this.steps.push({ step, ok: true, detail });
  }

  /** Notes a check; throws glibc's message when it fails. */
  check(step: string, ok: boolean, detail: string, message: string): void {
    this.steps.push({ step, ok, detail });
    if (!ok) throw new HeapError('ERR_HEAP_CORRUPTED', message);
  }
}

/** @returns what `free(pointer)` would do; nothing is changed */
export function explainFree(heap: Arenas, pointer: number): FreeExplanation {
  const run = new DryRun();
  try {
    explainSteps(heap, pointer, run);
    return { pointer, ok: true, steps: run.steps };
  } catch (error) {
    if (!(error instanceof HeapError)) throw error;
    const last = run.steps.at(-1);
    if (last?.ok !== false) run.steps.push({ step: 'read memory', ok: false, detail: error.message });
    return { pointer, ok: false, steps: run.steps, message: error.message };
  }
}

function explainSteps(heap: Arenas, pointer: number, run: DryRun): void {
  const isInside = pointer <= 0xffff_ffff;
  run.check('the pointer lies in the window', isInside, hex(pointer), 'free(): invalid pointer');
  const raw = heap.peek(heap.real(pointer) - 8n);
  run.note(
    'read the header',
    `chunk ${hex(pointer - 16)}, size ${raw & ~7n}, flags ${flagsOf(Number(raw & 7n))}`,
  );
  if (heap.profile.cacheCountsPlaces) explainLatest(heap, pointer, raw, run);
  else explainClassic(heap, pointer, raw, run);
}

/** 2.26 to 2.41: mappings, then place and size, then the cache, fastbins, bins. */
function explainClassic(heap: Arenas, pointer: number, raw: bigint, run: DryRun): void {
  const size = raw & ~7n;
  if ((raw & BigInt(IS_MAPPED)) !== 0n) {
    explainMapping(heap, pointer, run);
    return;
  }
  const av = (raw & BigInt(NON_MAIN_ARENA)) === 0n ? MAIN_ARENA : heap.arenaOfHeap(pointer - 16);
  const isPlace = heap.real(pointer) - 16n <= heap.wrap(-size) && (pointer & 15) === 0;
  run.check(
    'address and alignment',
    isPlace,
    `${hex(pointer)} & 15 = ${pointer & 15}`,
    'free(): invalid pointer',
  );
  run.check(
    'size',
    size >= 32n && (size & 8n) === 0n,
    `${size}: at least 32, a multiple of 16`,
    'free(): invalid size',
  );
  if (explainCache(heap, pointer, size, run)) return;
  if (size <= BigInt(heap.w[heap.maxFastWord])) explainFast(heap, av, pointer, size, run);
  else explainMerge(heap, av, heap.real(pointer) - 16n, size, run);
}

/** 2.42 and later: the cache comes first, what is left of the size test after it, mappings then. */
function explainLatest(heap: Arenas, pointer: number, raw: bigint, run: DryRun): void {
  const size = raw & ~7n;
  const chunk = heap.real(pointer) - 16n;
  run.check(
    'alignment',
    (pointer & 15) === 0,
    `${hex(pointer)} & 15 = ${pointer & 15}`,
    'free(): invalid pointer',
  );
  if (size >= 32n && explainCache(heap, pointer, size, run)) return;
  const isSound = size >= 32n && chunk <= heap.wrap(-size);
  run.check('size', isSound, `${size}: at least 32, no wrap around`, 'free(): invalid size');
  if ((raw & BigInt(IS_MAPPED)) !== 0n) {
    explainMapping(heap, pointer, run);
    return;
  }
  const av = (raw & BigInt(NON_MAIN_ARENA)) === 0n ? MAIN_ARENA : heap.arenaOfHeap(pointer - 16);
  if (size <= BigInt(heap.w[heap.maxFastWord])) explainFast(heap, av, pointer, size, run);
  else explainMerge(heap, av, chunk, size, run);
}

function explainMapping(heap: Arenas, pointer: number, run: DryRun): void {
  const message = 'munmap_chunk(): invalid pointer';
  const step = 'start, length and place in the page';
  try {
    const [start, length] = heap.mappingOf(pointer - 16, message);
    run.note(step, `mapping at ${hex(start)}, ${length} bytes`);
    run.note('unmap', `${length} bytes go back to the system`);
  } catch (error) {
    run.check(step, false, (error as Error).message, (error as Error).message);
  }
}

/** @returns true when the block would end in the cache */
function explainCache(heap: Arenas, pointer: number, size: bigint, run: DryRun): boolean {
  if (heap.profile.cacheCountBytes === 0) return false;
  if (size > BigInt(heap.cacheMaxChunk)) {
    run.note('the cache', `not for ${size} bytes: at most ${heap.cacheMaxChunk}`);
    return false;
  }
  if (heap.tcache === 0) {
    run.note('the cache', 'not made yet: this free would make it');
    return false;
  }
  const index = Number(size >> 4n) - 2;
  const k = pointer >>> 2;
  const isMarked =
    heap.profile.cacheKey !== 'none' && ((heap.w[k + 2] ^ heap.keyLo) | (heap.w[k + 3] ^ heap.keyHi)) === 0;
  if (isMarked) {
    try {
      heap.examineDoubleFree(pointer, index);
    } catch (error) {
      const { message } = error as Error;
      run.check('the key of cached blocks', false, 'the block carries it and stands in its list', message);
    }
  }
  if (heap.profile.cacheKey !== 'none') {
    run.note('the key of cached blocks', isMarked ? 'there by chance' : 'not there: the block is not cached');
  }
  const room = heap.cacheRoom(index);
  run.note(
    `tcache[${hex(Number(size))}]`,
    room > 0 ? `takes it: ${room} of ${heap.cacheLength} places free` : 'full',
  );
  return room > 0;
}

function explainFast(heap: Arenas, av: number, pointer: number, size: bigint, run: DryRun): void {
  const chunk = heap.real(pointer) - 16n;
  const next = heap.peek(chunk + size + 8n);
  const systemMem = heap.peek(heap.real(av + heap.systemMemAt));
  const isSound = next > 16n && (next & ~7n) < systemMem;
  const detail = `${next}: above 16, below system_mem ${systemMem}`;
  run.check('size of the next chunk', isSound, detail, 'free(): invalid next size (fast)');
  const head = heap.peek(heap.real(av + heap.fastbinsAt + Number(size >> 1n) - 16));
  const message = 'double free or corruption (fasttop)';
  run.check('the head of the fastbin', head !== chunk, `${hex(head)} against ${hex(chunk)}`, message);
  run.note(`fastbin[${hex(size)}]`, 'takes it');
}

function explainMerge(heap: Arenas, av: number, chunk: bigint, size: bigint, run: DryRun): void {
  const top = heap.peek(heap.real(av + heap.topAt));
  run.check('is it top?', chunk !== top, `top is ${hex(top)}`, 'double free or corruption (top)');
  const next = heap.wrap(chunk + size);
  if ((heap.peek(heap.real(av)) & (2n << 32n)) === 0n) {
    const end = heap.wrap(top + (heap.peek(top + 8n) & ~7n));
    const detail = `next chunk ${hex(next)}, heap ends at ${hex(end)}`;
    run.check('is it inside the heap?', next < end, detail, 'double free or corruption (out)');
  }
  const nextRaw = heap.peek(next + 8n);
  const nextSize = nextRaw & ~7n;
  const isUsed = (nextRaw & 1n) !== 0n;
  run.check(
    'is it in use?',
    isUsed,
    `P of the next chunk is ${nextRaw & 1n}`,
    'double free or corruption (!prev)',
  );
  const systemMem = heap.peek(heap.real(av + heap.systemMemAt));
  const detail = `${nextRaw}: above 16, below system_mem ${systemMem}`;
  const isSound = nextRaw > 16n && nextSize < systemMem;
  run.check('size of the next chunk', isSound, detail, 'free(): invalid next size (normal)');
  if ((heap.peek(chunk + 8n) & 1n) === 0n) explainBackward(heap, chunk, run);
  if (next === top) {
    run.note('the next chunk is top', 'it becomes the new top');
    return;
  }
  if ((heap.peek(next + nextSize + 8n) & 1n) === 0n) explainUnlink(heap, next, 'the next chunk is free', run);
  const front = heap.peek(heap.real(av + heap.unsortedAt) + 16n);
  const back = heap.peek(front + 24n);
  const head = heap.real(av + heap.unsortedAt);
  const message = 'free(): corrupted unsorted chunks';
  run.check(
    'front of unsorted',
    back === head,
    `bk of the first is ${hex(back)}, head ${hex(head)}`,
    message,
  );
  run.note('unsorted', 'takes it at the front');
}

function explainBackward(heap: Arenas, chunk: bigint, run: DryRun): void {
  const previousSize = heap.peek(chunk);
  const previous = heap.wrap(chunk - previousSize);
  const size = heap.peek(previous + 8n) & ~7n;
  const message = 'corrupted size vs. prev_size while consolidating';
  run.check(
    'the chunk before is free',
    size === previousSize || !heap.profile.testsOf229,
    `prev_size ${previousSize}, its size ${size}`,
    message,
  );
  explainUnlink(heap, previous, 'unlink the chunk before', run);
}

function explainUnlink(heap: Arenas, chunk: bigint, step: string, run: DryRun): void {
  const size = heap.peek(chunk + 8n) & ~7n;
  if (heap.profile.unlinkTestsSize) {
    const footer = heap.peek(chunk + size);
    const detail = `size ${size}, prev_size behind it ${footer}`;
    run.check(step, footer === size, detail, 'corrupted size vs. prev_size');
  }
  const fd = heap.peek(chunk + 16n);
  const bk = heap.peek(chunk + 24n);
  const isLinked = heap.peek(fd + 24n) === chunk && heap.peek(bk + 16n) === chunk;
  const message = 'corrupted double-linked list';
  run.check('its neighbours in the list', isLinked, `fd ${hex(fd)}, bk ${hex(bk)} point back`, message);
  if (size < 1024n || heap.peek(chunk + 32n) === 0n) return;
  const next = heap.peek(chunk + 32n);
  const larger = heap.peek(chunk + 40n);
  const isRing = heap.peek(next + 40n) === chunk && heap.peek(larger + 32n) === chunk;
  run.check(
    'its neighbours in the ring of sizes',
    isRing,
    `${hex(next)}, ${hex(larger)}`,
    `${message} (not small)`,
  );
}
