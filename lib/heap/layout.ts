/**
 * Where things stand in the window, in glibc's own layout.
 *
 * A chunk (offsets from its header; a user's pointer is chunk + 16):
 *
 *      0        8        16       24       32            40
 *      +--------+--------+--------+--------+-------------+-------------+---- ... ----+
 *      |prev_siz|size|AMP| fd     | bk     | fd_nextsize | bk_nextsize |             |
 *      +--------+--------+--------+--------+-------------+-------------+---- ... ----+
 *      only if   always   only while free   only in large bins
 *      P is 0             (fd, bk of a cached block: next and key)
 *
 * In the hot methods `i = chunk >>> 2` indexes 32-bit words, low word first:
 *
 *      w[i] prev_size   w[i+2] size   w[i+4] fd   w[i+6] bk   w[i+8] fd_nextsize   w[i+10] bk_nextsize
 *
 * and the odd words are the high halves. A link's high half is the window's constant `hi`.
 *
 * The window:
 *
 *      0x00000000  never accessible: null pointers fault
 *      0x00010000  the C library's data: tls words, parameters, main_arena
 *      0x04000000  first 64 MiB slot; with a thread arena, the break area of the main arena
 *      0x041df000  the main arena's break area: 132 KiB of ordinary pages, then huge ones where the window has them
 */

/** Flag bits of a size word. */
export const PREV_INUSE = 1;
export const IS_MAPPED = 2;
export const NON_MAIN_ARENA = 4;

/** Smallest chunk, and the limit between small and large bins. */
export const MIN_CHUNK_BYTES = 32;
export const MIN_LARGE_BYTES = 1024;

/** Accessible area that stands for the C library's data. */
export const LIBRARY_DATA = 0x1_0000;
export const LIBRARY_DATA_BYTES = 0x2000;

/**
 * What the C library keeps per thread.
 *      0 tcache pointer | 8 thread arena | 16 tcache key | 24 state 4 (shared heaps: see shared/threads-table.ts)
 */
export const THREAD_WORDS: number = LIBRARY_DATA + 0x100;

/** Shared heaps: how many threads ended without detaching, and the words of every thread but the first. */
export const DEATHS: number = LIBRARY_DATA + 0x2f8;
export const MORE_THREAD_WORDS: number = LIBRARY_DATA + 0x300;
export const THREAD_WORDS_BYTES = 32;
export const MAX_THREADS = 64;
/** The user's own pointer, `heap.root`. */
export const ROOT: number = THREAD_WORDS + 0x80;

/**
 * The process's malloc parameters.
 *      0 trim_threshold | 8 top_pad | 16 mmap_threshold | 24 n_mmaps 4 | 28 n_mmaps_max 4 | 32 max_n_mmaps 4 |
 *      36 no_dyn_threshold 4 | 40 mmapped_mem | 48 max_mmapped_mem | 56 sbrk_base | 64 max_fast | 72 perturb 4 |
 *      80 arena_max | 88 arena_test | 96 narenas | 104 arena to be shared next | 112 tcache_bins (see limits-in-memory)
 */
export const PARAMETERS: number = LIBRARY_DATA + 0x200;
export const TRIM_THRESHOLD: number = PARAMETERS;
export const TOP_PAD: number = PARAMETERS + 8;
export const MMAP_THRESHOLD: number = PARAMETERS + 16;
export const N_MMAPS: number = PARAMETERS + 24;
export const N_MMAPS_MAX: number = PARAMETERS + 28;
export const MAX_N_MMAPS: number = PARAMETERS + 32;
export const NO_DYN_THRESHOLD: number = PARAMETERS + 36;
export const MAPPED_MEM: number = PARAMETERS + 40;
export const MAX_MAPPED_MEM: number = PARAMETERS + 48;
export const SBRK_BASE: number = PARAMETERS + 56;
export const MAX_FAST: number = PARAMETERS + 64;
export const PERTURB: number = PARAMETERS + 72;
export const ARENA_MAX: number = PARAMETERS + 80;
export const ARENA_TEST: number = PARAMETERS + 88;
export const NARENAS: number = PARAMETERS + 96;
export const NEXT_ARENA: number = PARAMETERS + 104;
export const TCACHE_BINS: number = PARAMETERS + 112;

/** The main arena's state struct. */
export const MAIN_ARENA: number = LIBRARY_DATA + 0xc60;

/** Slots of 64 MiB begin here. */
export const FIRST_SLOT = 0x400_0000;

/** Huge pages of every system that Node runs on with ordinary pages of 4 KiB. */
export const HUGE_PAGE_BYTES = 0x20_0000;

/**
 * heap_info, at the start of each thread heap:
 *      0 arena | 8 previous heap | 16 size | 24 mprotect_size | 32 page size (2.35+) | pad to 0x20 or 0x30
 */
export const HEAP_ARENA = 0;
export const HEAP_PREV = 8;
export const HEAP_SIZE = 16;
export const HEAP_MPROTECT_SIZE = 24;
export const HEAP_PAGE_SIZE = 32;
