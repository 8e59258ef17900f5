/**
 * A window whose 4 GiB of address space are taken once and cleaned between uses: thousands of short replays would
 * otherwise wait for the garbage collector.
 */
import { GiB, MiB, type WindowSource } from '../core/index.ts';
import { bufferWindow } from '../heap/index.ts';

const windowBytes = 4 * GiB;

let shared: { source: WindowSource; dirty: [number, number][] } | null = null;

/**
 * Lends the window, clean. One heap at a time; the one before is dead.
 * @param baseAddress the address that it pretends to have, a multiple of 4 GiB
 */
export function sharedWindow(baseAddress: bigint = 0x7f00_0000_0000n): WindowSource {
  const dirtyBytes = shared?.dirty.reduce((sum, [from, to]) => sum + to - from, 0) ?? 0;
  if (shared === null || dirtyBytes > 256 * MiB) {
    shared = { source: bufferWindow({ sizeBytes: windowBytes }), dirty: [] };
  }
  const { source, dirty } = shared;
  for (const [from, to] of dirty) source.discard(from, to - from);
  dirty.length = 0;
  return Object.create(source, {
    baseAddress: { value: baseAddress },
    buffer: { value: source.buffer },
    commit: { value: (offset: number, bytes: number) => markDirty(dirty, offset, offset + bytes) },
    release: { value: () => undefined },
  }) as WindowSource;
}

function markDirty(dirty: [number, number][], from: number, to: number): boolean {
  const last = dirty.at(-1);
  if (last && from === last[1]) last[1] = to;
  else if (!dirty.some(([start, end]) => start <= from && to <= end)) dirty.push([from, to]);
  return true;
}
