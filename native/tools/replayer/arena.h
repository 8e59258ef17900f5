/*
 * Where a block lies. On glibc: which arena and heap, told from addresses and from the three flag bits of the
 * chunk header in front of the block. Elsewhere: the distance from the first block, headers unread.
 *
 *   main arena     first chunk = the break, moved to a 64 MiB boundary before anything is allocated
 *   thread arena   | heap_info | malloc_state | first chunk ...      64 MiB heap, aligned to its span
 *                  | heap_info | chunks ...                          further heaps: h1, h2, ...
 */
#ifndef CHUNKYARD_REPLAYER_ARENA_H_
#define CHUNKYARD_REPLAYER_ARENA_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct arena {
  bool thread;           /* blocks are asked for by a second thread */
  bool threads;          /* blocks are asked for by several threads, the first of them the main one */
  bool foreign;          /* another malloc was preloaded: headers mean nothing */
  bool careful;          /* pointers may be wild: never read through one without asking the kernel */
  uintptr_t main_start;  /* first chunk of the main arena */
  uintptr_t thread_heap; /* first heap of the thread's arena, 0 until known */
  uintptr_t first_chunk; /* of the arena under study; 0 until known */
  size_t page;
};

/* File of a malloc that is not the C library's own, as the dynamic linker names it; NULL for the library's
 * own, or where nobody tells. */
const char* arena_preloaded(void);

/* Called before the child's first heap call, the flags but `foreign` set: finds out whose malloc this is,
 * moves the break and notes where the main heap will start. */
void arena_prepare(struct arena* arena);

/* Called with every block given, so that a thread's arena is found at its first. */
void arena_notice(struct arena* arena, const void* block);

/* Writes the placement of a block as one line of the placement format, without the newline. */
void arena_place(const struct arena* arena, const void* block, struct text* text);

/* Bytes of the mapping that holds a block of its own, else 0. */
size_t arena_own_mapping_bytes(const struct arena* arena, const void* block);

/* Bytes that the heaps hold now: growth of the break, and of the threads' arenas. Own mappings not counted.
 * 0 where nobody tells. */
size_t arena_heap_bytes(const struct arena* arena);

/* Bytes of the chunks at the ends of the heaps that have never been given out or came back whole; 0 likewise.
 */
size_t arena_top_bytes(const struct arena* arena);

#endif
