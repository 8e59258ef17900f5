/** The cases about single calls: the least there is, mprotect, the break, advice, guards. */
import { KiB, MiB } from '../core/index.ts';
import type { CaseRow } from './catalogue.ts';

const flip = (size: string, bytes: number): CaseRow => [
  `mprotect-flip-${size}`,
  `the same with ${size}, touched`,
  { bytes },
];
const flipUntouched = (size: string, bytes: number): CaseRow => [
  `mprotect-flip-untouched-${size}`,
  `the same with ${size} in which no page was touched`,
  { bytes },
];
const hit = { needs: 'a policy that guard pages have on this platform' };
const guardAdvice = 'Linux 6.13 or later';

/** Cases of the groups call, mprotect, break, pages and guard. */
export const callCases: Record<'call' | 'mprotect' | 'break' | 'pages' | 'guard', readonly CaseRow[]> = {
  call: [
    ['null-call', 'a system call that only returns a number: getppid'],
    ['clock', 'clock_gettime'],
    ['cycle-counter', "the processor's cycle counter", { needs: 'x86-64 or arm64' }],
    ['maps-read', 'open /proc/self/maps, read all of it, close', { needs: 'Linux' }],
  ],
  mprotect: [
    ['mprotect-no-change', 'mprotect of one page to what it is'],
    ['mprotect-flip', 'one page read-only, or back; nothing merges', { bytes: 4 * KiB }],
    flip('32k', 32 * KiB),
    flip('128k', 128 * KiB),
    flip('256k', 256 * KiB),
    flip('1m', MiB),
    flip('16m', 16 * MiB),
    flipUntouched('4k', 4 * KiB),
    flipUntouched('1m', MiB),
    flipUntouched('16m', 16 * MiB),
    ['mprotect-split-merge', 'one page in the middle of a mapping: splits it, merges it again'],
    ['mprotect-none-merge', 'one page without any access between two like that: merges, splits again'],
  ],
  break: [
    ['sbrk-ask', 'sbrk(0): libc knows, no system call', { needs: 'Linux' }],
    ['brk-ask', 'brk(0), the raw call', { needs: 'Linux' }],
    ['brk-page', 'sbrk of one page more, or back', { needs: 'Linux' }],
    ['brk-page-touch', 'sbrk of one page, a store into it, sbrk back', { needs: 'Linux' }],
    ['brk-page-raw', 'the raw brk of one page more, or back', { needs: 'Linux' }],
  ],
  pages: [
    ['madvise-dontneed-empty', 'MADV_DONTNEED of an empty page', { needs: 'Linux' }],
    ['madvise-dontneed-touch', 'MADV_DONTNEED of a page, a store into it', { needs: 'Linux' }],
    [
      'madvise-dontneed-touch-1m',
      'MADV_DONTNEED of 1m, a store into each page',
      { bytes: MiB, needs: 'Linux' },
    ],
    ['madvise-free-touch', 'MADV_FREE of a page, a store into it', { needs: 'Linux' }],
    ['madvise-populate-4k', 'MADV_POPULATE_WRITE of one page', { needs: 'Linux 5.14 or later' }],
    ['madvise-guard-install', 'MADV_GUARD_INSTALL on one page', { needs: guardAdvice }],
    ['madvise-guard-remove', 'MADV_GUARD_REMOVE from one page', { needs: guardAdvice }],
    ['mremap-resize-64k', 'mremap from 64k to 128k in place, or back', { needs: 'Linux' }],
    ['mremap-move-64k', 'mremap of 64k of touched pages to another address', { needs: 'Linux 5.7 or later' }],
    ['mremap-move-1m', 'the same with 1m', { needs: 'Linux 5.7 or later' }],
    ['msync-async-page', 'a store into a page of a file, msync(MS_ASYNC)'],
    ['msync-sync-page', 'the same with MS_SYNC, of shared memory: no disk is behind it'],
    ['mlock-munlock-4k', 'mlock and munlock of a page', { needs: 'RLIMIT_MEMLOCK of a page' }],
    ['mincore-4k', 'mincore of one page'],
    ['mincore-1m', 'mincore of 1m', { bytes: MiB }],
  ],
  guard: [
    ['signal-raise', 'a signal of the thread to itself, with a handler that does nothing, in C'],
    ['guard-hit-jump', 'a store into a page without access; the handler jumps out of it, in C'],
    ['guard-hit-record', 'a store that a guard records and lets through; the page is closed again', hit],
    ['guard-hit-record-stack', 'the same with the JavaScript stack taken', hit],
    ['guard-hit-trace', 'a store that a guard lets through step by step, staying closed', hit],
    ['guard-hit-exception', 'a store that a guard turns into a MemoryFaultError, caught', hit],
    ['guard-open-close', 'a page of a guarded heap opened and closed'],
  ],
};
