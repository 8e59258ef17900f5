/** The cases about what system calls are held against: malloc, native and ours, and the way from JavaScript. */
import { KiB, MiB } from '../core/index.ts';
import type { CaseRow } from './catalogue.ts';

/** Sizes of the malloc cases, by the word in their names. */
export const mallocSizes: Readonly<Record<string, number>> = {
  '32': 32,
  '256': 256,
  '1k': KiB,
  '4k': 4 * KiB,
  '64k': 64 * KiB,
  '1m': MiB,
};

const native = (size: string, bytes: number): CaseRow => [
  `malloc-free-${size}`,
  `malloc of ${size} and free, in C; the same block again and again`,
  { bytes },
];
const glibc = 'glibc, whose mallopt fixes the threshold';

/** Cases of the groups malloc and crossing. */
export const workCases: Record<'malloc' | 'crossing', readonly CaseRow[]> = {
  malloc: [
    ...['32', '256', '1k', '4k', '64k'].map((size) => native(size, mallocSizes[size])),
    ['malloc-many-free-many-32', 'malloc of 32 bytes and free, 1,000 blocks live between'],
    ['malloc-touch-free-64k', 'malloc of 64k, a store into each page, free', { bytes: 64 * KiB }],
    [
      'malloc-free-256k-mmap',
      'malloc of 256k as a mapping of its own, free',
      { bytes: 256 * KiB, needs: glibc },
    ],
    ['malloc-free-1m-mmap', 'malloc of 1m as a mapping of its own, free', { bytes: MiB, needs: glibc }],
    [
      'malloc-touch-free-256k-mmap',
      'the same with 256k, each page touched',
      { bytes: 256 * KiB, needs: glibc },
    ],
    ['malloc-touch-free-1m-mmap', 'the same with 1m, each page touched', { bytes: MiB, needs: glibc }],
    ['malloc-free-1m-heap', 'malloc of 1m from the heap, free', { bytes: MiB, needs: glibc }],
    ['malloc-touch-free-1m-heap', 'the same, each page touched', { bytes: MiB, needs: glibc }],
    ...['32', '4k', '64k'].map(
      (size): CaseRow => [
        `addon-malloc-free-${size}`,
        `the native malloc(${size}) and free, called from JavaScript`,
        { bytes: mallocSizes[size] },
      ],
    ),
    ...Object.entries(mallocSizes).map(
      ([size, bytes]): CaseRow => [`heap-malloc-free-${size}`, `our malloc of ${size} and free`, { bytes }],
    ),
    ['chunklist-malloc-free-32', "the lecture's allocator: malloc(32) and free", { bytes: 32 }],
  ],
  crossing: [
    ['js-call', 'an empty function in JavaScript, not inlined'],
    ['napi-call', 'a function of the addon by bare Node-API, nothing in, nothing out'],
    ['napi-call-number', 'the same, a number in and out'],
    ['napi-call-bigint', 'the same, a BigInt in and out'],
    ['napi-call-throw', 'the same, an error thrown and caught'],
    ['addon-api-call', 'a function by node-addon-api, nothing in, nothing out'],
    ['js-null-call', 'null-call from JavaScript, bare Node-API'],
    ['js-clock', 'process.hrtime.bigint(), to be held against clock'],
    ['js-mprotect-flip', "mprotect-flip through the addon's mprotect"],
    ['js-mmap-munmap-4k-fenced', "mmap-munmap-4k-fenced through the addon's mmap and munmap"],
    ['js-mapping-protect', 'the same page through Mapping.protect(), restored by its disposable: two calls'],
  ],
};
