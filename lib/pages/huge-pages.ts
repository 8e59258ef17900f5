/**
 * Huge pages of a window (Linux, transparent): where they were asked for, and how memory there goes back.
 *
 *      offset                          hugePages                              offset + bytes
 *      |--- ordinary pages: given back ---|- part: cleared -|== whole: given back ==|- part: cleared -|
 *
 * A part of a huge page is cleared: to give it back, the system would have to split the page.
 */
import { readFileSync } from 'node:fs';
import { alignUp, MiB, PosixError } from '../core/index.ts';
import { constants } from '../posix/index.ts';
import type { OwnedRange } from './owned-range.ts';

/** A huge page of every system on which Node runs with ordinary pages of 4 KiB. */
export const hugePageBytes: number = 2 * MiB;

/** Where huge pages were asked for. */
export type HugePages = readonly [start: number, end: number];

export const noHugePages: HugePages = [0, 0];

let isAllowed: boolean | undefined;

/** @returns true where the system gives huge pages to who asks for them */
export function hasHugePages(): boolean {
  isAllowed ??=
    constants().MADV_HUGEPAGE !== undefined && readSetting().match(/\[(always|madvise)\]/) !== null;
  return isAllowed;
}

/** Advises a stretch. @returns false when the system refuses */
export function askForHugePages(range: OwnedRange, offset: number, length: number): boolean {
  try {
    range.call('madvise', { offset, length }, constants().MADV_HUGEPAGE!);
    return true;
  } catch (error) {
    if (error instanceof PosixError) return false;
    throw error;
  }
}

/** @returns how the kernel was told to use them, the setting in brackets; empty where it has none */
function readSetting(): string {
  try {
    return readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'latin1');
  } catch {
    return '';
  }
}

/** @returns the whole huge pages of a range; none when it is too short */
export function wholeHugePages(offset: number, bytes: number): HugePages {
  const start = alignUp(offset, hugePageBytes);
  const end = offset + bytes - ((offset + bytes) % hugePageBytes);
  return start < end ? [start, end] : noHugePages;
}

/** Two ways to make bytes zero, each of a range of whole pages, never an empty one. */
export interface Emptying {
  /** Gives the pages back. @returns false when the system refuses */
  giveBack: (start: number, end: number) => boolean;
  /** Writes zeros. */
  clear: (start: number, end: number) => void;
}

/**
 * Makes a range of pages read as zero, and gives back what can be.
 * @param hugePages where they were asked for
 * @param offset first byte of the range
 * @param bytes its length
 */
export function discardRange(
  [hugeStart, hugeEnd]: HugePages,
  offset: number,
  bytes: number,
  emptying: Emptying,
): void {
  const end = offset + bytes;
  const from = Math.min(Math.max(hugeStart, offset), end);
  const to = Math.min(Math.max(hugeEnd, from), end);
  const [wholeStart, wholeEnd] = wholeHugePages(from, to - from);
  const isWhole = wholeStart < wholeEnd;
  giveBack(offset, from, emptying);
  clear(from, isWhole ? wholeStart : to, emptying);
  giveBack(wholeStart, wholeEnd, emptying);
  if (isWhole) clear(wholeEnd, to, emptying);
  giveBack(to, end, emptying);
}

function giveBack(start: number, end: number, emptying: Emptying): void {
  if (start < end && !emptying.giveBack(start, end)) emptying.clear(start, end);
}

function clear(start: number, end: number, emptying: Emptying): void {
  if (start < end) emptying.clear(start, end);
}
