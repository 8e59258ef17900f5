/**
 * free() without questions, as allocators of the nineties had it, for `safeUnlink: false`: the links in the
 * header are believed, so whoever overwrites a header decides where free() writes.
 *
 *   forged  bck = target - 8      the merge writes  [bck + 0x08] = fwd     any value to any place
 *           fwd = value                             [fwd + 0x10] = bck     and a second write beside it
 *
 * A real program writes to its whole address space this way. Here every access must lie in the arena's own
 * committed bytes; any other ends as the segmentation fault it would probably be: HeapError ERR_HEAP_FAULT.
 * What was written before the fault stays written, as on the real machine.
 */
import { HeapError, hex } from '../core/index.ts';
import { ARENA_FIELD, CHUNK_FIELD, FIRST_CHUNK, IN_USE } from './layout.ts';

const FWD = BigInt(CHUNK_FIELD.fwd);
const BCK = BigInt(CHUNK_FIELD.bck);
const FLAGS = 0xfn;

/** The bytes an unsafe free works on, and where they pretend to lie. */
export interface Window {
  bytes: DataView;
  /** Real address of offset 0. */
  base: bigint;
}

/**
 * Makes a chunk free and merges it wherever its links say.
 * @param chunk offset of a chunk; only its own size and flag were looked at
 * @throws HeapError ERR_HEAP_FAULT when a link leads out of the window
 */
export function unsafeRelease(window: Window, chunk: number): void {
  let free = window.base + BigInt(chunk);
  store(window, free, load(window, free) & ~FLAGS);
  store(window, free + BigInt(CHUNK_FIELD.request), 0n);
  const bck = load(window, free + BCK);
  if (bck !== 0n && isFree(window, bck)) {
    unsafeAbsorb(window, bck, free);
    free = bck;
  }
  const fwd = load(window, free + FWD);
  if (fwd !== 0n && isFree(window, fwd)) unsafeAbsorb(window, free, fwd);
  // The place of the last search may just have vanished in a merge: start over.
  store(window, window.base + BigInt(ARENA_FIELD.rover), window.base + BigInt(FIRST_CHUNK));
}

/** The three writes of the lecture's merge, at the addresses the headers name. */
function unsafeAbsorb(window: Window, left: bigint, right: bigint): void {
  store(window, left, load(window, left) + (load(window, right) & ~FLAGS));
  const fwd = load(window, right + FWD);
  store(window, left + FWD, fwd);
  const bckOfFwd = fwd === 0n ? window.base + BigInt(ARENA_FIELD.last) : fwd + BCK;
  store(window, bckOfFwd, left);
}

function isFree(window: Window, chunk: bigint): boolean {
  return (load(window, chunk) & BigInt(IN_USE)) === 0n;
}

function load(window: Window, address: bigint): bigint {
  return window.bytes.getBigUint64(offsetOf(window, address, 'read'), true);
}

function store(window: Window, address: bigint, value: bigint): void {
  window.bytes.setBigUint64(offsetOf(window, address, 'write'), BigInt.asUintN(64, value), true);
}

function offsetOf(window: Window, address: bigint, access: 'read' | 'write'): number {
  const wrapped = BigInt.asUintN(64, address);
  const offset = wrapped - window.base;
  if (offset >= 0n && offset <= BigInt(window.bytes.byteLength - 8)) return Number(offset);
  const expected = `${hex(window.base)} to ${hex(window.base + BigInt(window.bytes.byteLength))}`;
  throw new HeapError(
    'ERR_HEAP_FAULT',
    `segmentation fault (simulated): free() would ${access} at ${hex(wrapped)}`,
    {
      rule: 'access-inside-arena',
      expected,
      actual: wrapped,
    },
  );
}
