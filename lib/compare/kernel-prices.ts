/** What the kernel's part of an allocator's work costs on this machine: one call, one fresh page. */
import { summarize } from '../core/index.ts';
import { timedCases, timeSystemCall } from '../posix/index.ts';

/** Nanoseconds. */
export interface KernelPrices {
  /** A call that changes the process's memory map. */
  callNs: number;
  /** A page that is written to for the first time. */
  freshPageNs: number;
}

const mapAndUnmap = 'mmap-munmap-4k';
const firstWrite = 'touch-write-page';
/** Batches of 20 to 50 us. */
const batches = 200;

/**
 * Measures, in about 20 ms.
 * @returns the prices; 0 for what cannot be measured here
 */
export function kernelPrices(): KernelPrices {
  return { callNs: medianOf(mapAndUnmap) / 2, freshPageNs: medianOf(firstWrite) };
}

function medianOf(name: string): number {
  if (!timedCases().includes(name)) return 0;
  return summarize(timeSystemCall(name, batches).samplesNs).medianNs;
}
