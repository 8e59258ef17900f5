/** The cases about mappings: by size, by kind, in what company; and the first access to a page. */
import { GiB, KiB, MiB } from '../core/index.ts';
import type { CaseRow } from './catalogue.ts';

const untouched = (size: string, bytes: number, isLarge = false): CaseRow => [
  `mmap-munmap-${size}`,
  `map ${size}, unmap; nothing touched`,
  { bytes, isLarge },
];
const touched = (size: string, bytes: number, isLarge = false): CaseRow => [
  `mmap-touch-munmap-${size}`,
  `map ${size}, store into each page, unmap`,
  { bytes, isLarge, ...(isLarge ? { needs: `${size} of memory` } : {}) },
];
const populated = (size: string, bytes: number): CaseRow => [
  `mmap-populate-munmap-${size}`,
  `map ${size} with MAP_POPULATE, unmap`,
  { bytes, needs: 'Linux' },
];

const secondThread = { hasCompany: true, needs: 'a second processor' };

/** Cases of the groups mmap, company and touch. */
export const mapCases: Record<'mmap' | 'company' | 'touch', readonly CaseRow[]> = {
  mmap: [
    untouched('4k', 4 * KiB),
    untouched('64k', 64 * KiB),
    untouched('1m', MiB),
    untouched('16m', 16 * MiB),
    untouched('256m', 256 * MiB),
    untouched('1g', GiB),
    touched('4k', 4 * KiB),
    touched('64k', 64 * KiB),
    touched('1m', MiB),
    touched('16m', 16 * MiB),
    touched('256m', 256 * MiB, true),
    touched('1g', GiB, true),
    populated('4k', 4 * KiB),
    populated('64k', 64 * KiB),
    populated('1m', MiB),
    populated('16m', 16 * MiB),
    ['mmap-shared-munmap-64k', 'shared memory: map 64k, unmap', { bytes: 64 * KiB }],
    [
      'mmap-shared-touch-munmap-64k',
      'shared memory: map 64k, store into each page, unmap',
      { bytes: 64 * KiB },
    ],
    ['mmap-file-munmap-64k', 'map 64k of a file, shared, unmap', { bytes: 64 * KiB }],
    ['mmap-file-munmap-1m', 'map 1m of a file, shared, unmap', { bytes: MiB }],
    ['mmap-file-read-munmap-64k', 'the same, reading each page; all in the page cache', { bytes: 64 * KiB }],
    ['mmap-file-read-munmap-1m', 'the same with 1m', { bytes: MiB }],
    [
      'mmap-hugetlb-touch-munmap-2m',
      'one huge page of the reserved pool: map, store once, unmap',
      { bytes: 2 * MiB, needs: 'huge pages set aside in vm.nr_hugepages' },
    ],
  ],
  company: [
    ['mmap-munmap-4k-fenced', 'map 4k between two mappings that do not merge with it, unmap'],
    ['mmap-munmap-4k-one-neighbour', 'map 4k beside one that it merges with, unmap'],
    ['mmap-munmap-4k-two-neighbours', 'map 4k that joins two mappings to one, unmap'],
    ['mmap-only-4k-fenced', 'mmap alone, between fences'],
    ['munmap-only-4k-fenced', 'munmap alone, between fences'],
    ['mmap-munmap-4k-among-1000', 'as fenced, in a process with 1,000 mappings more'],
    ['mmap-munmap-4k-among-10000', 'with 10,000 more'],
    ['mmap-munmap-4k-among-50000', 'with 50,000 more', { needs: 'vm.max_map_count above that' }],
    [
      'mprotect-flip-second-thread',
      'mprotect-flip while a second thread of the process runs on another processor, which is interrupted',
      secondThread,
    ],
    [
      'mmap-touch-munmap-64k-second-thread',
      'mmap-touch-munmap-64k while a second thread runs on another processor',
      secondThread,
    ],
  ],
  touch: [
    ['touch-write-page', 'the first store into a page'],
    ['touch-read-page', 'the first load from a page: the shared page of zeros'],
    ['touch-shared-page', 'the first store into a page of shared memory'],
    ['touch-file-read-window', 'the first load from a file in the page cache; 16 pages come at once'],
    ['touch-file-write-page', 'the first store into a page of a shared file mapping'],
    ['touch-file-copy-page', 'the first store into a page of a private file mapping: a copy'],
    ['touch-fork-page', 'a store into a page shared with a forked child: copy on write'],
    [
      'touch-huge-page',
      'the first store into a transparent huge page',
      { bytes: 2 * MiB, needs: 'transparent huge pages (always or madvise) and a free one' },
    ],
  ],
};
